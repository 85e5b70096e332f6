"""The one settings file; the environment (or `.env` at the root) decides. `.env.example` lists every variable."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from generations.providers.addresses import is_loopback, origin_of, site_url
from generations.providers.config import ProviderConfig

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"  # what the program writes; ignored by git
VAR.mkdir(exist_ok=True)

env = environ.Env()
env.read_env(BASE_DIR / ".env")


def below_root(path: str) -> Path:
    """A path from the environment, relative ones counted from the project's root and not from the shell's folder."""
    return BASE_DIR / Path(path).expanduser()


def own_secret() -> str:
    """A random key of this checkout, so that every command works before `up` has written it into `.env`."""
    keyfile = VAR / "secret_key"
    try:
        descriptor = os.open(keyfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return keyfile.read_text().strip() or secrets.token_urlsafe(50)
    with os.fdopen(descriptor, "w") as file:
        file.write(key := secrets.token_urlsafe(50))
    return key


def with_password(read: Callable[..., Any], name: str, default: str) -> Any:
    """Read an address that has a password in it. Raises: ImproperlyConfigured, which does not repeat any of it."""
    try:
        return read(name, default=default)
    except ValueError:
        words = f"{name} cannot be read. In its password write / as %2F, ? as %3F, # as %23, @ as %40 and % as %25."
        raise ImproperlyConfigured(words) from None


# --- Providers -------------------------------------------------------------------------------------------------

apixo_key: str = env.str("APIXO_API_KEY", default="")
apikley_key: str = env.str("APIKLEY_API_KEY", default="")

# Practice: orders go to the sandbox of `manage.py sandbox`, and money is marked as practice.
PRACTICE: bool = env.bool("PRACTICE", default=not (apixo_key or apikley_key))
practice_key = "practice" if PRACTICE else ""  # what the sandbox is sent where no key is set
SANDBOX_URL: str = env.str("SANDBOX_URL", default="http://127.0.0.1:8900").rstrip("/")


def base_url(name: str, real: str) -> str:
    """A provider's address; a practice site talks only to this machine."""
    url: str = env.str(name, default="").rstrip("/") or real
    if PRACTICE and not is_loopback(url):
        return f"{SANDBOX_URL}/api/v1"
    return url


PROVIDERS: dict[str, ProviderConfig] = {
    "apixo": ProviderConfig(
        provider="apixo",
        api_key=apixo_key or practice_key,
        base_url=base_url("APIXO_BASE_URL", "https://api.apixo.ai/api/v1"),
        # Documented on its Kling pages.
        requests_per_minute=env.int("APIXO_REQUESTS_PER_MINUTE", default=10_000),
        concurrent_tasks=env.int("APIXO_CONCURRENT_TASKS", default=1_000),
        result_origins=("r2.apixo.ai", "file.apixo.ai", "cdn.apixo.ai"),
    ),
    "apikley": ProviderConfig(
        provider="apikley",
        api_key=apikley_key or practice_key,
        base_url=base_url("APIKLEY_BASE_URL", "https://api.apikley.ru/api/v1"),
        # It publishes none; these are its upstream's 20 orders per 10 s and 100 in flight.
        requests_per_minute=env.int("APIKLEY_REQUESTS_PER_MINUTE", default=120),
        concurrent_tasks=env.int("APIKLEY_CONCURRENT_TASKS", default=100),
        result_origins=(
            "api.apikley.ru",
            "tempfile.aiquickdraw.com",
            "file.aiquickdraw.com",
            "static.aiquickdraw.com",
        ),
    ),
}

# Hosts that result files are fetched from (https, public addresses); an origin listed in full is trusted as it is.
RESULT_ORIGINS: list[str] = env.list(
    "RESULT_ORIGINS", default=[origin for config in PROVIDERS.values() for origin in config.result_origins]
)
if PRACTICE:
    RESULT_ORIGINS = [*RESULT_ORIGINS, SANDBOX_URL]

# Multiplies every documented wait: first poll, interval, backoff, grace.
WAIT_SCALE: float = env.float("WAIT_SCALE", default=0.1 if PRACTICE else 1.0)
# To each provider: a crash leaves at most so many orders of which nobody knows whether they were accepted.
ORDERS_IN_THE_AIR: int = env.int("ORDERS_IN_THE_AIR", default=8)
RETRY_SUBMIT_ON_5XX: bool = env.bool("RETRY_SUBMIT_ON_5XX", default=False)
DOWNLOAD_MAX_MB: int = env.int("DOWNLOAD_MAX_MB", default=512)
DOWNLOAD_DEADLINE_SECONDS: int = env.int("DOWNLOAD_DEADLINE_SECONDS", default=240)

# This site as the provider sees it; `up` sets it for its own port in practice mode.
PUBLIC_URL: str = site_url(env.str("PUBLIC_URL", default="http://127.0.0.1:8000" if PRACTICE else ""))
# The names of downloaded clips, checked at start (library/download_names.py).
DOWNLOAD_NAME: str = env.str("DOWNLOAD_NAME", default="{date}_{campaign}_{title}_{take}_{id}")
# Whether an order of unknown outcome that is not free is closed as not accepted only by another person than ordered it.
SECOND_PERSON: bool = env.bool("SECOND_PERSON", default=False)
CATALOG_PUBLIC: bool = env.bool("CATALOG_PUBLIC", default=False)

# Digests of notices: to the worker's output in practice, and elsewhere nowhere until EMAIL_URL is set.
vars().update(with_password(env.email_url, "EMAIL_URL", "consolemail://" if PRACTICE else "dummymail://"))
DEFAULT_FROM_EMAIL: str = env.str("EMAIL_FROM", default="Kling Studio <studio@localhost>")
EMAIL_TIMEOUT = 20  # seconds; a mail server that hangs holds a worker no longer

# --- Django ----------------------------------------------------------------------------------------------------

DEBUG_ASKED: bool = env.bool("DEBUG", default=False)
# Its pages show a site's inside to whoever causes an error: never where real money is spent; `check` refuses that.
DEBUG = DEBUG_ASKED and not (apixo_key or apikley_key)
SECRET_KEY: str = env.str("SECRET_KEY", default="") or own_secret()
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])  # what they signed still holds
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = [origin] if (origin := origin_of(PUBLIC_URL)) else []

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_q",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "generations",
]
MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "kling_site.headers.EveryAnswer",
    "django.middleware.security.SecurityMiddleware",
    "kling_site.static.StaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kling_site.sessions.RenewSession",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kling_site.bodies.BodyLimit",
    "kling_site.caching.PrivatePages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "generations.catalog.known_browsers.KnownBrowsers",
    "generations.catalog.second_step.RequireSecondStep",
    "generations.catalog.wrong_addresses.WrongAddresses",
    "generations.admin.viewer.Viewer",
]
ROOT_URLCONF = "kling_site.urls"
WSGI_APPLICATION = "kling_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": with_password(env.db, "DATABASE_URL", "sqlite:///var/db.sqlite3")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # a database that was restarted costs no request and no job
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    if DATABASES["default"]["NAME"] != ":memory:":
        DATABASES["default"]["NAME"] = below_root(DATABASES["default"]["NAME"])
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        # Take the write lock at BEGIN: a deferred one fails at once with "database is locked" when two writers meet.
        "transaction_mode": "IMMEDIATE",
        # FULL: the intent to order is written before the POST; NORMAL lets a power cut take it back.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)  # a dead host holds no thread

LANGUAGE_CODE = "en"  # of people whose browser asks for none of LANGUAGES; of commands, and of what rows keep
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "generations/locale"]
FORMAT_MODULE_PATH = "kling_site.formats"
TIME_ZONE: str = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATIC_COPIES = VAR / "gzip"  # of static files, made by a site without DEBUG
WHITENOISE_USE_FINDERS = True  # no collectstatic step is needed to run the site
WHITENOISE_ALLOW_ALL_ORIGINS = False
MEDIA_URL = "/media/"
MEDIA_ROOT = below_root(env.str("MEDIA_ROOT", default="var/media"))
MEDIA_STORAGE: str = env.str("MEDIA_STORAGE", default="local")
if MEDIA_STORAGE != "local":
    raise ImproperlyConfigured("MEDIA_STORAGE: only `local` is built so far.")
STORAGES = {
    "default": {"BACKEND": "generations.media.store.LocalStore"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# The address at which nginx sends stored files for us (docs/operating.md); empty: the site sends them itself.
ACCEL_REDIRECT: str = env.str("ACCEL_REDIRECT", default="").rstrip("/")
if ACCEL_REDIRECT and not ACCEL_REDIRECT.startswith("/"):
    raise ImproperlyConfigured("ACCEL_REDIRECT: an address of this site, such as /protected, or empty.")
FILE_UPLOAD_PERMISSIONS = 0o640

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "catalog"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "generations.passwords.SurpriseValidator"},
]
SESSION_ENGINE = "kling_site.sessions"
SESSION_COOKIE_AGE = 12 * 3600  # seconds of silence after which people sign in again

# How many proxies stand in front of the site, each of which adds to X-Forwarded-For the address that it saw.
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", default=0)
# django-axes only brings the places to count at and the tables; generations/catalog/sign_in.py counts.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "kling_site.permissions.Backend",
    "generations.catalog.second_step.SecondStep",
]
AXES_HANDLER = "generations.catalog.sign_in.SignInTries"
AXES_CLIENT_IP_CALLABLE = "generations.catalog.sign_in.client_address"
AXES_LOCKOUT_CALLABLE = "generations.catalog.sign_in.too_many_tries"
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Whether staff who have no second step set one up before they open any other page.
REQUIRE_TWO_STEP: bool = env.bool("REQUIRE_TWO_STEP", default=False)
OTP_TOTP_ISSUER = "Kling Studio"
# Wrong codes count as wrong passwords do (above); django-otp's own delays would let others keep an owner out.
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0

# --- Security --------------------------------------------------------------------------------------------------

BEHIND_TLS = PUBLIC_URL.startswith("https://")
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # monitoring on the same machine asks without TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
# Both bind other sites of the same domain, and the second one for months after it is taken back: only when asked for.
SECURE_HSTS_INCLUDE_SUBDOMAINS: bool = env.bool("HSTS_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD: bool = env.bool("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # `check --deploy` asks for both of everybody
# With these a browser takes a cookie from nobody but this host, over TLS; the second one is for cookies of one path.
COOKIE_PREFIX, PATH_COOKIE_PREFIX = ("__Host-", "__Secure-") if BEHIND_TLS else ("", "")
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}django_language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True  # scripts read the token of a form
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
MESSAGE_STORAGE = "kling_site.messages.Messages"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- The queue only says what to run; the rows are the truth (docs/architecture.md) ----------------

WORKERS: int = env.int("WORKERS", default=4)
Q_CLUSTER = {
    "name": "kling",
    "broker_class": "generations.worker.broker.Broker",  # the ORM's, with urgent jobs first
    "orm": "default",  # on the site's own database: a job commits with the row that it is about
    "workers": WORKERS,
    "queue_limit": 1,  # an urgent job waits behind what is prefetched, and the broker's lease starts there
    "bulk": 1,
    "timeout": 300,  # above every job's own deadline: it must never fire, it can wedge the cluster
    "retry": 960,  # > timeout x (1 + ceil((queue_limit + 1) / workers)): never redeliver what may still run
    "ack_failures": True,  # the rows drive retries, not the broker
    "max_attempts": 1,
    "catch_up": False,
    "save_limit": -1,  # no row for a job that went well: ours say what was done, and pruning reads 250 a job
    "recycle": 200,  # a worker is replaced after so many jobs, or above so much memory (KiB)
    "max_rss": 600_000,
    "poll": 0.2,
    "label": "Queue",
}

OWN_SECRETS = [
    SECRET_KEY,
    *SECRET_KEY_FALLBACKS,
    DATABASES["default"].get("PASSWORD") or "",
    vars().get("EMAIL_HOST_PASSWORD") or "",
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": "generations.logs.Lines",
            "secrets": [apixo_key, apikley_key, *OWN_SECRETS],
            "proxies": TRUSTED_PROXIES,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "generations": {"level": env.str("LOG_LEVEL", default="INFO")},
        "django": {"handlers": [], "level": "INFO"},  # in place of Django's own console, which masks nothing
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Its warnings name the addresses of results, whose query opens them; what becomes of each is said by us.
        "urllib3": {"level": "ERROR"},
        "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}

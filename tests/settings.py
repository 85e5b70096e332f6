"""The site's own settings, made independent of this machine's .env; DATABASE_URL alone is taken from outside."""

import os

os.environ.update(
    {
        "SECRET_KEY": "only-for-tests-0123456789-0123456789-0123456789-abcdef",
        "SECRET_KEY_FALLBACKS": "",
        "DEBUG": "False",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "PRACTICE": "True",
        "APIXO_API_KEY": "",
        "APIXO_BASE_URL": "",
        "APIKLEY_API_KEY": "",
        "APIKLEY_BASE_URL": "",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "SANDBOX_URL": "http://127.0.0.1:9",  # nobody answers there: a test that needs a provider starts one
        "RESULT_ORIGINS": "",
        "WAIT_SCALE": "0.01",
        "RETRY_SUBMIT_ON_5XX": "False",
        "CATALOG_PUBLIC": "False",
        "MEDIA_STORAGE": "local",
        "ACCEL_REDIRECT": "",
        "TIME_ZONE": "UTC",
    }
)
os.environ.setdefault("DATABASE_URL", "sqlite:///var/db.sqlite3")

from kling_site.settings import *  # noqa: E402, F403
from kling_site.settings import DATABASES, VAR  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # logging in is not what is tested

if "sqlite" in DATABASES["default"]["ENGINE"]:
    # A file, as in production: threads and processes see the same database, with the same locks.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / f"test-{os.getpid()}.sqlite3")}
    # No power cut happens here, and waiting for the disk would be most of the run.
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON"
    )
else:
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off"  # for the same reason

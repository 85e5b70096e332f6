"""Settings that contradict each other are told at start."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from generations import checks
from generations.providers import ADAPTERS
from tests.factories import configure
from tests.processes.site import Site


def ids(found: list[Any]) -> list[str]:
    return [message.id for message in found]


def test_the_settings_as_they_are_shipped_are_fine() -> None:
    assert checks.limits_nest() + checks.origins_are_readable() + checks.scale_is_sane() == []


def test_a_download_may_not_outlast_its_job(settings: Settings) -> None:
    settings.DOWNLOAD_DEADLINE_SECONDS = 290
    assert ids(checks.limits_nest()) == ["generations.E001"]


@pytest.mark.parametrize(
    ("changes", "found"), [({"retry": 600}, "generations.E002"), ({"workers": 0}, "generations.E003")]
)
def test_a_queue_that_could_give_out_a_job_twice_is_told(
    changes: dict[str, int], found: str, settings: Settings
) -> None:
    settings.Q_CLUSTER = settings.Q_CLUSTER | changes
    assert ids(checks.limits_nest()) == [found]


@pytest.mark.parametrize("number", [0, -1])
def test_at_least_one_order_may_be_in_the_air(number: int, settings: Settings) -> None:
    assert checks.orders_are_sent() == []
    settings.ORDERS_IN_THE_AIR = number
    assert ids(checks.orders_are_sent()) == ["generations.E006"]


def test_a_download_name_with_an_unknown_field_is_told(settings: Settings) -> None:
    assert checks.downloads_have_names() == []
    settings.DOWNLOAD_NAME = "{titel}_{id}"
    assert ids(checks.downloads_have_names()) == ["generations.E007"]


def test_origins_that_cannot_be_read_are_told(settings: Settings) -> None:
    settings.RESULT_ORIGINS = ["ftp://files.example.com"]
    assert ids(checks.origins_are_readable()) == ["generations.E004"]


def test_a_proxy_that_nobody_counts_is_told(settings: Settings) -> None:
    assert checks.proxies_are_counted() == []
    settings.BEHIND_TLS = True
    assert ids(checks.proxies_are_counted()) == ["generations.W002"]
    settings.TRUSTED_PROXIES = 1
    assert checks.proxies_are_counted() == []
    settings.TRUSTED_PROXIES = -1
    assert ids(checks.proxies_are_counted()) == ["generations.E008"]


@pytest.mark.parametrize("name", ADAPTERS)
@pytest.mark.parametrize("practice", [True, False])
def test_debug_with_a_real_key_is_refused(name: str, practice: bool, settings: Settings) -> None:
    settings.PRACTICE, settings.DEBUG_ASKED = practice, True
    configure(settings, api_key="practice")
    assert checks.nothing_is_shown_to_all() == []
    configure(settings, name, api_key="a-real-key")
    assert ids(checks.nothing_is_shown_to_all()) == ["generations.E009"]
    settings.DEBUG_ASKED = False
    assert checks.nothing_is_shown_to_all() == []


@pytest.mark.parametrize(("key", "is_shown"), [("", True), ("a-real-key", False)])
def test_a_wrong_host_never_sees_the_page_of_debug_where_a_real_key_is(
    key: str, is_shown: bool, tmp_path: Path
) -> None:
    site = Site(tmp_path, DEBUG="True", APIXO_API_KEY=key)
    asked = (
        "from django.test import Client; print(Client().get('/', headers={'host': 'evil.example'}).content.decode())"
    )
    shown = site.manage("shell", "-v0", "-c", asked)
    assert "This address asks for something" in shown or "DisallowedHost" in shown
    assert ("DisallowedHost" in shown) == is_shown


def test_an_address_of_the_site_to_which_nothing_can_be_added_is_told(settings: Settings) -> None:
    assert checks.site_has_an_address() == []
    settings.PUBLIC_URL = "https://studio.example.com/?key=1"
    assert ids(checks.site_has_an_address()) == ["generations.E010"]


def test_other_sites_of_the_domain_are_bound_to_https_only_when_asked_and_the_address_is_normalised(
    tmp_path: Path,
) -> None:
    asked = (
        "from django.conf import settings as s; "
        "print(s.PUBLIC_URL, s.CSRF_TRUSTED_ORIGINS, s.SECURE_HSTS_SECONDS > 0, "
        "s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD)"
    )
    site = Site(tmp_path, PUBLIC_URL="HTTPS://Studio.Example.com:443/kling/")
    said = site.manage("shell", "-v0", "-c", asked)
    assert said.strip() == "https://studio.example.com/kling ['https://studio.example.com'] True False False"
    site.env |= {"HSTS_SUBDOMAINS": "True", "HSTS_PRELOAD": "True"}
    assert site.manage("shell", "-v0", "-c", asked).strip().endswith("True True True")


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_real_provider_is_not_to_be_asked_too_soon(name: str, settings: Settings) -> None:
    settings.PRACTICE, settings.WAIT_SCALE = False, 0.1
    configure(settings, name, api_key="key", base_url="https://api.example.com/api/v1")
    assert ids(checks.scale_is_sane()) == ["generations.W001"]
    settings.WAIT_SCALE = 0
    assert ids(checks.scale_is_sane()) == ["generations.E005"]


@pytest.mark.parametrize(
    ("key", "url", "found"),
    [
        ("sk-real", "http://api.apixo.ai/api/v1", ["generations.E011"]),
        ("sk-real", "https://api.apixo.ai/api/v1", []),
        ("sk-real", "http://127.0.0.1:8900/api/v1", []),
        ("", "http://api.apixo.ai/api/v1", []),
    ],
)
def test_a_key_that_would_travel_in_the_clear_is_refused(
    key: str, url: str, found: list[str], settings: Settings
) -> None:
    configure(settings, "apixo", api_key=key, base_url=url)
    assert ids(checks.keys_travel_encrypted()) == found


def test_what_a_former_secret_key_signed_holds_while_it_is_named(tmp_path: Path) -> None:
    former, new = "a" * 50, "b" * 50
    ask = "from generations.models.tasks import CALLBACKS; print({})"
    sign = ask.format("CALLBACKS.sign(7)")
    signed = Site(tmp_path, SECRET_KEY=former).manage("shell", "-v0", "-c", sign).strip()
    read = ask.format(f"CALLBACKS.unsign({signed!r})")
    after = Site(tmp_path, SECRET_KEY=new, SECRET_KEY_FALLBACKS=former)
    assert after.manage("shell", "-v0", "-c", read).strip() == "7"
    with pytest.raises(AssertionError, match="BadSignature"):
        Site(tmp_path, SECRET_KEY=new).manage("shell", "-v0", "-c", read)


def test_passwords_are_kept_by_what_is_advised_today(tmp_path: Path) -> None:
    """PBKDF2 with SHA-256 and 600,000 rounds at least (OWASP); other tests use a faster hasher."""
    ask = "from django.contrib.auth.hashers import make_password; print(make_password('a lighthouse'))"
    name, rounds, *_ = Site(tmp_path).manage("shell", "-v0", "-c", ask).split("$")
    assert (name, int(rounds) >= 600_000) == ("pbkdf2_sha256", True)

"""Which adapter a name stands for, and with which key and address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from generations.providers import ADAPTERS, PRACTICE_KEY, get_provider
from generations.providers.offers import OFFERS


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    get_provider.cache_clear()
    yield
    get_provider.cache_clear()


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_knows_its_name(name: str) -> None:
    assert get_provider(name).name == name


def test_every_offer_has_an_adapter() -> None:
    assert {provider for provider, __, __ in OFFERS} == ADAPTERS.keys()


@pytest.mark.parametrize(("name", "path"), [("apixo", "/apikeys/current-balance"), ("apikley", "/chat/credit")])
@pytest.mark.parametrize(("key", "sent"), [("sk-live-0123456789", "sk-live-0123456789"), ("", PRACTICE_KEY)])
def test_an_adapter_uses_the_key_and_the_address_of_the_settings(
    httpserver: HTTPServer, settings: Settings, name: str, path: str, key: str, sent: str
) -> None:
    setattr(settings, f"{name.upper()}_API_KEY", key)
    setattr(settings, f"{name.upper()}_BASE_URL", httpserver.url_for("/api/v1"))
    httpserver.expect_request(f"/api/v1{path}", headers={"Authorization": f"Bearer {sent}"}).respond_with_json(
        {"code": 200, "data": 1}
    )
    assert get_provider(name).balance() == 1


def test_a_process_has_one_adapter_a_provider() -> None:
    assert get_provider("apixo") is get_provider("apixo")


def test_a_provider_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError):
        get_provider("nobody")

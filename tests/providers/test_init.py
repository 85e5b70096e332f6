"""Which adapter a provider's configuration stands for, and with which key and address."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings
from pytest_httpserver import HTTPServer

from generations.providers import ADAPTERS, ADVICE, advice, get_provider
from generations.providers.menu import MODEL_NAMES, PROVIDER_NAMES
from generations.providers.offers import OFFERS


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_knows_its_name(name: str) -> None:
    assert get_provider(settings.PROVIDERS[name]).name == name


def test_every_offer_has_an_adapter_a_configuration_and_names() -> None:
    providers, models = {provider for provider, __, __ in OFFERS}, {model for __, model, __ in OFFERS}
    assert providers == ADAPTERS.keys() == settings.PROVIDERS.keys() == PROVIDER_NAMES.keys()
    assert models == MODEL_NAMES.keys()


@pytest.mark.parametrize(("name", "path"), [("apixo", "/apikeys/current-balance"), ("apikley", "/chat/credit")])
def test_an_adapter_uses_the_key_and_the_address_that_it_is_given(httpserver: HTTPServer, name: str, path: str) -> None:
    config = replace(settings.PROVIDERS[name], api_key="sk-live-0123456789", base_url=httpserver.url_for("/api/v1"))
    httpserver.expect_request(
        f"/api/v1{path}", headers={"Authorization": "Bearer sk-live-0123456789"}
    ).respond_with_json({"code": 200, "data": 1})
    assert get_provider(config).balance() == 1


def test_a_process_has_one_adapter_for_a_configuration() -> None:
    config = settings.PROVIDERS["apixo"]
    assert get_provider(config) is get_provider(replace(config))
    assert get_provider(config) is not get_provider(replace(config, api_key="another"))


@pytest.mark.parametrize(
    ("code", "message", "text"),
    [
        ("SensitiveContent", "Content violates upstream policy", "Change the prompt or the picture."),
        ("Param length exceeded", "", "Shorten the prompt or the negative prompt, or send fewer pictures."),
        ("400", "ImageNotAccess: https://example.com/a.png", "Use a public, direct web address of the picture"),
        ("400", "no known word", "Change the order before you try again."),
        ("SomethingNew", "PromptLengthExceeded by two", "Shorten the prompt."),
        ("SomethingNew", "", ""),
    ],
)
def test_what_the_pages_advise_is_found_by_the_code_or_a_code_in_the_words(code: str, message: str, text: str) -> None:
    assert advice("apixo", code, message).startswith(text)
    assert bool(advice("apixo", code, message)) == bool(text)
    assert advice("apikley", code, message) == advice("nobody", code, message) == ""


def test_every_provider_has_a_table_of_advice() -> None:
    assert ADVICE.keys() == ADAPTERS.keys()

"""What must not stand in a log, in a row, or on a page."""

import io
import logging
import logging.config
from typing import Any

import pytest
from django.test import Client
from django.utils.log import DEFAULT_LOGGING

from generations.logs import MaskTokens, masked, without_secrets
from generations.models.images import SIGNER
from generations.models.tasks import CALLBACKS


def test_the_token_of_a_callback_is_masked_and_the_rest_stays() -> None:
    record = logging.LogRecord(
        "django.request", 30, "", 1, "%s: %s", ("Bad Request", "/webhooks/apixo/12:aB-_9/"), None
    )
    assert MaskTokens().filter(record)
    assert record.getMessage() == "Bad Request: /webhooks/apixo/…/"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/s/aB-_9/videos/7/", "/s/…/videos/7/"),
        ("/embed/aB-_9/", "/embed/…/"),
        ("/feeds/aB-_9.atom", "/feeds/…"),
        ("/feeds/published.atom", "/feeds/published.atom"),
        ("/videos/7/", "/videos/7/"),
    ],
)
def test_what_opens_a_link_a_frame_or_a_feed_is_masked(path: str, shown: str) -> None:
    record = logging.LogRecord("django.request", 30, "", 1, "%s: %s", ("Not Found", path), None)
    assert MaskTokens().filter(record)
    assert record.getMessage() == f"Not Found: {shown}"


KEY = "sk-live/canary+0123456789"


@pytest.mark.parametrize("colon", [":", "%3A", "\\u003a"])
@pytest.mark.parametrize("signed", [CALLBACKS.sign("12"), SIGNER.sign("7")], ids=["callback", "start image"])
def test_what_this_site_signed_is_masked_wherever_a_provider_repeats_it(signed: str, colon: str) -> None:
    secret, written = signed.rpartition(":")[2], signed.replace(":", colon)
    for text in (
        f'{{"callback_url": "https:\\/\\/studio\\/webhooks\\/apixo\\/{written}\\/"}}',
        f"id {written}",
        written,
    ):
        assert secret not in without_secrets(text)
        assert without_secrets(text).startswith(text[:2])


def test_texts_without_a_secret_stay_as_they_are() -> None:
    for text in (
        "12:30:45",
        "task_kling:ab",
        "https://cdn.example.com:443/s/a.mp4?t=12:34",
        "a" * 64,
        "Bearer missing",
    ):
        assert without_secrets(text, KEY, "practice") == text


@pytest.mark.parametrize("written", [KEY, KEY.replace("/", "\\/"), KEY.replace("+", "\\u002B")])
def test_a_key_is_masked_however_it_is_escaped(written: str) -> None:
    for text in (f"wrong key {written}!", f'{{"Authorization": "Bearer {written}"}}'):
        assert "canary" not in without_secrets(text, KEY)
        assert "0123456789" not in without_secrets(text, KEY)
    assert masked("Authorization: Bearer of-another-site") == "Authorization: Bearer [key]"


def test_a_traceback_is_masked_too() -> None:
    try:
        raise ValueError(f"no answer from /webhooks/apixo/12:aB-_9/ with {KEY}")
    except ValueError as error:
        record = logging.LogRecord("generations", 40, "", 1, "it failed", (), (type(error), error, error.__traceback__))
    assert MaskTokens(keys=[KEY]).filter(record)
    written = logging.Formatter().format(record)
    assert "ValueError: no answer from /webhooks/apixo/…" in written
    assert "aB-_9" not in written and "canary" not in written


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [False, True])
def test_no_console_of_django_shows_a_token(debug: bool, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = debug
    before = [*logging.getLogger().handlers]
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    try:
        logging.config.dictConfig(DEFAULT_LOGGING)
        logging.config.dictConfig(settings.LOGGING)
        Client().get("/webhooks/apixo/12:canary/")
        Client().get("/s/canary/")
        logging.getLogger("django.server").info('"GET /webhooks/apixo/12:canary/ HTTP/1.1" 405')
    finally:
        logging.getLogger().handlers[:] = before
    assert "/webhooks/apixo/…" in written.getvalue()
    assert "canary" not in written.getvalue()

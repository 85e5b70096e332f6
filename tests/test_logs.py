"""What must not stand in a log, in a row, or on a page."""

import io
import logging
import logging.config
import time
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils.log import DEFAULT_LOGGING

from generations.logs import Lines, masked, without_secrets
from generations.models.images import SIGNER
from generations.models.tasks import CALLBACKS


def record(message: str, *args: object, name: str = "django.request", **more: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"name": name, "levelname": "WARNING", "msg": message, "args": args, **more})


def line(message: str, *args: object, **more: Any) -> str:
    """What the log shows of a message, without its time."""
    return Lines().format(record(message, *args, **more)).partition(" ")[2]


def test_a_line_says_when_in_utc_how_grave_where_and_what() -> None:
    written = Lines().format(record("a clip is stored", name="generations.saving", created=1_795_176_000.25))
    assert written == "2026-11-20T12:00:00.250+00:00 WARNING generations.saving: a clip is stored"


def test_the_token_of_a_callback_is_masked_and_the_rest_stays() -> None:
    written = line("%s: %s", "Bad Request", "/webhooks/apixo/12:aB-_9/")
    assert written == "WARNING django.request: Bad Request: /webhooks/apixo/…/"


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
    assert line("%s: %s", "Not Found", path) == f"WARNING django.request: Not Found: {shown}"


FORGED = "2026-11-20T12:00:00.000+00:00 ERROR generations: all is lost"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_text_begins_a_line_of_its_own(end: str) -> None:
    assert len(line("a clip of %s", f"nobody{end}{FORGED}").splitlines()) == 1
    try:
        raise ValueError(f"not this: {end}{FORGED}")
    except ValueError as error:
        written = line("it failed", exc_info=(type(error), error, error.__traceback__))
    first, *more = written.splitlines()
    assert first == "WARNING django.request: it failed"
    assert more and all(each.startswith(" | ") for each in more)


def test_no_text_moves_the_cursor_or_turns_the_line_around() -> None:
    written = line("a clip of %s", "\x1b[2J\x1b]0;mine\x07 \x9b1A \b \x00 \u202eevil \ud800 Zoë 🦊")
    assert written == (
        "WARNING django.request: a clip of \\x1b[2J\\x1b]0;mine\\x07 \\x9b1A \\x08 \\x00 \\u202eevil \\ud800 Zoë 🦊"
    )


KEY = "sk-live/canary+0123456789"
IN_JSON = [KEY.replace("/", "\\\\/"), KEY.replace("/", "\\\\\\/"), KEY.replace("+", "\\\\u002b")]  # JSON within JSON


@pytest.mark.parametrize("colon", [":", "%3A", "%253A", "\\u003a", "\\\\u003a"])
@pytest.mark.parametrize("signed", [CALLBACKS.sign("12"), SIGNER.sign("7")], ids=["callback", "start image"])
def test_what_this_site_signed_is_masked_wherever_a_provider_repeats_it(signed: str, colon: str) -> None:
    secret, written = signed.rpartition(":")[2], signed.replace(":", colon)
    for text in (
        f'{{"callback_url": "https:\\/\\/studio\\/webhooks\\/apixo\\/{written}\\/"}}',
        f"url=https%3A%2F%2Fstudio%2Fwebhooks%2Fapixo%2F{written}%2F",
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


@pytest.mark.parametrize(
    "written", [KEY, KEY.replace("/", "\\/"), KEY.replace("+", "\\u002B"), quote(KEY, ""), *IN_JSON]
)
def test_a_key_is_masked_however_it_is_escaped(written: str) -> None:
    for text in (f"wrong key {written}!", f'{{"Authorization": "Bearer {written}"}}'):
        assert "canary" not in without_secrets(text, KEY)
        assert "0123456789" not in without_secrets(text, KEY)
    assert masked("Authorization: Bearer of-another-site") == "Authorization: Bearer [key]"


@pytest.mark.parametrize("repeated", ["1", "\\", "%25", "s", "sk-live/", "1:", "a" * 43, "bearer ", "/s/"])
def test_no_text_takes_long_to_mask(repeated: str) -> None:
    began = time.process_time()
    without_secrets(masked(repeated * (1_000_000 // len(repeated))), KEY)
    assert time.process_time() - began < 2


def test_a_traceback_is_masked_too() -> None:
    try:
        raise ValueError(f"no answer from /webhooks/apixo/12:aB-_9/ with {KEY}")
    except ValueError as error:
        failed = record("it failed", exc_info=(type(error), error, error.__traceback__))
    written = Lines(secrets=[KEY]).format(failed)
    assert "ValueError: no answer from /webhooks/apixo/…" in written
    assert "aB-_9" not in written and "0123456789" not in written


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
        logging.getLogger("urllib3.connection").warning("Failed to parse headers (url=https://cdn/a.mp4?sign=canary)")
        logging.getLogger("django.server").info('"GET /webhooks/apixo/12:canary/ HTTP/1.1" 405')
    finally:
        logging.getLogger().handlers[:] = before
    assert "/webhooks/apixo/…" in written.getvalue()
    assert "canary" not in written.getvalue()

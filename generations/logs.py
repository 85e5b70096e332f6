"""Keep secrets out of the logs, and out of what a provider's texts leave in rows and on pages."""

import logging
import re
from collections.abc import Sequence
from copy import copy
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from generations.clients import sender_of

TOKEN = re.compile(r"(/webhooks/[^/\s]+/|/(?:s|embed|feeds)/)(?!published\.atom)[^/\s]+")
# What Django signed of a number, such as the address of a callback or of a start image, also as JSON or a URL has it,
# or JSON within JSON. Each repetition has an end, or a long text of the right characters would take minutes.
ESCAPES = r"\\{1,8}"
PERCENT = r"%(?:25){0,3}"
COLON = rf"(?::|{PERCENT}3a|{ESCAPES}u003a)"
SIGNED = re.compile(rf"((?<!\d)\d{{1,19}}{COLON}(?:\w{{1,8}}{COLON})?)[\w-]{{43}}(?![\w-])", re.ASCII | re.IGNORECASE)
BEARER = re.compile(r"(bearer\s+)[^\s\"'\\,;]{9,}", re.IGNORECASE)
MASK_FROM = 9  # characters; a shorter key is "practice", and no secret


def masked(text: str) -> str:
    """Return a text without the tokens of webhooks, start images, links, frames and feeds."""
    return without_secrets(TOKEN.sub(r"\1…", text))


def without_secrets(text: str, *keys: str) -> str:
    """Return a provider's text without what it may repeat of an order: signed tokens, and API keys."""
    for key in keys:
        if len(key) >= MASK_FROM:
            text = as_written(key).sub("[key]", text)
    return BEARER.sub(r"\1[key]", SIGNED.sub(r"\1…", text))


@lru_cache(maxsize=64)
def as_written(key: str) -> re.Pattern[str]:
    """Match a key however JSON or a URL may escape it: some servers write "/" as "\\/", others "+" as "\\u002B"."""
    ways = (rf"(?:(?:{ESCAPES})?{re.escape(char)}|{ESCAPES}u{ord(char):04x}|{PERCENT}{ord(char):02x})" for char in key)
    return re.compile("".join(ways), re.IGNORECASE)


class Lines(logging.Formatter):
    """Write a record as one line that begins with its time in UTC, and a traceback as lines that begin with " | ".

    No text that somebody chose (a name, an address, a provider's words) begins a line of its own or reaches a terminal
    as a command. Masked are the site's own secrets, and the tokens of webhooks, whose holder can trigger polls, and of
    links, which open clips. What Django says of a request that it refused ends with who sent it.
    """

    def __init__(self, secrets: Sequence[str] = (), proxies: int = 0) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")
        self.secrets, self.proxies = secrets, proxies

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def formatMessage(self, record: logging.LogRecord) -> str:
        request: Any = getattr(record, "request", None)  # of lines of Django's about a refused request
        sent = f": {sender_of(request, proxies=self.proxies)}" if hasattr(request, "META") else ""
        return self._shown(super().formatMessage(record) + sent)

    def format(self, record: logging.LogRecord) -> str:
        if hasattr(record, "request") and (record.levelno < logging.ERROR or record.name.startswith("django.security")):
            record = copy(record)
            record.exc_info = record.exc_text = None  # what is refused is no error of ours, and one line says it
        message, *more = super().format(record).split("\n")
        return "\n | ".join([message, *map(self._shown, more)])

    def _shown(self, text: str) -> str:
        return printable(without_secrets(masked(text), *self.secrets))


def printable(text: str) -> str:
    """Return a text with each character escaped that is not to be seen: ends of lines, commands to a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)

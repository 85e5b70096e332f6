"""Keep secrets out of the logs, and out of what a provider's texts leave in rows and on pages."""

import logging
import re
from collections.abc import Sequence
from functools import cache

TOKEN = re.compile(r"(/webhooks/[^/\s]+/|/(?:s|embed|feeds)/)(?!published\.atom)[^/\s]+")
# What Django signed of a number, such as the address of a callback or of a start image, also as JSON or a URL has it.
COLON = r"(?::|%3a|\\u003a)"
SIGNED = re.compile(rf"(?<![\w-])(\d+{COLON}(?:\w{{1,8}}{COLON})?)[\w-]{{43}}(?![\w-])", re.ASCII | re.IGNORECASE)
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


@cache
def as_written(key: str) -> re.Pattern[str]:
    """Match a key however JSON may escape it: some servers write "/" as "\\/", others "+" as "\\u002B"."""
    return re.compile("".join(rf"(?:\\?{re.escape(char)}|\\u{ord(char):04x})" for char in key), re.IGNORECASE)


class MaskTokens(logging.Filter):
    """Mask API keys, and the tokens of webhooks, whose holder can trigger polls, and of links, which open clips."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        super().__init__()
        self.keys = keys

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if (shown := self._masked(text)) != text:
            record.msg, record.args = shown, ()
        if record.exc_info:
            record.exc_text = self._masked(record.exc_text or logging.Formatter().formatException(record.exc_info))
        return True

    def _masked(self, text: str) -> str:
        return without_secrets(masked(text), *self.keys)

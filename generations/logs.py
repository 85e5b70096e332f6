"""Keep secrets out of the logs."""

import logging
import re

TOKEN = re.compile(r"(/webhooks/[^/\s]+/|/(?:s|embed|feeds)/)(?!published\.atom)[^/\s]+")


def masked(text: str) -> str:
    """Return a text without the tokens of webhooks, links, frames and feeds."""
    return TOKEN.sub(r"\1…", text)


class MaskTokens(logging.Filter):
    """Mask the tokens of webhooks, whose holder can trigger polls, and of links, frames and feeds, which open clips."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if TOKEN.search(text):
            record.msg, record.args = masked(text), ()
        return True

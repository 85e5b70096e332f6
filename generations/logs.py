"""Keep secrets out of the logs."""

import logging
import re

TOKEN = re.compile(r"(/webhooks/[^/\s]+/|/(?:s|embed|feeds)/)(?!published\.atom)[^/\s]+")


class MaskTokens(logging.Filter):
    """Mask the tokens of webhooks, whose holder can trigger polls, and of links, frames and feeds, which open clips."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if TOKEN.search(text):
            record.msg, record.args = TOKEN.sub(r"\1…", text), ()
        return True

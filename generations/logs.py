"""What must not stand in a log."""

import logging
import re

TOKEN = re.compile(r"(/webhooks/[^/\s]+/)[^/\s]+")


class MaskTokens(logging.Filter):
    """Leaves the tokens of callbacks out of every line: who has one can make us look, and no more, but still."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "/webhooks/" in text:
            record.msg, record.args = TOKEN.sub(r"\1…", text), ()
        return True

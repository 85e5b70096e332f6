"""What must not stand in a log."""

import logging

from generations.logs import MaskTokens


def test_the_token_of_a_callback_is_masked_and_the_rest_stays() -> None:
    record = logging.LogRecord(
        "django.request", 30, "", 1, "%s: %s", ("Bad Request", "/webhooks/apixo/12:aB-_9/"), None
    )
    assert MaskTokens().filter(record)
    assert record.getMessage() == "Bad Request: /webhooks/apixo/…/"

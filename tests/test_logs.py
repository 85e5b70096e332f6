"""What must not stand in a log."""

import logging

import pytest

from generations.logs import MaskTokens


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

"""Pictures of a receipt: each address once, all of them within a time. What is said of one: test_preflight.py."""

from __future__ import annotations

import time
from typing import Any

import pytest

from generations.media import remote_images
from generations.receipts.image_checks import ImageChecks
from tests.factories import an_order

URL = "http://127.0.0.1:9/{}.png"


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were probed; none answers."""
    urls: list[str] = []

    def probe(url: str, **kwargs: Any) -> str:
        urls.append(url)
        raise remote_images.NotSeen("no answer")

    monkeypatch.setattr(remote_images, "probe", probe)
    return urls


def test_an_address_is_probed_once_for_all_orders(probed: list[str]) -> None:
    checks, order = ImageChecks(), an_order(mode="image-to-video", start_image=URL.format("a"))
    found = [checks.run(order, {}) for _ in range(3)]
    assert probed == [URL.format("a")]
    assert [notices[0].key for notices in found] == ["unread start_image"] * 3


def test_when_the_time_is_up_the_rest_is_not_probed_and_that_is_said(probed: list[str]) -> None:
    checks = ImageChecks(ends=time.monotonic() - 1)
    (notice,) = checks.run(an_order(mode="image-to-video", start_image=URL.format("a")), {})
    assert "the other images took more than 20 s" in notice.text
    assert probed == []


def test_a_picture_that_has_a_problem_already_is_not_probed(probed: list[str]) -> None:
    order = an_order(mode="image-to-video", start_image=URL.format("a"))
    assert ImageChecks().run(order, {"start_image": ["not a full URL"]}) == []
    assert probed == []

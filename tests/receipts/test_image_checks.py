"""Pictures of a receipt: each address once, all of them within a time. What is said of one is in test_preflight.py."""

from __future__ import annotations

import time
from typing import Any

import pytest

from generations.media import remote_images
from generations.receipts.image_checks import ImageChecks
from tests.factories import an_order

URL = "http://127.0.0.1:9/{}.png"


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were looked at; none answers."""
    urls: list[str] = []

    def look(url: str, **kwargs: Any) -> str:
        urls.append(url)
        raise remote_images.NotSeen("no answer")

    monkeypatch.setattr(remote_images, "probe", look)
    return urls


def test_an_address_is_looked_at_once_for_all_orders(looked: list[str]) -> None:
    looks, order = ImageChecks(), an_order(mode="image-to-video", start_image=URL.format("a"))
    found = [looks.at(order, {}) for _ in range(3)]
    assert looked == [URL.format("a")]
    assert [remarks[0].key for remarks in found] == ["unseen start_image"] * 3


def test_when_the_time_is_up_the_rest_is_not_looked_at_and_that_is_said(looked: list[str]) -> None:
    looks = ImageChecks(ends=time.monotonic() - 1)
    (remark,) = looks.at(an_order(mode="image-to-video", start_image=URL.format("a")), {})
    assert "the others took more than 20 s" in remark.text
    assert looked == []


def test_a_picture_that_has_a_problem_already_is_not_looked_at(looked: list[str]) -> None:
    order = an_order(mode="image-to-video", start_image=URL.format("a"))
    assert ImageChecks().at(order, {"start_image": ["not a full URL"]}) == []
    assert looked == []

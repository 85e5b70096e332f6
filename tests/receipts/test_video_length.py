"""An order whose clip becomes as long as its reference video is priced and held by those seconds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.providers import offers
from generations.providers.menu import Offer
from generations.providers.parameters import Video
from generations.receipts import preflight
from tests.clips import clip
from tests.factories import NOW, a_price, order_of

pytestmark = pytest.mark.django_db
MOTION = Offer(
    provider="apixo", model="kling-9", mode="motion", parameters={"video": Video(required=True, max_seconds=2)},
    first_poll_seconds=1, poll_seconds=1, result_life_seconds=60, source="this test", read_on=date(2026, 11, 21),
)  # fmt: skip


@pytest.fixture(autouse=True)
def invented(monkeypatch: pytest.MonkeyPatch, settings: Settings, httpserver: HTTPServer) -> None:
    settings.PUBLIC_URL = httpserver.url_for("").rstrip("/")
    monkeypatch.setitem(offers.OFFERS, MOTION.key, MOTION)
    a_price("0.10", model="kling-9", mode="motion", duration_seconds=0, unit="second")


def a_request(httpserver: HTTPServer, seconds: float) -> OrderRequest:
    httpserver.expect_request("/a.mp4").respond_with_data(clip(seconds=seconds))
    return OrderRequest(order_of(provider="apixo", model="kling-9", mode="motion", video=httpserver.url_for("/a.mp4")))


def test_the_seconds_of_the_video_are_priced_and_held(httpserver: HTTPServer) -> None:
    receipt = preflight.inspect([a_request(httpserver, 1.4)], by=None, at=NOW)
    (line,) = receipt.lines
    assert (receipt.problems, line.price_usd) == ({}, Decimal("0.20"))
    (task,) = ordering.place([line.request], at=NOW, shown=[line.price_usd])
    assert (task.duration_seconds, task.price_usd, list(task.parameters)) == (2, Decimal("0.20"), ["video"])
    assert task.order().duration_seconds == 2


def test_a_video_that_is_too_long_is_refused_at_its_field(httpserver: HTTPServer) -> None:
    receipt = preflight.inspect([a_request(httpserver, 2.5)], by=None, at=NOW)
    assert "3 seconds, where at most 2 are taken" in receipt.problems["video"][0]

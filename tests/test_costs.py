"""Money: held once, settled once, by one writer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from generations import costs
from generations.models import Kind, LedgerEntry, Status
from tests.factories import NOW, a_price, a_task, an_order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("model", "mode", "seconds", "usd"),
    [
        ("kling-2-1", "standard-image-to-video", 5, "0.20"),
        ("kling-2-1", "pro-image-to-video", 10, "0.70"),
        ("kling-2-1", "master-text-to-video", 5, "1.00"),
        ("kling-2-1", "master-image-to-video", 10, "2.00"),
        ("kling-2-5-turbo-pro", "text-to-video", 5, "0.30"),
        ("kling-2-5-turbo-pro", "image-to-video", 10, "0.60"),
    ],
)
def test_the_published_prices_are_loaded(model: str, mode: str, seconds: int, usd: str) -> None:
    assert costs.estimate(an_order(model=model, mode=mode, duration_seconds=seconds), at=NOW) == Decimal(usd)


def test_a_price_that_nobody_published_is_unknown() -> None:
    assert costs.estimate(an_order(model="kling-2-6", sound=True), at=NOW) is None


def test_the_newest_price_that_is_valid_on_the_day_counts() -> None:
    order = an_order(model="kling-2-6", sound=False)
    a_price("0.20", model="kling-2-6")
    a_price("0.25", model="kling-2-6", valid_from=NOW.date())
    a_price("0.99", model="kling-2-6", valid_from=NOW.date() + timedelta(days=1))
    assert costs.estimate(order, at=NOW) == Decimal("0.25")
    assert costs.estimate(order, at=NOW - timedelta(days=1)) == Decimal("0.20")


def test_a_price_for_the_sound_or_the_route_wins_over_one_for_any() -> None:
    a_price("0.20", model="kling-2-6", valid_from=NOW.date())
    a_price("0.40", model="kling-2-6", sound=True)
    a_price("0.60", model="kling-2-6", sound=True, route="official")
    assert costs.estimate(an_order(model="kling-2-6", sound=False), at=NOW) == Decimal("0.20")
    assert costs.estimate(an_order(model="kling-2-6", sound=True), at=NOW) == Decimal("0.40")
    assert costs.estimate(an_order(model="kling-2-6", sound=True, route="official"), at=NOW) == Decimal("0.60")


def test_a_hold_is_settled_once_whatever_comes_later() -> None:
    task = a_task(Status.RUNNING)
    costs.charge(task, at=NOW, note="made")
    costs.charge(task, at=NOW, note="made")
    costs.release(task, at=NOW, note="failed")
    assert list(LedgerEntry.objects.filter(task=task).order_by("id").values_list("kind", flat=True)) == [
        "hold",
        "charge",
    ]


def test_the_database_itself_refuses_a_second_settlement() -> None:
    task = a_task(Status.READY)
    for kind in (Kind.CHARGE, Kind.RELEASE, Kind.HOLD):
        with pytest.raises(IntegrityError), transaction.atomic():
            LedgerEntry.objects.create(task=task, kind=kind, amount_usd=1, at=NOW, practice=True)


def test_practice_money_is_marked() -> None:
    assert a_task(practice=True).entries.get().practice is True
    assert a_task(practice=False).entries.get().practice is False

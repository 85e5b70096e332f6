"""What the database takes for a price, and what it is called; which price counts: tests/money/test_ledger.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from generations.models.prices import Unit
from generations.money import ledger
from tests.factories import a_budget, a_price, a_task, an_order, counters, kinds_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("usd", "changes"), [("0", {"is_free": False}), ("0.30", {"is_free": True}), ("-0.01", {}), ("1000.01", {})]
)
def test_the_database_takes_0_for_a_free_price_alone(usd: str, changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="price_is_free_on_purpose"), transaction.atomic():
        a_price(usd, **changes)


@pytest.mark.parametrize(
    ("usd", "changes", "words"),
    [
        ("0.30", {}, "$0.30"),
        ("0.06", {"unit": Unit.SECOND, "is_minimum": True}, "from $0.06 a second"),
        ("0", {}, "free"),
        ("0", {"unit": Unit.SECOND}, "free"),
    ],
)
def test_a_price_in_words(usd: str, changes: dict[str, Any], words: str) -> None:
    assert a_price(usd, valid_from=timezone.localdate(), **changes).amount == words


def test_an_order_of_a_free_price_is_on_the_ledger_as_any_other() -> None:
    a_price("0", valid_from=timezone.localdate())
    quote, budget = ledger.estimate(an_order(), at=timezone.now()), a_budget("0.10")
    task = a_task(price_usd=quote.usd)
    ledger.charge(task, at=timezone.now(), note="the clip was made")
    assert (quote.usd, kinds_of(task), counters(budget)) == (Decimal(0), ["hold", "charge"], ("0.10", "0.00", "0.00"))

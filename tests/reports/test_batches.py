"""The figures of a batch: states and money, where what was ordered again counts once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from generations.lifecycle import batches, ordering
from generations.models import Batch, Status
from generations.reports.batches import figures
from tests.factories import NOW, a_task

pytestmark = pytest.mark.django_db


def a_batch(*statuses: Status, **changes: Any) -> Batch:
    batch = Batch.objects.create(name="Autumn", created_at=NOW)
    for status in statuses:
        a_task(status, order_batch=batch, **changes)
    return batch


def test_states_and_the_four_numbers() -> None:
    batch = a_batch(Status.QUEUED, Status.RUNNING, Status.STORED, Status.FAILED, Status.CANCELED)
    found = figures([batch])[batch.pk]
    assert (found.total, found.stored, found.active, found.percent) == (5, 1, 2, 60)
    assert found.named() == [
        ("Estimated", "$1.50"), ("Reserved", "$0.60"), ("Spent", "$0.30"), ("Remaining", "$0.60"),
    ]  # fmt: skip


def test_what_was_ordered_again_counts_once_but_what_both_cost_is_spent() -> None:
    batch = a_batch(Status.STORED, Status.LOST)
    ordering.place(batches.order_again(batch, batches.FAILED, at_most=9), at=NOW)
    found = figures([batch])[batch.pk]
    assert (found.total, found.states[Status.LOST], found.states[Status.QUEUED]) == (2, 0, 1)
    assert (found.spent, found.remaining) == (Decimal("0.60"), Decimal(0))


def test_an_unknown_price_is_counted_and_never_zero() -> None:
    batch = a_batch(Status.QUEUED, price_usd=None)
    found = figures([batch])[batch.pk]
    assert (found.unpriced, found.named()[0]) == (1, ("Estimated", "price unknown"))


def test_starting_prices_say_from() -> None:
    batch = a_batch(Status.STORED, price_is_minimum=True)
    assert figures([batch])[batch.pk].named()[0] == ("Estimated", "from $0.30")


def test_the_number_of_queries_does_not_grow(django_assert_num_queries: Any) -> None:
    many = [a_batch(Status.QUEUED, Status.STORED) for _ in range(3)]
    for batches_ in (many[:1], many):
        with django_assert_num_queries(3):
            figures(batches_)

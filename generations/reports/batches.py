"""The figures of batches: how many of their orders are in which state, and their four numbers of money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext

from generations.formats import usd
from generations.models import Batch, GenerationTask, LedgerEntry, Status
from generations.models.ledger import four_places
from generations.models.statuses import ACTIVE

ZERO = Decimal(0)


@dataclass(slots=True)
class BatchFigures:
    """What became of a batch; what was ordered again counts once, money in USD counts all of it."""

    states: Counter[str] = field(default_factory=Counter)
    estimated: Decimal = ZERO
    reserved: Decimal = ZERO
    spent: Decimal = ZERO
    unpriced: int = 0
    minimums: int = 0

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def stored(self) -> int:
        return self.states[Status.STORED]

    @property
    def percent(self) -> int:
        """How much of it has come to its end, with a clip or without."""
        return round(100 * (self.total - self.active) / self.total) if self.total else 100

    @property
    def active(self) -> int:
        return sum(self.states[status] for status in ACTIVE)

    @property
    def remaining(self) -> Decimal:
        """What was estimated and is neither reserved nor spent: it was released, or is not charged."""
        return max(ZERO, self.estimated - self.reserved - self.spent)

    def named(self) -> list[tuple[str, str]]:
        """Return each number of money with its name, for people."""
        if self.unpriced and self.unpriced == self.total:
            return [
                (gettext("Estimated"), usd(None)), (gettext("Reserved"), usd(None)),
                (gettext("Spent"), usd(self.spent)),
            ]  # fmt: skip
        least = bool(self.minimums)
        return [
            (gettext("Estimated"), usd(self.estimated, is_minimum=least)),
            (gettext("Reserved"), usd(self.reserved, is_minimum=least and self.reserved > 0)),
            (gettext("Spent"), usd(self.spent, is_minimum=least and self.spent > 0)),
            (gettext("Remaining"), usd(self.remaining)),
        ]


def figures(batches: Iterable[Batch]) -> dict[int, BatchFigures]:
    """Return the figures of each batch, by its key, in three queries."""
    found = {batch.pk: BatchFigures() for batch in batches}
    tasks = GenerationTask.objects.filter(order_batch__in=found).not_ordered_again().order_by()
    counts = {
        "n": Count("id"), "usd": Sum("price_usd"), "unpriced": Count("id", filter=Q(price_usd=None)),
        "minimums": Count("id", filter=Q(price_is_minimum=True)),
    }  # fmt: skip
    states: Any = tasks.values("order_batch", "status").annotate(**counts)
    for row in states:
        one = found[row["order_batch"]]
        one.states[row["status"]] += row["n"]
        one.estimated += four_places(row["usd"])
        one.unpriced += row["unpriced"]
        one.minimums += row["minimums"]
    for name, entries in (("reserved", LedgerEntry.objects.open_holds()), ("spent", LedgerEntry.objects.spent())):
        sums = entries.filter(task__order_batch__in=found).order_by().values_list("task__order_batch")
        for batch, total in sums.annotate(usd=Sum("amount_usd")):
            setattr(found[batch], name, four_places(total))
    return found

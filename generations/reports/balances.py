"""Compare what each provider's balance fell by with what the ledger says was charged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext

from generations.models import BalanceReading, EntryKind, GenerationTask, LedgerEntry, Status
from generations.reports.scorecard import moments
from generations.reports.spend import Question

DAYS_MAX = 62  # for each provider, the latest
SUSPECTS_MAX = 8  # tasks for one drift


@dataclass(frozen=True, slots=True)
class Drift:
    """How much an account's balance fell in one day, and how much of that the ledger charged; in USD.

    A day runs from the last reading of an earlier day to its own last reading.
    """

    provider: str
    day: date
    since: datetime
    until: datetime
    fell: Decimal  # without the top-ups that the readings show
    topped_up: Decimal
    charged: Decimal
    unpriced: int
    minimum: int  # charges of a starting price
    suspects: list[tuple[GenerationTask, str]]

    @property
    def drift(self) -> Decimal:
        """The fall that no charge explains, in USD; negative when the ledger charged more than the balance fell."""
        return self.fell - self.charged


def drifts(question: Question) -> list[Drift]:
    """Return each day that two readings in USD bound, latest first, whatever campaign or person is asked for."""
    begin, end = moments(question)
    readings = BalanceReading.objects.filter(practice=question.practice, unit="USD", amount__isnull=False, at__lt=end)
    if question.provider:
        readings = readings.filter(provider=question.provider)
    rows = []
    for provider in sorted(set(readings.order_by().values_list("provider", flat=True))):
        own = readings.filter(provider=provider).order_by("at", "id")
        before = own.filter(at__lt=begin).last()
        rows += _of_account([*([before] if before else []), *own.filter(at__gte=begin)], question)
    return sorted(rows, key=lambda each: (each.day, each.provider), reverse=True)


def _of_account(readings: list[BalanceReading], question: Question) -> list[Drift]:
    closing = {timezone.localdate(reading.at): n for n, reading in enumerate(readings)}
    days = list(closing.items())[-DAYS_MAX - 1 :]
    return [_drift(day, readings[first : last + 1], question) for (_, first), (day, last) in pairwise(days)]


def _drift(day: date, readings: list[BalanceReading], question: Question) -> Drift:
    opening, closing = readings[0], readings[-1]
    amounts = [reading.amount or Decimal(0) for reading in readings]
    topped_up = sum((max(after - before, Decimal(0)) for before, after in pairwise(amounts)), Decimal(0))
    charges = LedgerEntry.objects.charges().filter(
        at__gt=opening.at, at__lte=closing.at, practice=question.practice, task__provider=opening.provider
    )
    charged = LedgerEntry.objects.spent().filter(task__in=charges.order_by().values("task")).total_usd()
    drift = Drift(
        opening.provider, day, opening.at, closing.at, amounts[0] - amounts[-1] + topped_up, topped_up,
        charged, charges.unpriced().count(), charges.at_starting_price().count(), [],
    )  # fmt: skip
    if drift.drift:
        drift.suspects.extend(_suspects(drift, practice=question.practice))
    return drift


def _suspects(drift: Drift, *, practice: bool) -> list[tuple[GenerationTask, str]]:
    """Return tasks that could explain a drift, each once, with the reason."""
    since, until = drift.since, drift.until
    within = {"at__gt": since, "at__lte": until}
    released = LedgerEntry.objects.filter(task=OuterRef("pk"), kind=EntryKind.RELEASE, **within)
    unpriced = LedgerEntry.objects.unpriced().filter(task=OuterRef("pk"), **within)
    starting = LedgerEntry.objects.at_starting_price().filter(task=OuterRef("pk"), **within)
    under_way = Q(finished_at=None) | Q(finished_at__gt=until)
    reasons = {
        gettext("nobody knows whether the provider accepted it"): Q(status=Status.UNCONFIRMED) | Q(maybe_accepted=True),
        gettext("its price is unknown"): Q(Exists(unpriced)),
        gettext("its price is a starting price"): Q(Exists(starting)),
        gettext("it failed, but may have been billed"): Q(Exists(released), send_count__gt=0),
        gettext("it was running at the later reading, and may have been billed"): Q(submitted_at__gt=since) & under_way,
        gettext("it was running at the earlier reading, and may have been billed before it"): Q(
            submitted_at__lte=since, finished_at__gt=since, finished_at__lte=until
        ),
    }
    tasks = GenerationTask.objects.filter(provider=drift.provider, practice=practice, created_at__lte=until)
    tasks = tasks.filter(Q(submitted_at=None) | Q(submitted_at__lte=until)).order_by("-pk")
    named: dict[int, tuple[GenerationTask, str]] = {}
    for reason, condition in reasons.items():
        for task in tasks.filter(condition)[:SUSPECTS_MAX]:
            named.setdefault(task.pk, (task, reason))
    return list(named.values())[:SUSPECTS_MAX]

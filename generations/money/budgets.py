"""Count in budgets what orders reserve, and what of it is spent or released when a hold is settled.

Each counter changes by one conditional UPDATE, in the transaction that writes the ledger and after its entries, in the
order of the budgets' keys, so that no two transactions wait for each other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import DecimalField, F, Q, QuerySet, Value
from django.db.models.functions import Round
from django.utils.translation import gettext as _
from django.utils.translation import override

from generations.formats import usd
from generations.models import Budget, BudgetEvent, BudgetPeriod, EntryKind, GenerationTask, LedgerEntry
from generations.models.budgets import ALARMS, starts_on
from generations.models.ledger import SETTLED, SPENT

logger = logging.getLogger(__name__)

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The four numbers of money, in USD.

    `estimated` is None when a price is unknown, `remaining` when there is no limit.
    """

    estimated: Decimal | None
    reserved: Decimal
    spent: Decimal
    remaining: Decimal | None = None

    @classmethod
    def of(cls, period: BudgetPeriod, *, estimated: Decimal | None) -> Numbers:
        """Return a period's numbers, with the estimate of an order."""
        return cls(
            estimated=estimated, reserved=period.held_usd, spent=period.spent_usd, remaining=period.remaining_usd
        )

    def named(self) -> list[tuple[str, str]]:
        """Return each number with its name, formatted for people."""
        numbers = [
            (_("Estimated"), usd(self.estimated)),
            (_("Reserved"), usd(self.reserved)),
            (_("Spent"), usd(self.spent)),
        ]
        return numbers if self.remaining is None else [*numbers, (_("Remaining"), usd(self.remaining))]

    def __str__(self) -> str:
        return ", ".join(f"{name} {words}" for name, words in self.named())


@dataclass(slots=True)
class Change:
    """What changes in the counters of one period of a budget, in USD."""

    budget: Budget
    starts_on: date
    estimated: Decimal = ZERO
    held: Decimal = ZERO
    spent: Decimal = ZERO
    unpriced: int = 0

    def rows(self) -> QuerySet[BudgetPeriod]:
        return BudgetPeriod.objects.filter(budget=self.budget, starts_on=self.starts_on)

    def write(self, rows: QuerySet[BudgetPeriod]) -> bool:
        changes = {
            name: Round(F(name) + amount, 4)
            for name, amount in (
                ("estimated_usd", self.estimated), ("held_usd", self.held), ("spent_usd", self.spent),
            ) if amount
        }  # fmt: skip
        return bool(rows.update(**changes)) if changes else rows.exists()


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether an order fits a budget: the period, its numbers, and why it is refused, or ""."""

    period: BudgetPeriod
    numbers: Numbers
    refusal: str = ""


Changes = dict[tuple[int, date], Change]


def fit_check(period: BudgetPeriod, cost: Decimal | None) -> Outlook:
    """Check an amount in USD, None for an unknown price, against a budget's period."""
    numbers = Numbers.of(period, estimated=cost)
    if not period.hard or (cost is not None and cost <= period.remaining_usd):
        return Outlook(period, numbers)
    return Outlook(period, numbers, _unknown(period.budget) if cost is None else _too_much(period, cost))


def reserve(holds: list[LedgerEntry], *, at: datetime) -> None:
    """Count new holds in every budget that covers them.

    Raises: ValidationError at `budget`, with a text for each hard budget that refuses them; the caller rolls back.
    """
    refused: list[str] = []
    for change in _changes((hold, hold.day, hold.amount_usd or ZERO) for hold in holds):
        if change.unpriced and change.budget.hard:
            refused.append(_unknown(change.budget))
        elif not _fit(change):
            refused.append(_too_much(change.rows().get(), change.held))
        elif change.held and not refused:
            alarm(change.rows().get(), at=at)
    if refused:
        raise ValidationError({"budget": refused})


def settle(entries: list[LedgerEntry]) -> None:
    """Count charges and releases in the periods of their holds, or defer that to the end of deferred_counters()."""
    if (waiting := _waiting.get()) is not None:
        waiting += [entry.pk for entry in entries]
    else:
        _settle(entries)


@contextmanager
def deferred_counters() -> Iterator[None]:
    """Count all that is settled inside at once, as the last step of the transaction around it.

    A transaction that settles many tasks would otherwise lock a budget's row while it waits for the next task's.
    """
    waiting: list[int] = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    if waiting:  # read again: an inner transaction may have rolled back
        _settle(LedgerEntry.objects.filter(pk__in=waiting).select_related("task"))


_waiting: ContextVar[list[int] | None] = ContextVar("_waiting", default=None)


def correct(entry: LedgerEntry, *, at: datetime) -> None:
    """Count a correction in the periods of its task's hold.

    A past period limits no order: if the correction exceeds its limit, it stops being hard.

    Raises: ValidationError at `amount`, with a text for each hard budget that refuses it; the caller rolls back.
    """
    hold = LedgerEntry.objects.holds().get(task=entry.task_id)
    refused = []
    for change in _changes([(entry, hold.day, ZERO)]):
        rows = change.rows()
        if not rows or (change.spent < 0 and change.write(rows)):
            continue
        if not change.write(_with_room(rows, change)):
            if not rows.get().is_over(at=at):
                refused.append(_too_much(rows.get(), change.spent))
                continue
            rows.update(hard=False)
            change.write(rows)
        alarm(rows.get(), at=at)
    if refused:
        words = _("{refusal} Raise its limit first.")
        raise ValidationError({"amount": [words.format(refusal=text) for text in refused]})


def _settle(entries: Iterable[LedgerEntry]) -> None:
    entries = [entry for entry in entries if entry.kind in SETTLED]
    rows = LedgerEntry.objects.holds().filter(task__in=[entry.task_id for entry in entries])
    holds = {hold.task_id: hold for hold in rows}
    held = ((entry, holds[entry.task_id]) for entry in entries if entry.task_id in holds)
    for change in _changes((entry, hold.day, -(hold.amount_usd or ZERO)) for entry, hold in held):
        change.write(change.rows())


def _changes(moved: Iterable[tuple[LedgerEntry, date, Decimal]]) -> list[Change]:
    """Sum what entries change in each period of each budget, in the order in which the rows are locked.

    Each entry comes with the day of its task's hold and with its change of the reserved amount.
    """
    changes: Changes = {}
    known: dict[tuple[bool, int | None, int | None], list[Budget]] = {}
    for entry, day, held in moved:
        for budget in _covering(entry.task, known):
            key = (budget.pk, starts_on(budget.period, day))
            change = changes.setdefault(key, Change(budget, key[1]))
            amount = entry.amount_usd or ZERO
            change.held += held
            change.estimated += amount if entry.kind == EntryKind.HOLD else ZERO
            change.spent += amount if entry.kind in SPENT else ZERO
            change.unpriced += entry.amount_usd is None
    return [changes[key] for key in sorted(changes)]


def _covering(task: GenerationTask, known: dict[tuple[bool, int | None, int | None], list[Budget]]) -> list[Budget]:
    key = (task.practice, task.campaign_id, task.ordered_by_id)
    if key not in known:
        known[key] = list(Budget.objects.covering(practice=key[0], campaign_id=key[1], person_id=key[2]))
    return known[key]


def _fit(change: Change) -> bool:
    """Reserve the amount if it fits; the first order of a period inserts its row."""
    rows = change.rows()
    if change.write(_with_room(rows, change)):
        return True
    if rows.exists():
        return False
    budget = change.budget
    first = BudgetPeriod(budget=budget, starts_on=change.starts_on, limit_usd=budget.limit_usd, hard=budget.hard)
    BudgetPeriod.objects.bulk_create([first], ignore_conflicts=True)
    return change.write(_with_room(rows, change))


def _with_room(rows: QuerySet[BudgetPeriod], change: Change) -> QuerySet[BudgetPeriod]:
    more = Value(change.held + change.spent, DecimalField(max_digits=12, decimal_places=4))
    after = Round(F("held_usd") + F("spent_usd") + more, 4)
    return rows.alias(after=after).filter(Q(hard=False) | Q(after__lte=F("limit_usd")))


def _too_much(period: BudgetPeriod, cost: Decimal) -> str:
    numbers = Numbers.of(period, estimated=cost)
    left = max(period.remaining_usd, ZERO)
    words = (
        _("Over budget “{budget}” (practice money): {left} left, this costs {cost} ({numbers}). Nothing was charged.")
        if period.budget.practice
        else _("Over budget “{budget}”: {left} left, this costs {cost} ({numbers}). Nothing was charged.")
    )
    return words.format(budget=period, left=usd(left), cost=usd(cost), numbers=numbers)


def _unknown(budget: Budget) -> str:
    words = (
        _(
            "The price is unknown, and the budget “{budget}” (practice money) refuses orders without a price. "
            "Nothing was charged."
        )
        if budget.practice
        else _("The price is unknown, and the budget “{budget}” refuses orders without a price. Nothing was charged.")
    )
    return words.format(budget=budget)


def alarm(period: BudgetPeriod, *, at: datetime) -> None:
    """Log, once for each period, that half, four fifths or all of its limit is reserved or spent."""
    reached = max((percent for percent in ALARMS if period.percent >= percent), default=0)
    mine = BudgetPeriod.objects.filter(pk=period.pk, alarmed__lt=reached)
    if not reached or not mine.update(alarmed=reached):
        return
    with override(settings.LANGUAGE_CODE):  # the budget's history and the log read the same to everybody
        name, note = str(period.budget), f"{reached} % of {usd(period.limit_usd)} is reserved or spent ({period.words})"
    budget = period.budget
    BudgetEvent.objects.create(budget=budget, name=budget.kept_name, period=period, percent=reached, at=at, note=note)
    transaction.on_commit(partial(logger.warning, "budget %s: %s", name, note))

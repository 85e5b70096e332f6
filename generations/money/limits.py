"""Set the limits of budgets, and audit their counters against the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from generations.formats import usd
from generations.models import (
    Action,
    AuditEntry,
    Budget,
    BudgetEvent,
    BudgetPeriod,
    Campaign,
    LedgerEntry,
    Period,
    Person,
    Scope,
)
from generations.models.budgets import ALARMS, LIMIT_MAX, described, starts_on
from generations.models.ledger import FOUR_PLACES, LedgerQuerySet, four_places
from generations.money.budgets import ZERO, alarm


@dataclass(slots=True)
class Tally:
    """What the ledger says of one period, in USD."""

    estimated: Decimal = ZERO
    held: Decimal = ZERO
    spent: Decimal = ZERO

    def differences(self, period: BudgetPeriod) -> list[str]:
        """Return a line for each counter of the period that differs from the ledger."""
        names = ("estimated", "held", "spent")
        pairs = [(name, getattr(period, f"{name}_usd"), getattr(self, name)) for name in names]
        return [f"{name} is {usd(kept)}, the ledger says {usd(said)}" for name, kept, said in pairs if kept != said]


def set_limit(
    *,
    scope: str,
    period: str,
    limit_usd: Decimal,
    at: datetime,
    by: Person | None = None,
    campaign: Campaign | None = None,
    person: Person | None = None,
    hard: bool | None = None,
    practice: bool | None = None,
) -> Budget:
    """Create a budget or change its limit in USD; `hard=None` keeps the present value, and a new budget is hard.

    The counters of the present period are taken from the ledger.

    Raises: ValidationError at `limit`, with nothing changed, for an invalid amount, or a hard limit below what is
    reserved and spent.
    """
    practice = settings.PRACTICE if practice is None else practice
    _check(limit_usd)
    with transaction.atomic():
        _lock_ledger()
        key = {"scope": scope, "campaign": campaign, "person": person, "period": period, "practice": practice}
        budget = Budget.objects.filter(**key).first() or Budget(**key)
        budget.limit_usd = limit_usd
        if hard is not None:
            budget.hard = hard
        tally = _present(budget, at=at)
        _check_room(budget, tally)
        budget.save()
        present = _save_period(budget, tally, at=at)
        words = described(budget.limit_usd, hard=budget.hard)
        BudgetEvent.objects.create(budget=budget, name=budget.kept_name, at=at, by=by, note=words)
        AuditEntry.objects.record(
            Action.LIMITED, budget, words, at=at, by=by, amount_usd=budget.limit_usd, practice=budget.practice
        )
        alarm(present, at=at)
    return budget


def check_limit(
    *,
    scope: str,
    period: str,
    limit_usd: Decimal,
    at: datetime,
    campaign: Campaign | None,
    person: Person | None,
    hard: bool,
) -> None:
    """Check a limit of this site's money, in USD, before it is saved.

    Raises: ValidationError at `limit`, as set_limit() does.
    """
    budget = Budget(
        scope=scope, period=period, campaign=campaign, person=person, limit_usd=limit_usd, hard=hard,
        practice=settings.PRACTICE,
    )  # fmt: skip
    _check(limit_usd)
    _check_room(budget, _present(budget, at=at))


def _check(limit_usd: Decimal) -> None:
    if not limit_usd.is_finite():
        raise ValidationError({"limit": [_("an amount in USD, not {amount}").format(amount=limit_usd)]})
    if not 0 <= limit_usd <= LIMIT_MAX:
        text = _("0 to {most}, not {amount}").format(most=usd(LIMIT_MAX), amount=limit_usd)
        raise ValidationError({"limit": [text]})
    if limit_usd != limit_usd.quantize(FOUR_PLACES):
        raise ValidationError({"limit": [_("at most four decimal places, not {amount}").format(amount=limit_usd)]})


def _check_room(budget: Budget, tally: Tally) -> None:
    if budget.hard and budget.limit_usd < tally.held + tally.spent:
        words = _(
            "a hard limit of {limit} is below what this period has: {reserved} reserved + {spent} spent = {sum}; "
            "set at least that, or let it only warn"
        )
        numbers = {"limit": budget.limit_usd, "reserved": tally.held, "spent": tally.spent}
        numbers["sum"] = tally.held + tally.spent
        text = words.format(**{name: usd(amount) for name, amount in numbers.items()})
        raise ValidationError({"limit": [text]})


def _present(budget: Budget, *, at: datetime) -> Tally:
    """Return what the ledger says of the present period."""
    day = timezone.localdate(at)
    return tallies(budget, day=day).get(starts_on(budget.period, day), Tally())


def _save_period(budget: Budget, tally: Tally, *, at: datetime) -> BudgetPeriod:
    columns = {
        "limit_usd": budget.limit_usd,
        "hard": budget.hard,
        "estimated_usd": tally.estimated,
        "held_usd": tally.held,
        "spent_usd": tally.spent,
    }
    first = starts_on(budget.period, timezone.localdate(at))
    saved = BudgetPeriod.objects.update_or_create(budget=budget, starts_on=first, defaults=columns)[0]
    # A new limit has new marks, which may be reached again.
    alarmed = max((percent for percent in ALARMS if percent <= min(saved.alarmed, saved.percent)), default=0)
    BudgetPeriod.objects.filter(pk=saved.pk).update(alarmed=alarmed)
    saved.alarmed = alarmed
    return saved


def _lock_ledger() -> None:
    """Lock the ledger against writers until this transaction ends.

    Writers add an entry first and count it afterwards, so none is missed or counted twice. On SQLite, every transaction
    holds the only write lock.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {LedgerEntry._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def tallies(budget: Budget, *, day: date | None = None) -> dict[date, Tally]:
    """Return what the ledger says of each period, by its first day; only of the period of `day`, if given.

    A task's money counts in the period of its hold, whenever it was charged.
    """
    holds = _holds(budget)
    if day is not None and budget.period != Period.TOTAL:
        holds = holds.filter(day__gte=starts_on(budget.period, day))
    hold_day = LedgerEntry.objects.holds().filter(task=OuterRef("task")).values("day")
    spent = LedgerEntry.objects.spent().filter(task__in=holds.values("task"))
    by_period: dict[date, Tally] = defaultdict(Tally)
    for name, entries in (
        ("estimated", holds.annotate(hold_day=F("day"))),
        ("held", holds.open_holds().annotate(hold_day=F("day"))),
        ("spent", spent.annotate(hold_day=Subquery(hold_day))),
    ):
        for held_on, amount in entries.order_by().values_list("hold_day").annotate(usd=Sum("amount_usd")):
            tally = by_period[starts_on(budget.period, held_on)]
            setattr(tally, name, getattr(tally, name) + four_places(amount))
    return by_period


def _holds(budget: Budget) -> LedgerQuerySet:
    mine = {
        Scope.SITE: Q(),
        Scope.CAMPAIGN: Q(task__campaign=budget.campaign_id),
        Scope.PERSON: Q(task__ordered_by=budget.person_id),
    }[Scope(budget.scope)]
    return LedgerEntry.objects.holds().filter(mine, practice=budget.practice)


def audit() -> list[str]:
    """Return a line for each difference between the counters of budgets and the ledger.

    Orders may come meanwhile, so differences are confirmed with the ledger locked.
    """
    if not list(_differences()):
        return []
    with transaction.atomic():
        _lock_ledger()
        return list(_differences())


def _differences() -> Iterator[str]:
    for budget in Budget.objects.select_related("campaign", "person").prefetch_related("periods").order_by("pk"):
        ledger = tallies(budget)
        periods = {period.starts_on: period for period in budget.periods.all()}
        earliest = min(periods, default=None)
        for missing in sorted(first for first in ledger if earliest and earliest < first and first not in periods):
            yield f"budget {budget.key} {budget.period}: nothing from {missing} is counted, but the ledger has entries"
        for period in periods.values():
            for text in ledger.get(period.starts_on, Tally()).differences(period):
                yield f"budget {budget.key} {budget.period}, {period.words}: {text}"
            if period.hard and period.used_usd > period.limit_usd:
                yield f"budget {budget.key} {budget.period}, {period.words}: {usd(period.used_usd)} is over its limit"

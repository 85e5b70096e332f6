"""Setting the limits of budgets, and the audit of their counters against the ledger."""

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

from generations.formats import usd
from generations.models import Budget, BudgetEvent, BudgetPeriod, Campaign, LedgerEntry, Period, Person, Scope
from generations.models.budgets import ALARMS, LIMIT_MAX, described, starts_on
from generations.models.ledger import FOUR_PLACES, LedgerQuerySet, four_places
from generations.money.budgets import ZERO, alarm


@dataclass(slots=True)
class Tally:
    """What the ledger says of one period."""

    estimated: Decimal = ZERO
    held: Decimal = ZERO
    spent: Decimal = ZERO

    def differences(self, period: BudgetPeriod) -> list[str]:
        """The counters that differ."""
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
    """Make a budget, or change its limit; `hard` None keeps what it is, and a new one is hard.

    The counters of its present period are taken from the ledger.

    Raises: ValidationError at `limit`, with nothing changed, for an amount that is no limit, and for a hard limit below
    what is reserved and spent.
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
        kept = _keep(budget, tally, at=at)
        BudgetEvent.objects.create(budget=budget, at=at, by=by, note=described(budget.limit_usd, hard=budget.hard))
        alarm(kept, at=at)
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
    """Check a limit of this site's money before it is saved.

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
        raise ValidationError({"limit": [f"an amount in USD, not {limit_usd}"]})
    if not 0 <= limit_usd <= LIMIT_MAX:
        raise ValidationError({"limit": [f"0 to {usd(LIMIT_MAX)}, not {limit_usd}"]})
    if limit_usd != limit_usd.quantize(FOUR_PLACES):
        raise ValidationError({"limit": [f"at most four decimal places, not {limit_usd}"]})


def _check_room(budget: Budget, tally: Tally) -> None:
    if budget.hard and budget.limit_usd < tally.held + tally.spent:
        text = (
            f"a hard limit of {usd(budget.limit_usd)} is below what this period has: {usd(tally.held)} reserved + "
            f"{usd(tally.spent)} spent = {usd(tally.held + tally.spent)}; set that much, or let it only warn"
        )
        raise ValidationError({"limit": [text]})


def _present(budget: Budget, *, at: datetime) -> Tally:
    """What the ledger says of the present period."""
    day = timezone.localdate(at)
    return tallies(budget, day=day).get(starts_on(budget.period, day), Tally())


def _keep(budget: Budget, tally: Tally, *, at: datetime) -> BudgetPeriod:
    columns = {
        "limit_usd": budget.limit_usd,
        "hard": budget.hard,
        "estimated_usd": tally.estimated,
        "held_usd": tally.held,
        "spent_usd": tally.spent,
    }
    first = starts_on(budget.period, timezone.localdate(at))
    kept = BudgetPeriod.objects.update_or_create(budget=budget, starts_on=first, defaults=columns)[0]
    # Another limit has other marks: they are alarmed again once they are reached.
    alarmed = max((percent for percent in ALARMS if percent <= min(kept.alarmed, kept.percent)), default=0)
    BudgetPeriod.objects.filter(pk=kept.pk).update(alarmed=alarmed)
    kept.alarmed = alarmed
    return kept


def _lock_ledger() -> None:
    """Lock the ledger against writers until this transaction ends.

    They write their entry first and count it in budgets afterwards, so none is missed or counted twice. On SQLite a
    transaction has the only write lock from its beginning.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {LedgerEntry._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def tallies(budget: Budget, *, day: date | None = None) -> dict[date, Tally]:
    """Return first day of a period -> what the ledger says of it; only the period of `day`, if that is given.

    A task's money counts in the period of its hold, whenever it was charged.
    """
    holds = _holds(budget)
    if day is not None and budget.period != Period.TOTAL:
        holds = holds.filter(day__gte=starts_on(budget.period, day))
    its_day = LedgerEntry.objects.holds().filter(task=OuterRef("task")).values("day")
    spent = LedgerEntry.objects.spent().filter(task__in=holds.values("task"))
    found: dict[date, Tally] = defaultdict(Tally)
    for name, entries in (
        ("estimated", holds.annotate(its_day=F("day"))),
        ("held", holds.open_holds().annotate(its_day=F("day"))),
        ("spent", spent.annotate(its_day=Subquery(its_day))),
    ):
        for hold_day, amount in entries.order_by().values_list("its_day").annotate(usd=Sum("amount_usd")):
            tally = found[starts_on(budget.period, hold_day)]
            setattr(tally, name, getattr(tally, name) + four_places(amount))
    return found


def _holds(budget: Budget) -> LedgerQuerySet:
    mine = {
        Scope.SITE: Q(),
        Scope.CAMPAIGN: Q(task__campaign=budget.campaign_id),
        Scope.PERSON: Q(task__ordered_by=budget.person_id),
    }[Scope(budget.scope)]
    return LedgerEntry.objects.holds().filter(mine, practice=budget.practice)


def audit() -> list[str]:
    """Return where the counters of budgets and the ledger differ, one line each.

    Orders may come while it compares, so differences are compared once more with the ledger locked.
    """
    if not list(_differences()):
        return []
    with transaction.atomic():
        _lock_ledger()
        return list(_differences())


def _differences() -> Iterator[str]:
    for budget in Budget.objects.select_related("campaign", "person").prefetch_related("periods").order_by("pk"):
        said = tallies(budget)
        kept = {period.starts_on: period for period in budget.periods.all()}
        for missing in sorted(first for first in said if first not in kept and first > min(kept, default=first)):
            yield f"budget {budget.key} {budget.period}: money of {missing} is not counted at all"
        for period in kept.values():
            for text in said.get(period.starts_on, Tally()).differences(period):
                yield f"budget {budget.key} {budget.period}, {period.words}: {text}"
            if period.hard and period.used_usd > period.limit_usd:
                yield f"budget {budget.key} {budget.period}, {period.words}: {usd(period.used_usd)} is over its limit"

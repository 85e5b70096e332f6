"""How reliable and fast each provider is: how many orders became stored clips, how soon, and why the others failed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Count, DurationField, ExpressionWrapper, F, Func, IntegerField, Q, QuerySet, Sum
from django.db.models.functions import Cast, Floor
from django.utils import timezone

from generations.models import GenerationTask, Status
from generations.models.ledger import four_places
from generations.reports.spend import Question

ENDS = (Status.STORED, Status.FAILED, Status.LOST)  # the ends of a sent order


class WholeSeconds(Func):
    """A duration in whole seconds: percentiles need groups that both databases count fast."""

    output_field = IntegerField()

    def as_sqlite(self, compiler, connection, **context):  # type: ignore[no-untyped-def]
        return self.as_sql(compiler, connection, template="(%(expressions)s) / 1000000", **context)

    def as_postgresql(self, compiler, connection, **context):  # type: ignore[no-untyped-def]
        return self.as_sql(compiler, connection, template="FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::int", **context)


@dataclass(slots=True)
class Failures:
    count: int = 0
    usd: Decimal = Decimal(0)
    minimum: int = 0  # how many of them have a starting price


@dataclass(slots=True)
class Score:
    """One provider's results for the orders that were sent in a period and have ended since."""

    provider: str
    ends: Counter[str] = field(default_factory=Counter)
    seconds: Counter[int] = field(default_factory=Counter)  # from sending to the stored file
    theirs: Counter[int] = field(default_factory=Counter)  # of these, the provider's by its own clock, if it said so
    ours: Counter[int] = field(default_factory=Counter)  # the rest: until the answer, downloading, verifying
    failures: dict[str, Failures] = field(default_factory=lambda: defaultdict(Failures))
    usd: Decimal = Decimal(0)  # the prices of all ended orders

    @property
    def ended(self) -> int:
        return self.ends.total()

    @property
    def success_percent(self) -> int | None:
        """The percentage of ended orders that were stored, rounded down so that 100 means all; None when none ended."""
        return 100 * self.ends[Status.STORED] // self.ended if self.ended else None

    def share(self, kind: str) -> int:
        """Return how many percent of this provider's failures are of a kind, rounded."""
        return round(100 * self.failures[kind].count / sum(each.count for each in self.failures.values()))

    def share_of_money(self, kind: str) -> int | None:
        """Return the price of failures of a kind as a percentage of all ended orders' prices; None when these are 0."""
        return round(100 * self.failures[kind].usd / self.usd) if self.usd else None


def percentile(taken: Counter[int], percent: int) -> int | None:
    """Return the seconds within which this percentage of the clips came; None for no clip."""
    left = -(-taken.total() * percent // 100)
    for seconds, n in sorted(taken.items()):
        left -= n
        if left <= 0:
            return seconds
    return None


def scores(question: Question) -> list[Score]:
    """Return a score for each provider that was sent an order on these days."""
    by_provider: dict[str, Score] = {}
    taken = WholeSeconds(ExpressionWrapper(F("stored_at") - F("submitted_at"), DurationField()))
    rows = (
        sent(question)
        .filter(status__in=ENDS)
        .annotate(taken=taken, theirs=Cast(Floor("remote_seconds"), IntegerField()))
        .values_list("provider", "status", "error_kind", "taken", "theirs")
        .annotate(n=Count("id"), usd=Sum("price_usd"), minimum=Count("id", filter=Q(price_is_minimum=True)))
    )
    for provider, status, kind, seconds, theirs, n, usd, minimum in rows:
        score = by_provider.setdefault(provider, Score(provider))
        score.ends[status] += n
        score.usd += four_places(usd)
        if status == Status.STORED:
            score.seconds[seconds or 0] += n
            if theirs is not None:
                score.theirs[theirs] += n
                score.ours[max(0, (seconds or 0) - theirs)] += n
        else:
            failures = score.failures["lost" if status == Status.LOST else kind or "unknown"]
            failures.count += n
            failures.usd += four_places(usd)
            failures.minimum += minimum
    return sorted(by_provider.values(), key=lambda score: score.provider)


def sent(question: Question) -> QuerySet[GenerationTask]:
    """Select the tasks that were sent on these days."""
    begin, end = moments(question)
    tasks = GenerationTask.objects.filter(question.of_tasks(), practice=question.practice).order_by()
    return tasks.filter(submitted_at__gte=begin, submitted_at__lt=end)


def moments(question: Question) -> tuple[datetime, datetime]:
    """Return when the first day begins and when the last one ends, in the site's time zone."""
    return _midnight(question.first), _midnight(question.last + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))

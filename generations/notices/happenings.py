"""Find what happened, in the rows of tasks, batches, budgets and pauses; every function may find the same again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, F, Max, OuterRef

from generations.formats import exact
from generations.models import (
    Batch,
    BudgetEvent,
    GenerationTask,
    Happening,
    NoticeKind,
    Pause,
    Status,
    TaskEvent,
)
from generations.models.statuses import ACTIVE, RESTING
from generations.reports.batches import figures

REASON_LENGTH = 300
PAUSES_TOLD = timedelta(days=1)  # an older pause was told, or began before there were notices
TROUBLE = (Status.FAILED, Status.UNCONFIRMED, Status.LOST)


@dataclass(frozen=True, slots=True)
class Found:
    """A happening that is not written yet, the people that it names, and who did it."""

    happening: Happening
    people: tuple[int | None, ...] = ()
    by: int | None = None


def of_tasks(after: int) -> Iterator[Found]:
    """Find orders that failed or need a person, and batches that ended, in the events after a number."""
    events = TaskEvent.objects.filter(pk__gt=after, task__practice=settings.PRACTICE).exclude(was=F("now"))
    # What has moved on meanwhile needs nobody any more.
    troubles = events.filter(now__in=TROUBLE, task__status=F("now"))
    found = list(troubles.select_related("task__prompt", "task__order_batch"))
    sizes = _sizes(event.task.order_batch_id for event in found)
    for event in found:
        yield Found(_trouble(event, sizes), (event.task.ordered_by_id,), event.by_id)
    yield from _batches({
        row["task__order_batch"]: row["at"]
        for row in events.filter(now__in=RESTING, task__order_batch__isnull=False).order_by()
        .values("task__order_batch").annotate(at=Max("at"))
    })  # fmt: skip


def of_budgets(after: int) -> Iterator[Found]:
    """Find the alarms of this site's budgets in the events after a number."""
    events = BudgetEvent.objects.filter(pk__gt=after, percent__isnull=False, budget__practice=settings.PRACTICE)
    for event in events.order_by("pk").select_related("period", "budget__campaign", "budget__person"):
        budget, period = event.budget, event.period
        if budget is None:  # deleted just now
            continue
        facts = {
            "name": str(period or budget),
            "percent": event.percent,
            "limit_usd": exact(period.limit_usd if period else budget.limit_usd),
        }
        happening = Happening(
            key=f"budget-event:{event.pk}", kind=NoticeKind.BUDGET, at=event.at, page="budget", row=budget.pk,
            campaign=budget.campaign, facts=facts,
        )  # fmt: skip
        yield Found(happening, (budget.person_id,))


def of_pauses(at: datetime) -> Iterator[Found]:
    """Find the pauses of orders that began lately."""
    for pause in Pause.objects.filter(paused_at__gte=at - PAUSES_TOLD):
        facts = {"provider": pause.provider, "model": pause.model, "reason": pause.why[:REASON_LENGTH]}
        happening = Happening(
            key=f"pause:{pause.pk}", kind=NoticeKind.PAUSE, at=pause.paused_at, page="pauses", facts=facts
        )
        yield Found(happening, by=pause.paused_by_id)


def _sizes(batches: Iterable[int | None]) -> dict[int, int]:
    """Return how many orders each of these batches has."""
    rows = GenerationTask.objects.filter(order_batch__in={batch for batch in batches if batch}).order_by()
    return dict(rows.values_list("order_batch").annotate(n=Count("pk")))


def _trouble(event: TaskEvent, sizes: dict[int, int]) -> Happening:
    """Return what an event says; the failures of a batch are told once for each size that it has."""
    task, batch = event.task, event.task.order_batch
    is_failure = event.now == Status.FAILED
    facts = {
        "name": task.prompt.name,
        "task": task.pk,
        "state": event.now,
        "error_kind": task.error_kind,
        "reason": (task.error_message or event.reason)[:REASON_LENGTH],
    }
    happening = Happening(
        key=f"event:{event.pk}", kind=NoticeKind.FAILED if is_failure else NoticeKind.UNDECIDED, at=event.at,
        page="task", row=task.pk, campaign_id=task.campaign_id, facts=facts,
    )  # fmt: skip
    if batch and is_failure:
        happening.key, happening.page, happening.row = f"batch:{batch.pk}:{sizes[batch.pk]}:failed", "batch", batch.pk
        facts["batch_name"] = batch.name
    return happening


def _batches(ended: dict[int, datetime]) -> Iterator[Found]:
    """Find which of these batches have no order under way; one that got further orders ends once more."""
    active = GenerationTask.objects.filter(order_batch=OuterRef("pk"), status__in=ACTIVE)
    batches = Batch.objects.filter(pk__in=ended).exclude(Exists(active))
    batches = batches.annotate(size=Count("tasks"), campaign=Max("tasks__campaign"))
    found = figures(batches)
    for batch in batches:
        numbers = found[batch.pk]
        failed = numbers.states[Status.FAILED] + numbers.states[Status.LOST]
        if not numbers.stored and not failed:  # a person canceled all of it
            continue
        facts = {"name": batch.name, "clips": numbers.total, "stored": numbers.stored, "failed": failed}
        happening = Happening(
            key=f"batch:{batch.pk}:{batch.size}", kind=NoticeKind.BATCH, at=ended[batch.pk], page="batch", row=batch.pk,
            campaign_id=batch.campaign, facts=facts,
        )  # fmt: skip
        yield Found(happening, (batch.by_id,))

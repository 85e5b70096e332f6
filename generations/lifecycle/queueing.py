"""What people change of the orders that wait to be sent: which go first, and that many do not go at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Min

from generations.lifecycle import ordering
from generations.models import GenerationTask, Person, Status, TaskEvent
from generations.models.task_queries import TaskQuerySet
from generations.money import budgets

PORTION = 100  # orders that one transaction cancels: so long does the worker wait for the database


def move_to_front(tasks: TaskQuerySet, *, at: datetime, by: Person | None) -> int:
    """Have these orders sent before all others that wait, in their own order; return how many still waited."""
    with transaction.atomic():
        highest = _waiting().aggregate(value=Max("priority"))["value"] or 0
        return _set_priority(tasks, highest + 1, "moved to the front of the queue", at=at, by=by)


def move_to_back(tasks: TaskQuerySet, *, at: datetime, by: Person | None) -> int:
    """Have these orders sent after all others that wait, in their own order; return how many still waited."""
    with transaction.atomic():
        lowest = _waiting().aggregate(value=Min("priority"))["value"] or 0
        return _set_priority(tasks, lowest - 1, "moved to the back of the queue", at=at, by=by)


def _waiting() -> TaskQuerySet:
    return GenerationTask.objects.of_this_site().filter(status=Status.QUEUED).order_by()


def _set_priority(tasks: TaskQuerySet, priority: int, reason: str, *, at: datetime, by: Person | None) -> int:
    queued = tasks.filter(status=Status.QUEUED).order_by("pk")
    moved = list(queued.select_for_update().values_list("pk", flat=True))
    GenerationTask.objects.filter(pk__in=moved, status=Status.QUEUED).update(priority=priority)
    TaskEvent.objects.bulk_create(
        TaskEvent(task_id=pk, at=at, by=by, was=Status.QUEUED, now=Status.QUEUED, reason=reason) for pk in moved
    )
    return len(moved)


def cancel_many(ids: Sequence[int], *, at: datetime, by: Person | None) -> list[GenerationTask]:
    """Cancel orders in this order, a portion in each transaction; return those that were not sent before."""
    canceled: list[GenerationTask] = []
    for start in range(0, len(ids), PORTION):
        portion = ids[start : start + PORTION]
        with transaction.atomic(), budgets.deferred_counters():
            tasks = GenerationTask.objects.in_bulk(portion)
            canceled += [tasks[pk] for pk in portion if pk in tasks and ordering.cancel(tasks[pk], at=at, by=by)]
    return canceled

"""Enqueue the downloads of finished tasks: first those whose link ends soon, and no more than workers take soon."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from generations import wakeups
from generations.lifecycle.polling import mark_lost_if_expired
from generations.lifecycle.saving import MAX_CRASHES, SET_ASIDE, lease_of
from generations.models import GenerationTask, Lease, Status

logger = logging.getLogger(__name__)

REENQUEUE_AFTER = timedelta(seconds=30)  # a lost job is enqueued again after this long
RECHECK_AFTER = timedelta(seconds=5)  # while a worker holds its lease, or the queue is long
QUEUE_MAX = 100  # waiting jobs; more would only wait there, and be enqueued again and again
URGENT_WITHIN = timedelta(hours=1)  # of the end of a link: its job is served before others, with time for two tries
ASIDE = timedelta(hours=1)
# All that is to be known of a task, unless a worker died of it.
COLUMNS = ("status", "due_at", "crash_count", "source_expires_at")


def enqueue_due_saves(tasks: Sequence[GenerationTask], *, at: datetime) -> None:
    """Enqueue the saving of finished tasks that are due, and again if no worker takes it.

    After three workers in a row died while saving a clip, it is set aside for an hour before its next try.
    """
    crashed = [task for task in tasks if task.crash_count >= MAX_CRASHES]
    pending = {task.pk: task for task in tasks if task.crash_count < MAX_CRASHES}
    in_work = Lease.objects.held(lease_of(pk) for pk in pending)
    idle = [task for task in pending.values() if lease_of(task.pk) not in in_work]
    urgent = [task.pk for task in idle if _is_urgent(task, at=at)]
    ordinary = [task.pk for task in idle if not _is_urgent(task, at=at)]
    room = max(0, QUEUE_MAX - wakeups.count_waiting()) if ordinary else 0
    now = [*urgent, *ordinary[:room]]
    due = GenerationTask.objects.due(at=at).filter(status=Status.READY, urls_died=False)
    due.filter(pk__in=now).update(due_at=at + REENQUEUE_AFTER)
    due.filter(pk__in=pending.keys() - set(now)).update(due_at=at + RECHECK_AFTER)
    for pk in now:
        wakeups.enqueue_save(pk, urgent=pk in urgent)
    for task in crashed:
        _set_aside_or_try_again(task, at=at)


def _is_urgent(task: GenerationTask, *, at: datetime) -> bool:
    return bool(task.source_expires_at and task.source_expires_at < at + URGENT_WITHIN)


def _set_aside_or_try_again(task: GenerationTask, *, at: datetime) -> None:
    if Lease.objects.is_held(lease_of(task.pk)):
        task.put_off(due_at=at + RECHECK_AFTER, crash_count=task.crash_count)
    elif task.error_kind == SET_ASIDE:  # the hour has passed
        if task.put_off(due_at=at + REENQUEUE_AFTER, crash_count=MAX_CRASHES - 1, error_kind=""):
            wakeups.enqueue_save(task.pk, urgent=_is_urgent(task, at=at))
    elif not mark_lost_if_expired(task, "its worker died each time", at=at):
        why = f"a worker died {task.crash_count} times in a row while saving this clip; the next try is in an hour"
        if task.put_off(due_at=at + ASIDE, crash_count=task.crash_count, error_kind=SET_ASIDE, error_message=why):
            logger.error("task %s: %s", task.pk, why)
            task.note(why, at=at)


def reenqueue_pending_saves(*, at: datetime) -> None:
    """Re-enqueue pending downloads after a restart, which may have lost their jobs."""
    ready = GenerationTask.objects.of_this_site().filter(status=Status.READY, urls_died=False)
    ready.filter(due_at__range=(at, at + REENQUEUE_AFTER)).update(due_at=at)

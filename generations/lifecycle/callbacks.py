"""Record callbacks: each makes its task due for a poll, whose answer counts."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from generations.lifecycle import late_words
from generations.lifecycle.polling import propose_id
from generations.models import Delivery, GenerationTask, Status
from generations.models.statuses import RELEASED, RESTING, LateWord
from generations.models.task_queries import BUSY_WITH_CANDIDATE

logger = logging.getLogger(__name__)

MOST_KEPT = 20  # of one task; a provider sends four at most
SOON = timedelta(seconds=10)  # until the poll that a callback asks for which is not kept


def record_callback(
    task: GenerationTask, body: str, *, digest: str, named: str, at: datetime, is_done: bool = False
) -> None:
    """Store a callback and make its task due; the poll decides, not the callback's state and files.

    `digest` identifies a delivery, `named` is the task id in it, or empty, and `is_done` whether it says that the clip
    was made. One for which there is no room is not kept: it has the task polled soon, and its id checked where no other
    one is.
    """
    polled_soon = task.due_at is None or task.due_at <= at + SOON
    if task.remote_id and polled_soon and not has_room(task):
        return  # it changes nothing, so no lock is taken for it
    with transaction.atomic():
        task = GenerationTask.objects.select_for_update(no_key=True).get(pk=task.pk)
        if task.deliveries.filter(digest=digest).exists():
            return
        is_kept = has_room(task)
        if is_kept:
            Delivery.objects.create(task=task, received_at=at, digest=digest, body=body)
        if named and not task.remote_id and (is_kept or task.candidate_id in ("", named)):
            mine = GenerationTask.objects.filter(pk=task.pk).exclude(candidate_id=named)
            if propose_id(mine, named) and task.is_active:
                task.note(f"a callback gives its id as {named}: to be checked with {task.provider_name}", at=at)
            _warn_if_closed(task, named, at=at)
        if is_done and task.send_count and task.status in RELEASED and task.late_word is None:
            late_words.record_word(task, LateWord.DONE)
            task.note(f"a callback says that it succeeded: {task.provider_name} may have billed it after all", at=at)
        due_at = at if is_kept else at + SOON
        later = GenerationTask.objects.filter(pk=task.pk, due_at__gt=due_at)
        polled = later.filter(status=Status.RUNNING) | later.filter(status=Status.UNCONFIRMED, candidate_id=named)
        polled |= later.filter(BUSY_WITH_CANDIDATE, candidate_id=named)
        polled.update(due_at=due_at)


def has_room(task: GenerationTask) -> bool:
    """Return whether one more callback is kept: MOST_KEPT in all, and the first after the task's end."""
    if task.status in RESTING:
        end = task.events.filter(now=task.status).exclude(was=task.status).last()
        later = task.deliveries.filter(received_at__gte=end.at) if end else task.deliveries.all()
        if later.exists():
            return False
    return task.deliveries.count() < MOST_KEPT


def _warn_if_closed(task: GenerationTask, named: str, *, at: datetime) -> None:
    """Warn once for each id that an order that was closed as not accepted may be made and billed after all."""
    if task.send_count and task.status in (Status.FAILED, Status.CANCELED):
        warning = f"a callback gives its id as {named}: {task.provider_name} may have accepted and billed it after all"
        if not task.events.filter(reason=warning).exists():
            logger.error("task %s is %s, but a callback gives its id as %s", task.pk, task.status, named)
            task.note(warning, at=at)

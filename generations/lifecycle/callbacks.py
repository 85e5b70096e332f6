"""Record callbacks: each makes its task due for a poll, whose answer counts."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from generations.lifecycle.polling import propose_id
from generations.models import Delivery, GenerationTask, Status
from generations.models.task_queries import BUSY_WITH_CANDIDATE

logger = logging.getLogger(__name__)


def record_callback(task: GenerationTask, body: str, *, digest: str, named: str, at: datetime) -> None:
    """Store a callback and make its task due; the poll decides, not the callback's state and files.

    `digest` identifies a delivery, `named` is the task id in it, or empty.
    """
    with transaction.atomic():
        before = Delivery.objects.filter(task=task, digest=digest).exists()
        fresh = [] if before else [Delivery(task=task, received_at=at, digest=digest, body=body)]
        Delivery.objects.bulk_create(fresh, ignore_conflicts=True)
        if fresh and named and not task.remote_id:
            mine = GenerationTask.objects.filter(pk=task.pk).exclude(candidate_id=named)
            if propose_id(mine, named) and task.is_active:
                task.note(f"a callback gives its id as {named}: to be checked with {task.provider_name}", at=at)
            _warn_if_closed(task, named, at=at)
        later = GenerationTask.objects.filter(pk=task.pk, due_at__gt=at)
        polled = later.filter(status=Status.RUNNING) | later.filter(status=Status.UNCONFIRMED, candidate_id=named)
        polled |= later.filter(BUSY_WITH_CANDIDATE, candidate_id=named)
        if fresh:
            polled.update(due_at=at)


def _warn_if_closed(task: GenerationTask, named: str, *, at: datetime) -> None:
    """Warn that an order that was closed as not accepted may be made and billed after all."""
    if task.send_count and task.status in (Status.FAILED, Status.CANCELED):
        logger.error("task %s is %s, but a callback gives its id as %s", task.pk, task.status, named)
        name = task.provider_name
        task.note(f"a callback gives its id as {named}: {name} may have accepted and billed it after all", at=at)

"""Select the tasks that need a person: unconfirmed, lost, not downloadable, or running far too long."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q

from generations.lifecycle.saving import SET_ASIDE
from generations.models import GenerationTask, Status
from generations.models.statuses import LateWord

NEEDS_DECISION = (Status.UNCONFIRMED, Status.LOST)
# Charged, but its download keeps failing.
UNSAVED = Q(status=Status.READY) & (Q(failures__gte=3) | Q(error_kind=SET_ASIDE))
# A person closed it as not accepted, and a callback named it later.
CLOSED = Q(status__in=[Status.FAILED, Status.CANCELED])
ACCEPTED_AFTER_ALL = CLOSED & Q(remote_id=None, send_count__gt=0, late_word=None) & ~Q(candidate_id="")
# Its money was settled, and the provider says the opposite later.
CONTRADICTED = Q(late_word__isnull=False) & Q(late_word__in=[LateWord.DONE, LateWord.FAILED])
KIND = ("provider", "model", "mode", "duration_seconds")  # what decides how long a task may take
AT_THE_PROVIDER = (Status.SUBMITTING, Status.RUNNING, Status.READY)


def overdue_ids(*, at: datetime) -> list[int]:
    """Return the running tasks that have taken longer than twice their documented time."""
    running = GenerationTask.objects.filter(status=Status.RUNNING).order_by()
    sent: dict[tuple[Any, ...], list[tuple[int, datetime | None]]] = defaultdict(list)
    for pk, submitted_at, *kind in running.values_list("pk", "submitted_at", *KIND):
        sent[tuple(kind)].append((pk, submitted_at))
    overdue = []
    for kind, tasks in sent.items():
        task = GenerationTask(**dict(zip(KIND, kind, strict=True)))
        patience = task.patience(scale=settings.WAIT_SCALE)
        overdue += [pk for pk, submitted_at in tasks if submitted_at and at - submitted_at > patience]
    return overdue


def was_accepted_after_all(task: GenerationTask) -> bool:
    """Return whether a task is one of `ACCEPTED_AFTER_ALL`."""
    closed = task.status in (Status.FAILED, Status.CANCELED) and task.remote_id is None and task.late_word is None
    return closed and task.send_count > 0 and bool(task.candidate_id)


def needs_a_person(overdue: list[int]) -> Q:
    """Return the condition for tasks that a person must decide about; `overdue` are those of `overdue_ids`."""
    return Q(status__in=NEEDS_DECISION) | UNSAVED | ACCEPTED_AFTER_ALL | CONTRADICTED | Q(pk__in=overdue)

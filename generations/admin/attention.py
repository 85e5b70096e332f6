"""Which tasks need a person: undecided, lost, not to be stored, or running far longer than documented."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from generations.lifecycle.saving import SET_ASIDE
from generations.models import GenerationTask, Status

NEEDS_DECISION = (Status.UNCONFIRMED, Status.LOST)
UNSAVED = Q(status=Status.READY) & (Q(failures__gte=3) | Q(error_kind=SET_ASIDE))  # paid, and its file does not come
# Closed as never accepted, then a callback named it.
NAMED_TOO_LATE = Q(status__in=[Status.FAILED, Status.CANCELED], remote_id=None, send_count__gt=0) & ~Q(candidate_id="")
AT_THE_PROVIDER = (Status.SUBMITTING, Status.RUNNING, Status.READY)
COLUMNS = ("status", "submitted_at", "provider", "model", "mode", "duration_seconds")


def overdue_ids(*, at: datetime) -> list[int]:
    """The running tasks that have taken longer than twice their documented time."""
    running = GenerationTask.objects.filter(status=Status.RUNNING).only(*COLUMNS)
    return [task.pk for task in running if task.overdue_seconds(at=at, scale=settings.WAIT_SCALE)]


def needs_a_person(*, at: datetime) -> Q:
    """A condition for the tasks that somebody should look at."""
    return Q(status__in=NEEDS_DECISION) | UNSAVED | NAMED_TOO_LATE | Q(pk__in=overdue_ids(at=at))

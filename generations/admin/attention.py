"""Select the tasks that need a person: unconfirmed, lost, not downloadable, or running far too long."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from generations.lifecycle.saving import SET_ASIDE
from generations.models import GenerationTask, Status

NEEDS_DECISION = (Status.UNCONFIRMED, Status.LOST)
UNSAVED = Q(status=Status.READY) & (
    Q(failures__gte=3) | Q(error_kind=SET_ASIDE)
)  # charged, but its download keeps failing
# A person closed it as not accepted, and a callback named it later.
ACCEPTED_AFTER_ALL = Q(status__in=[Status.FAILED, Status.CANCELED], remote_id=None, send_count__gt=0) & ~Q(
    candidate_id=""
)
AT_THE_PROVIDER = (Status.SUBMITTING, Status.RUNNING, Status.READY)
COLUMNS = ("status", "submitted_at", "provider", "model", "mode", "duration_seconds")


def overdue_ids(*, at: datetime) -> list[int]:
    """Return the running tasks that have taken longer than twice their documented time."""
    running = GenerationTask.objects.filter(status=Status.RUNNING).only(*COLUMNS)
    return [task.pk for task in running if task.overdue_seconds(at=at, scale=settings.WAIT_SCALE)]


def needs_a_person(*, at: datetime) -> Q:
    """Return the condition for tasks that a person must decide about."""
    return Q(status__in=NEEDS_DECISION) | UNSAVED | ACCEPTED_AFTER_ALL | Q(pk__in=overdue_ids(at=at))

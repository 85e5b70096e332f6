"""Enqueue jobs for the worker.

A job says only "run"; the rows say what to do, so a lost or doubled job changes nothing. This module lies below the
lifecycle: a row and its job are committed together.
"""

from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

# Keys of the queue beside its ordinary one: the broker serves the first before all others, the second after them.
URGENT = "urgent"
BACKGROUND = "background"


def request_heartbeat() -> None:
    """Enqueue a heartbeat, which the next free worker records."""
    async_task("generations.worker.jobs.heartbeat", save=False, cluster=URGENT)


def enqueue_reconcile() -> None:
    """Enqueue the next slice of the daily comparison of rows and files."""
    async_task("generations.worker.jobs.reconcile", cluster=BACKGROUND)


def enqueue_save(task_id: int, *, urgent: bool = False) -> None:
    """Enqueue the download of a finished task's clips."""
    async_task("generations.worker.jobs.save", task_id, **({"cluster": URGENT} if urgent else {}))


def enqueue_background() -> None:
    """Enqueue a slice of background work, unless one waits already."""
    if not OrmQ.objects.filter(key=BACKGROUND, lock__lte=timezone.now()).exists():
        async_task("generations.worker.jobs.background", cluster=BACKGROUND)


def enqueue_notices() -> None:
    """Enqueue a run that sends webhooks and digests which are due."""
    async_task("generations.worker.jobs.send_notices", cluster=BACKGROUND)


def count_waiting() -> int:
    """Count the ordinary jobs that no worker has taken yet: neither urgent ones nor background work."""
    return int(OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lte=timezone.now()).count())

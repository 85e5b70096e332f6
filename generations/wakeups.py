"""Enqueue jobs for the worker.

A job says only "run"; the rows say what to do, so a lost or doubled job changes nothing. This module lies below the
lifecycle: a row and its job are committed together.
"""

from django_q.tasks import async_task

CONDUCT = "generations.worker.jobs.conduct"


def wake_conductor() -> None:
    """Enqueue a run of the conductor."""
    async_task(CONDUCT)


def request_heartbeat() -> None:
    """Enqueue a heartbeat, which any free worker records."""
    async_task("generations.worker.jobs.heartbeat", save=False)


def enqueue_reconcile() -> None:
    """Enqueue the next slice of the daily comparison of rows and files."""
    async_task("generations.worker.jobs.reconcile")


def enqueue_save(task_id: int) -> None:
    """Enqueue the download of a finished task's clips."""
    async_task("generations.worker.jobs.save", task_id)

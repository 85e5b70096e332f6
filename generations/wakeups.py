"""Rings for the worker: "look". It lies below the lifecycle, so that a row and its ring commit together."""

from django_q.tasks import async_task

CONDUCT = "generations.worker.jobs.conduct"


def wake_conductor() -> None:
    """Ask for a look at what is due. Lost or doubled rings break nothing: the rows say what to do."""
    async_task(CONDUCT)


def request_heartbeat() -> None:
    """Ask whichever worker hears it for a sign of life."""
    async_task("generations.worker.jobs.heartbeat", save=False)


def enqueue_reconcile() -> None:
    """Ask for the next slice of the daily comparison of rows and files."""
    async_task("generations.worker.jobs.reconcile")


def enqueue_save(task_id: int) -> None:
    """Ask for a finished task's files to be fetched."""
    async_task("generations.worker.jobs.save", task_id)

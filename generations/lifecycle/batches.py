"""What is done to a batch as a whole: cancel what waits of it, and order again what failed or was canceled."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from generations.lifecycle import queueing, retries
from generations.lifecycle.ordering import OrderRequest
from generations.models import Batch, GenerationTask, Person, Status

FAILED = (Status.FAILED, Status.LOST)
CANCELED = (Status.CANCELED,)


def waiting(batch: Batch) -> QuerySet[GenerationTask]:
    """Return the orders of a batch that were not sent yet."""
    return batch.tasks.filter(status=Status.QUEUED).order_by("pk")


def cancel_waiting(batch: Batch, *, at: datetime, by: Person | None) -> list[GenerationTask]:
    """Cancel the orders of a batch that were not sent yet; the others are made and charged."""
    return queueing.cancel_many(list(waiting(batch).values_list("pk", flat=True)), at=at, by=by)


def order_again(batch: Batch, statuses: tuple[Status, ...], *, at_most: int) -> list[OrderRequest]:
    """Return requests for the first orders of a batch that ended so and that nothing stands in for yet."""
    tasks = batch.tasks.not_ordered_again().filter(status__in=statuses).order_by("pk")
    rows = tasks.select_related("prompt", "campaign", "start_image", "end_image", "shot")
    return [retries.retry(task) for task in rows[:at_most]]

"""Approve or reject stored clips, and cancel the takes that are no longer needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from generations.lifecycle.ordering import cancel
from generations.models import GenerationTask, Person, Review, Status, Video

WORDS = {
    Review.APPROVED: "clip {} was approved",
    Review.REJECTED: "clip {} was rejected",
    Review.UNDECIDED: "the decision on clip {} was cleared",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """The result of a decision: whether it changed anything, and the takes that it canceled."""

    changed: bool
    canceled: tuple[GenerationTask, ...] = ()

    @property
    def saved_usd(self) -> Decimal | None:
        """What the canceled takes would have cost, in USD; None when a price is unknown."""
        prices = [task.price_usd for task in self.canceled]
        known = [price for price in prices if price is not None]
        return sum(known, Decimal(0)) if len(known) == len(prices) else None

    @property
    def saved_is_minimum(self) -> bool:
        """Whether one of them has a starting price, so that it may have cost more."""
        return any(task.price_is_minimum for task in self.canceled)


def judge(video: Video, verdict: Review, *, at: datetime, by: Person | None, stop: bool = False) -> Judged:
    """Approve a clip, reject it, or clear the decision; the same decision twice changes nothing.

    An approval cancels the takes of the same order that were not sent, if they were ordered so or if `stop` says so.
    """
    decided = verdict != Review.UNDECIDED
    with transaction.atomic():
        row = Video.objects.filter(pk=video.pk).exclude(review=verdict)
        changed = row.update(review=verdict, reviewed_at=at if decided else None, reviewed_by=by if decided else None)
        if changed:
            video.task.note(WORDS[verdict].format(video.pk), at=at, by=by)
    stops = verdict == Review.APPROVED and (stop or video.task.stops_when_approved)
    return Judged(bool(changed), cancel_waiting(video.task, at=at, by=by) if stops else ())


def waiting(task: GenerationTask) -> QuerySet[GenerationTask]:
    """Return the other takes of its order that were not sent yet."""
    return GenerationTask.objects.filter(batch=task.batch, status=Status.QUEUED).exclude(pk=task.pk).order_by("take")


def cancel_waiting(task: GenerationTask, *, at: datetime, by: Person | None) -> tuple[GenerationTask, ...]:
    """Cancel the other takes of its order that were not sent yet; the others are made and charged."""
    return tuple(other for other in waiting(task) if cancel(other, at=at, by=by))

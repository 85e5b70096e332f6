"""An accepted order at its provider: asked for until it is finished, failed or lost.

An `Ask` talks HTTP and touches no database; `settle_report` writes and talks to nobody.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from generations import costs, doorbell
from generations.asking import NO_ERROR, REMIND, Ask, Outcome, backoff
from generations.models import Delivery, DeliveryMode, GenerationTask, Status
from generations.providers import get_provider
from generations.providers.base import RemoteState, Report
from generations.providers.errors import ProviderError

logger = logging.getLogger(__name__)

LOOK_LEASE = timedelta(seconds=45)  # shorter than the slowest answer: asking twice is free, a dead worker is not
UNSEEN_GRACE_SECONDS = 90.0  # how long "no such task" may follow an order that was accepted
UNSEEN_ASKS = 5  # and how often it must have been said: under a low rate limit the grace holds few questions
OVERDUE_SHARE = 0.1  # a long overdue task is asked again after a tenth of its delay
OVERDUE_MAX_SECONDS = 3600.0
CALLBACK_PATIENCE = 6  # times the documented interval: where a callback is expected, polling is the safety net
WATCHED = (Status.RUNNING, Status.READY, Status.LOST, Status.UNCONFIRMED)


def look(task: GenerationTask, *, at: datetime) -> Ask | None:
    """Claim a row whose state at the provider is to be asked."""
    if not task.put_off(due_at=at + LOOK_LEASE, asks=task.asks + 1):
        return None
    provider, model, remote_id = get_provider(task.provider), task.model, task.remote_id or task.candidate_id
    return Ask(task.pk, task.provider, False, task.attempts, lambda: provider.fetch(model=model, remote_id=remote_id))


def settle_report(task_id: int, outcome: Outcome, *, at: datetime, pace_seconds: float = 0.0) -> None:
    """Write what the provider says of a task; `pace_seconds` is the shortest interval its rate limit allows."""
    task = GenerationTask.objects.get(pk=task_id)
    if task.status not in WATCHED:
        _too_late(task, outcome, at=at)
    elif task.status == Status.UNCONFIRMED:
        _adopt(task, outcome, at=at)
    elif isinstance(outcome, ProviderError):
        _ask_later(task, str(outcome), at=at)
    elif isinstance(outcome, Report):
        REPORTED[outcome.state](task, outcome, at=at, pace_seconds=pace_seconds)


def _adopt(task: GenerationTask, outcome: Outcome, *, at: datetime) -> None:
    """An order whose answer was lost, and the id that its callback gave: believed when the provider knows it too."""
    named = task.candidate_id
    if isinstance(outcome, ProviderError):
        _ask_later(task, str(outcome), at=at)
    elif isinstance(outcome, Report) and outcome.state is not RemoteState.UNSEEN and named:
        why = f"its callback named it {named}, and {task.provider} knows that task"
        try:
            with transaction.atomic():
                task.move(Status.RUNNING, why, at=at, due_at=at, remote_id=named, failures=0, **NO_ERROR)
        except IntegrityError:
            task.note(f"its callback named it {named}, which is another task's id", at=at)
            task.put_off(due_at=at + REMIND, candidate_id="")
    else:
        task.note(f"a callback named it {named}, which {task.provider} does not know", at=at)
        task.put_off(due_at=at + REMIND, candidate_id="")


def _too_late(task: GenerationTask, outcome: Outcome, *, at: datetime) -> None:
    """An ended task stays as it is; only a clip that turns up after all is worth a person's look."""
    if isinstance(outcome, Report) and outcome.state is RemoteState.DONE and task.status == Status.FAILED:
        logger.error("task %s failed, and %s now says that it succeeded", task.pk, task.provider)
        task.note(f"{task.provider} now says that it succeeded: {' '.join(outcome.result_urls)}", at=at)


def _working(task: GenerationTask, report: Report, *, at: datetime, pace_seconds: float) -> None:
    wait = max(interval_seconds(task, at=at), pace_seconds)
    changes = {"remote_state": report.raw_state, "unseen_since": None, "failures": 0, "error_message": ""}
    task.put_off(due_at=at + timedelta(seconds=wait), **changes)


def _done(task: GenerationTask, report: Report, *, at: datetime, pace_seconds: float) -> None:
    fresh: dict[str, Any] = {
        "result_urls": list(report.result_urls), "urls_died": False, "remote_state": report.raw_state,
        "unseen_since": None,
    }  # fmt: skip
    if task.status == Status.READY:  # its URLs had died, and these are the fresh ones
        task.put_off(due_at=at, **fresh)
        return
    offer = task.offer
    life = timedelta(seconds=offer.result_life_seconds if offer else 0)
    with transaction.atomic():
        was_lost = task.status == Status.LOST
        expires_at = task.source_expires_at if was_lost and task.source_expires_at else at + life
        moved = task.move(
            Status.READY, f"finished, {len(report.result_urls)} to fetch", at=at, due_at=at,
            finished_at=task.finished_at or at, source_expires_at=expires_at, failures=0, **fresh, **NO_ERROR,
        )  # fmt: skip
        if moved:
            costs.charge(task, at=at, note="the clip was made")


def _failed(task: GenerationTask, report: Report, *, at: datetime, pace_seconds: float) -> None:
    words = ": ".join(part for part in (report.error_code, report.error_message) if part) or "no reason given"
    if task.status == Status.LOST:
        task.note(f"asked again: {task.provider} says that it failed: {words}", at=at)
        task.put_off(due_at=None)
        return
    if task.status != Status.RUNNING:
        _ask_later(task, f"{task.provider} now says failed: {words}", at=at)
        return
    with transaction.atomic():
        moved = task.move(
            Status.FAILED, f"{task.provider} failed: {words}", at=at, finished_at=at, remote_state=report.raw_state,
            error_kind=report.error_kind, error_code=report.error_code, error_message=report.error_message or words,
        )  # fmt: skip
        if moved:
            costs.release(task, at=at, note="failed; billed per generated video")


def _unseen(task: GenerationTask, report: Report, *, at: datetime, pace_seconds: float) -> None:
    """Not visible yet, at first; lost when it stays so."""
    since = task.unseen_since or at
    grace = timedelta(seconds=UNSEEN_GRACE_SECONDS * settings.WAIT_SCALE)
    patient = task.failures + 1 < UNSEEN_ASKS or at - max(since, task.submitted_at or since) < grace
    if task.status == Status.LOST:
        task.note(f"asked again: {task.provider} does not know it", at=at)
        task.put_off(due_at=None)
    elif patient:
        wait = max(interval_seconds(task, at=at), pace_seconds)
        changes = {"unseen_since": since, "failures": task.failures + 1, "remote_state": report.raw_state}
        task.put_off(due_at=at + timedelta(seconds=wait), **changes)
    else:
        lose(task, f"{task.provider} no longer knows {task.remote_id}", at=at)


def lose(task: GenerationTask, why: str, *, at: datetime) -> None:
    """Give up on a paid clip, loudly; a person may still ask for it again."""
    with transaction.atomic():
        moved = task.move(
            Status.LOST, why, at=at, finished_at=task.finished_at or at, error_kind="lost", error_message=why
        )
        if moved:
            logger.error("task %s is lost: %s", task.pk, why)
            costs.charge(task, at=at, note="accepted, then lost: taken as spent")


def _ask_later(task: GenerationTask, why: str, *, at: datetime) -> None:
    """The question failed, which says nothing of the task: put it off, and say so once."""
    if why != task.error_message:
        task.note(f"no answer about its state: {why}", at=at)
    wait = max(backoff(task.failures), interval_seconds(task, at=at))
    task.put_off(due_at=at + timedelta(seconds=wait), failures=task.failures + 1, error_message=why)


def hear(task: GenerationTask, body: str, *, digest: str, named: str, at: datetime) -> None:
    """Keep a callback, and look at its task now. What it says of state and files is not believed; the look tells."""
    with transaction.atomic():
        before = Delivery.objects.filter(task=task, digest=digest).exists()
        fresh = [] if before else [Delivery(task=task, received_at=at, digest=digest, body=body)]
        Delivery.objects.bulk_create(fresh, ignore_conflicts=True)
        if fresh and named and not task.remote_id:
            GenerationTask.objects.filter(pk=task.pk, remote_id=None).update(candidate_id=named)
        waiting = GenerationTask.objects.filter(pk=task.pk, due_at__gt=at)
        heard = waiting.filter(status=Status.RUNNING) | waiting.filter(status=Status.UNCONFIRMED, candidate_id=named)
        if fresh and heard.update(due_at=at):
            doorbell.ring()


def poke(task: GenerationTask, *, at: datetime, by: Any) -> bool:
    """Look at it now and not when it is due; a lost task is asked for once more."""
    if task.status not in WATCHED or not task.remote_id:
        return False
    with transaction.atomic():
        poked = task.put_off(due_at=at)
        if poked:
            task.note("a look was asked for", at=at, by=by)
            doorbell.ring()
    return poked


def interval_seconds(task: GenerationTask, *, at: datetime) -> float:
    """The documented interval, or a share of the delay for a task that is long overdue."""
    offer = task.offer
    documented = (offer.poll_seconds if offer else 5) * settings.WAIT_SCALE
    if task.delivery == DeliveryMode.CALLBACK:
        documented *= CALLBACK_PATIENCE
    overdue = task.overdue_seconds(at=at, scale=settings.WAIT_SCALE)
    return max(documented, min(overdue * OVERDUE_SHARE, OVERDUE_MAX_SECONDS))


REPORTED = {
    RemoteState.WORKING: _working,
    RemoteState.DONE: _done,
    RemoteState.FAILED: _failed,
    RemoteState.UNSEEN: _unseen,
}

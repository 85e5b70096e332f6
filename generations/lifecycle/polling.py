"""An accepted order at its provider: asked for until it is finished, failed or lost.

An `Ask` talks HTTP and touches no database; `settle_report` writes and talks to nobody.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from generations import wakeups
from generations.lifecycle import accounts
from generations.lifecycle.calls import NO_ERROR, REMINDER_INTERVAL, CallKind, Outcome, ProviderCall, backoff
from generations.models import Account, Delivery, DeliveryMode, GenerationTask, Status
from generations.models.tasks import BUSY_WITH_CANDIDATE
from generations.money import ledger
from generations.providers import get_provider
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import Busy, FailureKind, ProviderError, Rejected

logger = logging.getLogger(__name__)

POLL_LEASE = timedelta(seconds=45)  # shorter than the slowest answer: asking twice is free, a dead worker is not
UNSEEN_GRACE_SECONDS = 90.0  # how long "no such task" may follow an order that was accepted
MAX_CRASHES = 3  # of the conductor in a row, with this row in the air
UNSEEN_POLLS = 5  # and how often it must have been said: under a low rate limit the grace holds few questions
OVERDUE_SHARE = 0.1  # a long overdue task is asked again after a tenth of its delay
OVERDUE_MAX_SECONDS = 3600.0
CALLBACK_PATIENCE = 6  # times the documented interval: where a callback is expected, polling is the safety net
UNDECIDED = (Status.UNCONFIRMED, Status.QUEUED)  # which a callback may name
POLLED = (Status.RUNNING, Status.READY, Status.LOST, Status.UNCONFIRMED)


def claim_poll(task: GenerationTask, *, at: datetime) -> ProviderCall | None:
    """Claim a row whose state at the provider is to be asked.

    One that was in the air when the conductor died, three times in a row, may be the cause: it is asked ever more
    rarely until an answer is settled, so that the others flow.
    """
    rarely = 2 ** min(max(0, task.crash_count - MAX_CRASHES + 1), 6)
    if not task.put_off(
        due_at=at + POLL_LEASE * rarely, poll_count=task.poll_count + 1, crash_count=task.crash_count + 1
    ):
        return None
    if task.crash_count == MAX_CRASHES + 1:
        logger.error("task %s: the conductor died %s times in a row while asking for it", task.pk, MAX_CRASHES)
        task.note(f"the conductor died {MAX_CRASHES} times in a row while asking for it: asked more rarely", at=at)
    provider = get_provider(settings.PROVIDERS[task.provider])
    model, remote_id = task.model, task.remote_id or task.candidate_id

    def ask() -> RemoteTask:
        return replace(provider.fetch(model=model, remote_id=remote_id), asked_id=remote_id)

    return ProviderCall(CallKind.POLL, task.provider, ask, task.pk)


def apply_poll_answer(task_id: int, outcome: Outcome, *, at: datetime, pace_seconds: float = 0.0) -> None:
    """Write what the provider says of a task; `pace_seconds` is the shortest interval its rate limit allows."""
    task = GenerationTask.objects.get(pk=task_id)
    if _is_stale(task, outcome):
        logger.warning("task %s is %s: an answer from before came late: %r", task.pk, task.status, outcome)
    elif task.status not in POLLED and not (task.status == Status.QUEUED and task.candidate_id):
        _too_late(task, outcome, at=at)
    elif task.status in UNDECIDED:
        _adopt(task, outcome, at=at)
    elif isinstance(outcome, ProviderError):
        _ask_later(task, outcome, at=at)
    elif isinstance(outcome, RemoteTask):
        APPLY[outcome.state](task, outcome, at=at, pace_seconds=pace_seconds)


def _adopt(task: GenerationTask, outcome: Outcome, *, at: datetime) -> None:
    """An order that was not accepted as far as we know, and the id that its callback gave: believed when the provider
    knows it too. One that was refused for now is sent again when it does not.
    """
    named, waits = task.candidate_id, task.status == Status.QUEUED
    if isinstance(outcome, ProviderError) and not (waits and isinstance(outcome, Rejected)):
        _ask_later(task, outcome, at=at)
    elif isinstance(outcome, RemoteTask) and outcome.state is not RemoteState.UNSEEN and named:
        why = f"its callback named it {named}, and {task.provider} knows that task"
        try:
            with transaction.atomic():
                task.move(
                    Status.RUNNING, why, at=at, due_at=at, remote_id=named, submitted_at=task.submitted_at or at,
                    failures=0, **NO_ERROR,
                )  # fmt: skip
        except IntegrityError:
            task.note(f"its callback named it {named}, which is another task's id", at=at)
            task.put_off(due_at=at if waits else at + REMINDER_INTERVAL, candidate_id="")
    elif named and _may_still_appear(task, at=at):
        _look_again_for_unseen(task, at=at)
    else:
        task.note(f"a callback named it {named}, which {task.provider} does not know", at=at)
        task.put_off(due_at=at if waits else at + REMINDER_INTERVAL, candidate_id="", unseen_since=None, failures=0)


def _is_stale(task: GenerationTask, outcome: Outcome) -> bool:
    """Whether it answers a question from before the row became what it is: about another id, or an unfinished clip."""
    if not isinstance(outcome, RemoteTask):
        return False
    is_about_another = outcome.asked_id not in ("", task.remote_id or task.candidate_id)
    is_at_home = task.status == Status.READY and not task.urls_died
    return is_about_another or (is_at_home and outcome.state is not RemoteState.DONE)


def _too_late(task: GenerationTask, outcome: Outcome, *, at: datetime) -> None:
    """An ended task stays as it is; only a clip that turns up after all is worth a person's look."""
    if isinstance(outcome, RemoteTask) and outcome.state is RemoteState.DONE and task.status == Status.FAILED:
        logger.error("task %s failed, and %s now says that it succeeded", task.pk, task.provider)
        task.note(f"{task.provider} now says that it succeeded: {' '.join(outcome.result_urls)}", at=at)


def _working(task: GenerationTask, report: RemoteTask, *, at: datetime, pace_seconds: float) -> None:
    if task.status != Status.RUNNING:  # its clip is to be had again, and is not
        _ask_later(task, f"{task.provider} now says {report.raw_state}", at=at)
        return
    wait = max(interval_seconds(task, at=at), pace_seconds)
    changes = {"remote_state": report.raw_state, "unseen_since": None, "failures": 0, "error_message": ""}
    task.put_off(due_at=at + timedelta(seconds=wait), **changes)


def _done(task: GenerationTask, report: RemoteTask, *, at: datetime, pace_seconds: float) -> None:
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
            ledger.charge(task, at=at, note="the clip was made")


def _failed(task: GenerationTask, report: RemoteTask, *, at: datetime, pace_seconds: float) -> None:
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
            ledger.release(task, at=at, note="failed; billed per generated video")
        if moved and report.error_kind == FailureKind.ACCOUNT:
            accounts.pause_provider(task.provider, f"task {task.pk}: {words}", at=at)


def _unseen(task: GenerationTask, report: RemoteTask, *, at: datetime, pace_seconds: float) -> None:
    """Not visible yet, at first; lost when it stays so."""
    if task.status == Status.LOST:
        task.note(f"asked again: {task.provider} does not know it", at=at)
        task.put_off(due_at=None)
    elif _may_still_appear(task, at=at):
        _look_again_for_unseen(task, at=at, pace_seconds=pace_seconds, remote_state=report.raw_state)
    else:
        mark_lost(task, f"{task.provider} no longer knows {task.remote_id}", at=at)


def _may_still_appear(task: GenerationTask, *, at: datetime) -> bool:
    """Whether "no such task" was not said for long enough, or not often enough, to be believed."""
    since = task.unseen_since or at
    grace = timedelta(seconds=UNSEEN_GRACE_SECONDS * settings.WAIT_SCALE)
    return _times_unseen(task) < UNSEEN_POLLS or at - max(since, task.submitted_at or since) < grace


def _times_unseen(task: GenerationTask) -> int:
    """How often in a row, this time included; a question that failed says nothing, and begins the row anew."""
    return task.failures + 1 if task.unseen_since else 1


def _look_again_for_unseen(task: GenerationTask, *, at: datetime, pace_seconds: float = 0.0, **changes: Any) -> None:
    wait = max(interval_seconds(task, at=at), pace_seconds)
    changes |= {"unseen_since": task.unseen_since or at, "failures": _times_unseen(task)}
    task.put_off(due_at=at + timedelta(seconds=wait), **changes)


def mark_lost(task: GenerationTask, why: str, *, at: datetime) -> None:
    """Give up on a paid clip, loudly; a person may still ask for it again."""
    with transaction.atomic():
        moved = task.move(
            Status.LOST, why, at=at, finished_at=task.finished_at or at, error_kind="lost", error_message=why
        )
        if moved:
            logger.error("task %s is lost: %s", task.pk, why)
            ledger.charge(task, at=at, note="accepted, then lost: taken as spent")


def mark_lost_if_expired(task: GenerationTask, why: str, *, at: datetime) -> bool:
    """Lose a clip whose URLs have come to the end of their documented life; False while they have not."""
    over = bool(task.source_expires_at and at >= task.source_expires_at)
    if over:
        mark_lost(task, f"its URL's life ended before the file was safe: {why}", at=at)
    return over


def _ask_later(task: GenerationTask, error: ProviderError | str, *, at: datetime) -> None:
    """The question failed, which says nothing of the task: put it off, and say so once."""
    if isinstance(error, Busy):
        Account.objects.of(task.provider).shrink(at=at)
    elif isinstance(error, ProviderError) and error.kind is FailureKind.ACCOUNT:
        accounts.pause_provider(task.provider, f"a question about task {task.pk}: {error}", at=at)
    why = str(error)
    if task.urls_died and mark_lost_if_expired(task, f"its URLs died, and no others came: {why}", at=at):
        return
    if why != task.error_message:
        task.note(f"no answer about its state: {why}", at=at)
    wait = max(backoff(task.failures), interval_seconds(task, at=at))
    due_at = at + timedelta(seconds=wait)
    task.put_off(due_at=due_at, failures=task.failures + 1, error_message=why, unseen_since=None)


def record_callback(task: GenerationTask, body: str, *, digest: str, named: str, at: datetime) -> None:
    """Keep a callback, and look at its task now. What it says of state and files is not believed; the look tells."""
    with transaction.atomic():
        before = Delivery.objects.filter(task=task, digest=digest).exists()
        fresh = [] if before else [Delivery(task=task, received_at=at, digest=digest, body=body)]
        Delivery.objects.bulk_create(fresh, ignore_conflicts=True)
        if fresh and named and not task.remote_id:
            GenerationTask.objects.filter(pk=task.pk, remote_id=None).update(candidate_id=named)
            _tell_if_too_late(task, named, at=at)
        waiting = GenerationTask.objects.filter(pk=task.pk, due_at__gt=at)
        heard = waiting.filter(status=Status.RUNNING) | waiting.filter(status=Status.UNCONFIRMED, candidate_id=named)
        heard |= waiting.filter(BUSY_WITH_CANDIDATE, candidate_id=named)
        if fresh and heard.update(due_at=at):
            wakeups.wake_conductor()


def _tell_if_too_late(task: GenerationTask, named: str, *, at: datetime) -> None:
    """A callback for an order that was closed as not accepted: it may be made and billed after all."""
    if task.send_count and task.status in (Status.FAILED, Status.CANCELED):
        logger.error("task %s is %s, never accepted, and a callback names it %s", task.pk, task.status, named)
        task.note(f"a callback names it {named}: {task.provider} may have accepted it after all, and bill it", at=at)


def poll_now(task: GenerationTask, *, at: datetime, by: Any) -> bool:
    """Look at it now and not when it is due; a lost task is asked for once more."""
    if task.status not in POLLED or not task.remote_id:
        return False
    with transaction.atomic():
        poked = task.put_off(due_at=at)
        if poked:
            task.note("a look was asked for", at=at, by=by)
            wakeups.wake_conductor()
    return poked


def interval_seconds(task: GenerationTask, *, at: datetime) -> float:
    """The documented interval, or a share of the delay for a task that is long overdue."""
    offer = task.offer
    documented = (offer.poll_seconds if offer else 5) * settings.WAIT_SCALE
    if task.delivery == DeliveryMode.CALLBACK:
        documented *= CALLBACK_PATIENCE
    overdue = task.overdue_seconds(at=at, scale=settings.WAIT_SCALE)
    return max(documented, min(overdue * OVERDUE_SHARE, OVERDUE_MAX_SECONDS))


APPLY = {
    RemoteState.WORKING: _working,
    RemoteState.DONE: _done,
    RemoteState.FAILED: _failed,
    RemoteState.UNSEEN: _unseen,
}

"""Poll accepted orders until each is finished, failed or lost.

A ProviderCall does HTTP without a database; apply_poll_answer() writes without HTTP.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from generations.lifecycle import accounts, late_words
from generations.lifecycle.calls import NO_ERROR, REMINDER_INTERVAL, CallKind, Outcome, ProviderCall, backoff
from generations.models import Account, DeliveryMode, GenerationTask, Person, Status
from generations.models.statuses import RELEASED, LateWord
from generations.models.task_queries import TaskQuerySet
from generations.money import ledger
from generations.providers import get_provider
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import Busy, FailureKind, ProviderError, Rejected

logger = logging.getLogger(__name__)

POLL_LEASE = timedelta(seconds=45)  # shorter than the slowest answer: a second poll is free, a dead worker is not
UNSEEN_GRACE_SECONDS = 90.0  # "no such task" may be the answer for so long after an order was accepted
MAX_CRASHES = 3  # of the conductor in a row, while it polled this row
UNSEEN_POLLS = 5  # and so many times: under a low rate limit few polls fit into the grace
OVERDUE_SHARE = 0.1  # a long overdue task is polled again after a tenth of its delay
OVERDUE_MAX_SECONDS = 3600.0
CALLBACK_PATIENCE = 6  # times the documented interval: where a callback is expected, polling is the safety net
WITHOUT_ID = (Status.UNCONFIRMED, Status.QUEUED)  # a person or a callback may give theirs
CLOCK_SLACK = timedelta(minutes=2)  # between a provider's clock and ours
POLLED = (Status.RUNNING, Status.READY, Status.LOST, Status.UNCONFIRMED)


def claim_poll(task: GenerationTask, *, at: datetime) -> ProviderCall | None:
    """Claim a row for a poll; return None when another process has it.

    After MAX_CRASHES crashes of the conductor in a row, this row may be the cause: it is polled ever more rarely until
    an answer is written, so that the others go on.
    """
    rarely = 2 ** min(max(0, task.crash_count - MAX_CRASHES + 1), 6)
    if not task.put_off(
        due_at=at + POLL_LEASE * rarely, poll_count=task.poll_count + 1, crash_count=task.crash_count + 1
    ):
        return None
    if task.crash_count == MAX_CRASHES + 1:
        logger.error("task %s: the conductor died %s times in a row while it polled this task", task.pk, MAX_CRASHES)
        task.note(f"the conductor died {MAX_CRASHES} times in a row while it polled this: polled more rarely", at=at)
    return poll_call(task)


def poll_call(task: GenerationTask, **claim: Any) -> ProviderCall:
    """Return the call that polls a claimed task."""
    provider = get_provider(settings.PROVIDERS[task.provider])
    model, remote_id = task.model, task.remote_id or task.candidate_id

    def poll() -> RemoteTask:
        return replace(provider.fetch(model=model, remote_id=remote_id), asked_id=remote_id)

    return ProviderCall(CallKind.POLL, task.provider, poll, task.pk, **claim)


def apply_poll_answer(
    task_id: int, outcome: Outcome, *, at: datetime, pace_seconds: float = 0.0, task: GenerationTask | None = None
) -> None:
    """Write what the provider says of a task; `pace_seconds` is the shortest interval that the rate limit allows.

    `task` is the row if this transaction has read it.
    """
    task = task or GenerationTask.objects.get(pk=task_id)
    if _is_stale(task, outcome):
        logger.warning("task %s is %s: the answer to an earlier poll came late: %r", task.pk, task.status, outcome)
    elif task.status not in POLLED and not (task.status == Status.QUEUED and task.candidate_id):
        _too_late(task, outcome, at=at)
    elif task.status in WITHOUT_ID:
        _check_id(task, outcome, at=at)
    elif isinstance(outcome, ProviderError):
        _poll_later(task, outcome, at=at)
    elif isinstance(outcome, RemoteTask):
        APPLY[outcome.state](task, outcome, at=at, pace_seconds=pace_seconds)


def propose_id(tasks: TaskQuerySet, remote_id: str, **changes: Any) -> bool:
    """Have the provider asked by GET whether it knows this id of an order without one; nothing moves until it does."""
    mine = tasks.filter(remote_id=None)
    return bool(mine.update(candidate_id=remote_id, candidate_answer="", unseen_since=None, **changes))


def _check_id(task: GenerationTask, outcome: Outcome, *, at: datetime) -> None:
    """Attach the id that a person or a callback gave, if the provider knows it; else drop it, and charge nothing.

    An order that was refused for now is then sent again.
    """
    named, name = task.candidate_id, task.provider_name
    if isinstance(outcome, ProviderError) and not _is_about_the_id(outcome):
        _poll_later(task, outcome, at=at)
    elif not named:
        logger.warning("task %s: an answer came after its id was dropped: %r", task.pk, outcome)
    elif isinstance(outcome, RemoteTask) and outcome.state is not RemoteState.UNSEEN:
        try:
            with transaction.atomic():
                task.move(
                    Status.RUNNING, f"{name} knows {named}: the order was accepted", at=at, due_at=at, remote_id=named,
                    submitted_at=task.submitted_at or at, failures=0, unseen_since=None, candidate_answer="",
                    **NO_ERROR,
                )  # fmt: skip
        except IntegrityError:
            _drop_id(task, f"{named} is the id of another task", at=at)
    elif _may_still_appear(task, at=at):
        _poll_unseen_again(task, at=at, candidate_answer=_answer(outcome))
    else:
        _drop_id(task, f"{name} does not know {named} ({_answer(outcome)})", at=at)


def _is_about_the_id(error: ProviderError) -> bool:
    """Whether a question was refused for what it asks: a 400 for an id that cannot be one, not a 403 for the key."""
    return isinstance(error, Rejected) and error.kind not in accounts.REFUSED


def _answer(outcome: Outcome) -> str:
    if isinstance(outcome, RemoteTask):
        return ": ".join(dict.fromkeys(part for part in (outcome.raw_state, outcome.error_message) if part))
    return ": ".join(part for part in (getattr(outcome, "code", ""), str(outcome)) if part)


def _drop_id(task: GenerationTask, why: str, *, at: datetime) -> None:
    """Leave the order as it was before an id was given; another one can be tried."""
    due_at = at if task.status == Status.QUEUED else at + REMINDER_INTERVAL
    if task.put_off(due_at=due_at, candidate_id="", candidate_answer=why, unseen_since=None, failures=0):
        task.note(f"{why}: nothing is charged for it", at=at)


def _is_stale(task: GenerationTask, outcome: Outcome) -> bool:
    """Return whether it answers an earlier poll: of another id, or from before the clip was finished."""
    if not isinstance(outcome, RemoteTask):
        return False
    is_about_another = outcome.asked_id not in ("", task.remote_id or task.candidate_id)
    has_clip = task.status == Status.READY and not task.urls_died
    return is_about_another or (has_clip and outcome.state is not RemoteState.DONE)


def _too_late(task: GenerationTask, outcome: Outcome, *, at: datetime) -> None:
    """Leave an ended task as it is; tell staff when the provider now has a clip for one that failed."""
    if isinstance(outcome, RemoteTask) and outcome.state is RemoteState.DONE and task.status in RELEASED:
        late_words.record_word(task, LateWord.DONE)
        logger.error("task %s is %s, and %s now says that it succeeded", task.pk, task.status, task.provider)
        task.note(f"{task.provider_name} now says that it succeeded: {' '.join(outcome.result_urls)}", at=at)


def _working(task: GenerationTask, remote: RemoteTask, *, at: datetime, pace_seconds: float) -> None:
    if task.status != Status.RUNNING:  # it is polled for fresh URLs
        _poll_later(task, f"{task.provider_name} now says {remote.raw_state}", at=at)
        return
    wait = max(interval_seconds(task, at=at), pace_seconds)
    changes = {"remote_state": remote.raw_state, "unseen_since": None, "failures": 0, "error_message": ""}
    task.put_off(due_at=at + timedelta(seconds=wait), **changes)


def _done(task: GenerationTask, remote: RemoteTask, *, at: datetime, pace_seconds: float) -> None:
    fresh: dict[str, Any] = {
        "result_urls": list(remote.result_urls), "urls_died": False, "remote_state": remote.raw_state,
        "unseen_since": None,
    }  # fmt: skip
    if task.status == Status.READY:  # its URLs had died, and these are the fresh ones
        task.put_off(due_at=at, **fresh)
        return
    offer = task.offer
    life = timedelta(seconds=offer.result_life_seconds if offer else 0)
    clock = _clock(task, remote, at=at)
    with transaction.atomic():
        was_lost = task.status == Status.LOST
        # From the provider's finish on; our notice may come much later.
        began = min(at, clock.get("remote_completed_at", at))
        expires_at = task.source_expires_at if was_lost and task.source_expires_at else began + life
        moved = task.move(
            Status.READY, f"finished, {len(remote.result_urls)} to download", at=at, due_at=at,
            finished_at=task.finished_at or at, source_expires_at=expires_at, failures=0, **fresh, **clock, **NO_ERROR,
        )  # fmt: skip
        if moved:
            ledger.charge(task, at=at, note="clip made")


def _clock(task: GenerationTask, remote: RemoteTask, *, at: datetime) -> dict[str, Any]:
    """The columns of the provider's own times, without those that cannot be: before the order, or yet to come.

    `costTime` is in ms on one page and in seconds on another, so it counts only where the two times are not there.
    """
    sent, latest = task.submitted_at or task.created_at, at + CLOCK_SLACK
    created, completed = remote.created_at, remote.completed_at
    found: dict[str, Any] = {}
    if created and sent - CLOCK_SLACK <= created <= latest:
        found["remote_created_at"] = created
    if completed and max(sent, found.get("remote_created_at", sent)) <= completed <= latest:
        found["remote_completed_at"] = completed
    if len(found) == 2:
        found["remote_seconds"] = (found["remote_completed_at"] - found["remote_created_at"]).total_seconds()
    elif remote.cost_ms is not None and 0 < remote.cost_ms / 1000 <= (latest - sent).total_seconds():
        found["remote_seconds"] = remote.cost_ms / 1000
    return found


def _failed(task: GenerationTask, remote: RemoteTask, *, at: datetime, pace_seconds: float) -> None:
    words = ": ".join(part for part in (remote.error_code, remote.error_message) if part) or "no reason given"
    if task.status == Status.LOST:
        task.note(f"polled again: {task.provider_name} says that it failed: {words}", at=at)
        task.put_off(due_at=None)
        late_words.record_word(task, LateWord.FAILED)
        return
    if task.status != Status.RUNNING:
        _poll_later(task, f"{task.provider_name} now says that it failed: {words}", at=at)
        return
    with transaction.atomic():
        moved = task.move(
            Status.FAILED, f"{task.provider_name} says that it failed: {words}", at=at,
            finished_at=at, remote_state=remote.raw_state,
            error_kind=remote.error_kind, error_code=remote.error_code, error_message=remote.error_message or words,
            **_clock(task, remote, at=at),
        )  # fmt: skip
        if moved:
            ledger.release(task, at=at, note="failed, not charged: billed per generated video")
        if moved and remote.error_kind == FailureKind.ACCOUNT:
            accounts.pause_provider(task.provider, f"task {task.pk}: {words}", at=at)


def _unseen(task: GenerationTask, remote: RemoteTask, *, at: datetime, pace_seconds: float) -> None:
    """Wait while the provider may not show the task yet; after that, mark it as lost."""
    if task.status == Status.LOST:
        task.note(f"polled again: {task.provider_name} does not know it", at=at)
        task.put_off(due_at=None)
    elif _may_still_appear(task, at=at):
        _poll_unseen_again(task, at=at, pace_seconds=pace_seconds, remote_state=remote.raw_state)
    else:
        mark_lost(task, f"{task.provider_name} no longer knows {task.remote_id}", at=at)


def _may_still_appear(task: GenerationTask, *, at: datetime) -> bool:
    """Return whether "no such task" was answered too briefly or too rarely to count."""
    since = task.unseen_since or at
    grace = timedelta(seconds=UNSEEN_GRACE_SECONDS * settings.WAIT_SCALE)
    return _times_unseen(task) < UNSEEN_POLLS or at - max(since, task.submitted_at or since) < grace


def _times_unseen(task: GenerationTask) -> int:
    """Return how often in a row it was unseen, this time included; a failed poll starts the count again."""
    return task.failures + 1 if task.unseen_since else 1


def _poll_unseen_again(task: GenerationTask, *, at: datetime, pace_seconds: float = 0.0, **changes: Any) -> None:
    wait = max(interval_seconds(task, at=at), pace_seconds)
    changes |= {"unseen_since": task.unseen_since or at, "failures": _times_unseen(task)}
    task.put_off(due_at=at + timedelta(seconds=wait), **changes)


def mark_lost(task: GenerationTask, why: str, *, at: datetime) -> None:
    """Give up on a paid clip, charge it, and log an error; a person may still poll it again."""
    with transaction.atomic():
        moved = task.move(
            Status.LOST, why, at=at, finished_at=task.finished_at or at, error_kind="lost", error_message=why
        )
        if moved:
            logger.error("task %s is lost: %s", task.pk, why)
            ledger.charge(task, at=at, note="accepted, then lost: counted as spent")


def mark_lost_if_expired(task: GenerationTask, why: str, *, at: datetime) -> bool:
    """Mark a clip as lost when the documented life of its URLs is over; return whether it was."""
    over = bool(task.source_expires_at and at >= task.source_expires_at)
    if over:
        mark_lost(task, f"its download link expired before the file was stored: {why}", at=at)
    return over


def _poll_later(task: GenerationTask, error: ProviderError | str, *, at: datetime) -> None:
    """Put off the next poll after a failed one, which says nothing of the task; note each reason once."""
    if isinstance(error, Busy):
        Account.objects.of(task.provider).shrink(at=at)
    elif isinstance(error, ProviderError):
        accounts.pause_for(task, error, at=at, asked="a poll of ")
    if task.status in WITHOUT_ID and not task.candidate_id:
        return
    why = str(error)
    if task.urls_died and mark_lost_if_expired(task, f"its download links expired, and no others came: {why}", at=at):
        return
    # What an order without an id was answered is evidence, so it stays.
    column = "candidate_answer" if task.status in WITHOUT_ID else "error_message"
    if why != getattr(task, column):
        task.note(f"not polled: {why}", at=at)
    wait = max(backoff(task.failures), interval_seconds(task, at=at))
    due_at = at + timedelta(seconds=wait)
    task.put_off(due_at=due_at, failures=task.failures + 1, unseen_since=None, **{column: why})


def poll_now(task: GenerationTask, *, at: datetime, by: Person | None) -> bool:
    """Make a task due for a poll now, a lost one for one poll; return False when it cannot be polled."""
    if task.status not in POLLED or not task.remote_id:
        return False
    with transaction.atomic():
        moved = task.put_off(due_at=at)
        if moved:
            task.note("a person asked for a check now", at=at, by=by)
    return moved


def interval_seconds(task: GenerationTask, *, at: datetime) -> float:
    """Return the seconds between two polls: the documented interval, or a share of the delay if long overdue."""
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

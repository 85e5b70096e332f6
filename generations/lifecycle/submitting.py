"""An order on its way to the provider: sent once, and what its answer, or the lack of one, means.

Each step has two halves: an `Ask` talks HTTP and touches no database, `settle_order` writes and talks to nobody. So no
transaction is ever open across HTTP, and what a dead worker leaves behind is always a row with a time on it.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from generations import wakeups
from generations.lifecycle import accounts
from generations.lifecycle.calls import (
    BACKOFF_FIRST_SECONDS,
    CALL_LEASE,
    NO_ERROR,
    REMINDER_INTERVAL,
    START_SECONDS,
    CallKind,
    Outcome,
    ProviderCall,
    backoff,
    error_columns,
)
from generations.models import Account, GenerationTask, Status
from generations.models.tasks import TaskQuerySet
from generations.money import ledger
from generations.providers import get_provider
from generations.providers.base import REMOTE_ID
from generations.providers.errors import (
    AccountProblem,
    Busy,
    FailureKind,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    ServerTrouble,
)

logger = logging.getLogger(__name__)

UNDECIDED_FOR = timedelta(days=1)
MAX_SENDS = 3  # only with RETRY_SUBMIT_ON_5XX
EXPIRE_CLAIMS_SECONDS = 5.0  # beyond START_SECONDS: a process may stall just after it looked at its clock


def claim_submission(task: GenerationTask, *, at: datetime) -> ProviderCall | None:
    """Claim a waiting order: from here on it counts as sent, unless the answer proves otherwise."""
    order = task.order()
    moved = task.move(
        Status.SUBMITTING, f"sending to {task.provider}", at=at,
        due_at=at + CALL_LEASE, submitted_at=at, attempts=task.attempts + 1,
    )  # fmt: skip
    if not moved:
        return None
    provider = get_provider(settings.PROVIDERS[task.provider])
    return ProviderCall(CallKind.SUBMIT, task.provider, lambda: provider.submit(order), task.pk, task.attempts)


def apply_submit_answer(task_id: int, outcome: Outcome, *, at: datetime, attempt: int) -> None:
    """Write what came of the POST: see the table "What an answer means" in docs/architecture.md."""
    task = GenerationTask.objects.get(pk=task_id)
    if attempt != task.attempts:  # already written, by a commit whose own answer was lost; or a sleeper's answer
        logger.error(
            "task %s: an answer to sending %s came after sending %s: %r", task.pk, attempt, task.attempts, outcome
        )
        task.note(f"an answer to an earlier sending came late: {outcome}", at=at)
    elif isinstance(outcome, str):
        _accepted(task, outcome, at=at)
    elif task.status == Status.SUBMITTING and isinstance(outcome, ProviderError):
        _not_accepted(task, outcome, at=at)
    elif isinstance(outcome, ProviderError):  # the lease ran out first, and a person decides
        task.note(f"the answer came late: {outcome}", at=at)


def _accepted(task: GenerationTask, remote_id: str, *, at: datetime) -> None:
    if task.remote_id == remote_id:  # already written, by a commit whose own answer was lost
        return
    offer = task.offer
    first = (offer.first_poll_seconds if offer else 0) * settings.WAIT_SCALE
    try:
        with transaction.atomic():
            moved = task.status in (Status.SUBMITTING, Status.UNCONFIRMED) and task.move(
                Status.RUNNING, f"accepted as {remote_id}", at=at,
                due_at=at + timedelta(seconds=first), remote_id=remote_id, failures=0,
                send_count=task.send_count + 1, **NO_ERROR,
            )  # fmt: skip
    except IntegrityError:
        logger.error("task %s: %s gave the id %s, which another task has", task.pk, task.provider, remote_id)
        unsure = OutcomeUnknown(f"the answer's id {remote_id} belongs to another task", code="id taken")
        if task.status == Status.SUBMITTING:
            _not_accepted(task, unsure, at=at)
        else:
            task.note(str(unsure), at=at)
        return
    if not moved:
        logger.error("task %s is %s, and %s accepted it as %s", task.pk, task.status, task.provider, remote_id)
        task.note(f"{task.provider} accepted it as {remote_id}, but it was {task.status} by then", at=at)


def _not_accepted(task: GenerationTask, error: ProviderError, *, at: datetime) -> None:
    send_count = task.send_count if isinstance(error, NotSent) else task.send_count + 1
    changes = {"send_count": send_count, **error_columns(error)}
    retried = isinstance(error, ServerTrouble) and settings.RETRY_SUBMIT_ON_5XX and send_count < MAX_SENDS
    if error.kind is FailureKind.ACCOUNT:  # also a 403: every other order would be refused as well
        accounts.pause_provider(task.provider, f"task {task.pk}: {error}", at=at)
    if isinstance(error, Busy):
        Account.objects.of(task.provider).shrink(at=at)
    if retried or isinstance(error, NotSent | Busy | AccountProblem):
        # One that a callback named already is asked for before it is sent again.
        due_at = at if send_count and task.candidate_id else at + timedelta(seconds=_wait(task, error))
        task.move(
            Status.QUEUED, f"not accepted for now: {error}", at=at, due_at=due_at, submitted_at=None,
            failures=task.failures + 1, maybe_accepted=task.maybe_accepted or retried, **changes,
        )  # fmt: skip
    elif isinstance(error, Rejected) and not task.maybe_accepted:
        with transaction.atomic():
            if task.move(Status.FAILED, f"refused: {error}", at=at, finished_at=at, **changes):
                ledger.release(task, at=at, note="refused; nothing was made")
    else:
        logger.warning("task %s: nobody knows whether %s took the order: %s", task.pk, task.provider, error)
        why = f"nobody knows whether it was accepted: {error}"
        accounts.read_balance_soon(task.provider, at=at)  # evidence: what it took from the account
        # A callback that came before this may have named it already.
        due_at = at if task.candidate_id else at + REMINDER_INTERVAL
        if task.move(Status.UNCONFIRMED, why, at=at, due_at=due_at, **changes):
            # One that came meanwhile found no row to make due.
            named = GenerationTask.objects.filter(pk=task.pk, status=Status.UNCONFIRMED).exclude(candidate_id="")
            named.update(due_at=at)


def _wait(task: GenerationTask, error: ProviderError) -> float:
    """Seconds until the next sending: what the provider named, or a growing backoff."""
    if isinstance(error, Busy) and error.retry_after_seconds is not None:
        jitter = random.uniform(0, BACKOFF_FIRST_SECONDS * settings.WAIT_SCALE)  # noqa: S311
        return error.retry_after_seconds + jitter
    return backoff(task.failures)


def mark_unconfirmed(task: GenerationTask, *, at: datetime) -> None:
    """A row found due in SUBMITTING: its worker died with the order under way, so it is never sent again."""
    error = OutcomeUnknown("the worker died while the order was under way", code="worker died")
    _not_accepted(task, error, at=at)


def expire_claims(tasks: TaskQuerySet) -> None:
    """At the start of a slice nothing of ours is under way: whoever sent what is found there has died, or stalls.

    A process that stalls begins no order so long after its claim, so from then on they may be doubted. Its answer, if
    one comes after all, is still written.
    """
    begun = timedelta(seconds=START_SECONDS + EXPIRE_CLAIMS_SECONDS)
    tasks.filter(status=Status.SUBMITTING).update(due_at=F("submitted_at") + begun)


def remind_unconfirmed(task: GenerationTask, *, at: datetime) -> None:
    """An undecided order comes up again and again, and waits for evidence or a person."""
    logger.warning("task %s is still unconfirmed: %s", task.pk, task.error_message)
    accounts.read_balance_soon(task.provider, at=at)
    task.put_off(due_at=at + REMINDER_INTERVAL)


def attach_remote_id(task: GenerationTask, remote_id: str, why: str, *, at: datetime, by: Any) -> bool:
    """Attach the provider's id that a person found for an unconfirmed order, and poll it at once.

    Return False when the order is not unconfirmed any more.

    Raises: ValidationError at `remote_id` when the text cannot be an id, or is another task's.
    """
    if not REMOTE_ID.fullmatch(remote_id):
        raise ValidationError({"remote_id": ["letters, digits, dots, dashes and underscores, at most 200 of them"]})
    if task.status != Status.UNCONFIRMED:
        return False
    try:
        with transaction.atomic():
            wakeups.wake_conductor()
            return task.move(
                Status.RUNNING, f"its id at {task.provider} was given as {remote_id}: {why}", at=at, by=by,
                due_at=at, remote_id=remote_id, failures=0, **NO_ERROR,
            )  # fmt: skip
    except IntegrityError as error:
        raise ValidationError({"remote_id": [f"{remote_id} is the id of another task"]}) from error


def mark_not_accepted(task: GenerationTask, why: str, *, at: datetime, by: Any) -> bool:
    """A person made sure that the provider accepted nothing: the held money is free again."""
    if task.status != Status.UNCONFIRMED:
        return False
    with transaction.atomic():
        moved = task.move(
            Status.FAILED,
            f"nothing was accepted: {why}",
            at=at,
            by=by,
            finished_at=at,
            error_kind="not accepted",
        )
        if moved:
            ledger.release(task, at=at, by=by, note=f"nothing was accepted: {why}")
    return moved


def leave_undecided(task: GenerationTask, why: str, *, at: datetime, by: Any) -> bool:
    """A person leaves it undecided for a day; a callback or a late answer can still settle it."""
    if task.status != Status.UNCONFIRMED:
        return False
    with transaction.atomic():
        waits = task.put_off(due_at=at + UNDECIDED_FOR)
        if waits:
            task.note(f"left undecided for a day: {why}", at=at, by=by)
    return waits

"""Submit orders: the POST that costs money is sent once, and its answer decides where the task goes.

A ProviderCall does HTTP without a database; apply_submit_answer() writes without HTTP. So no transaction is open across
HTTP, and a worker that dies leaves a row with a due time.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

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
from generations.models.task_queries import TaskQuerySet
from generations.money import ledger
from generations.providers import get_provider
from generations.providers.errors import (
    AccountProblem,
    Busy,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    ServerTrouble,
)

logger = logging.getLogger(__name__)

MAX_SENDS = 3  # only with RETRY_SUBMIT_ON_5XX
EXPIRE_CLAIMS_SECONDS = 5.0  # beyond START_SECONDS: a process may stall just after it read its clock


def claim_submission(task: GenerationTask, *, at: datetime) -> ProviderCall | None:
    """Claim a queued order, which counts as sent unless the answer proves otherwise; None when another has it."""
    order = task.order()
    moved = task.move(
        Status.SUBMITTING, f"sending to {task.provider_name}", at=at,
        due_at=at + CALL_LEASE, submitted_at=at, attempts=task.attempts + 1,
    )  # fmt: skip
    if not moved:
        return None
    provider = get_provider(settings.PROVIDERS[task.provider])
    return ProviderCall(CallKind.SUBMIT, task.provider, lambda: provider.submit(order), task.pk, task.attempts)


def apply_submit_answer(
    task_id: int, outcome: Outcome, *, at: datetime, attempt: int, task: GenerationTask | None = None
) -> None:
    """Write the outcome of a POST: see the table "What an answer means" in docs/architecture.md.

    `task` is the row if this transaction has read it.
    """
    task = task or GenerationTask.objects.get(pk=task_id)
    if attempt != task.attempts:  # a stalled process, or a commit whose own answer was lost
        logger.error(
            "task %s: the answer to attempt %s came after attempt %s: %r", task.pk, attempt, task.attempts, outcome
        )
        task.note(f"the answer to an earlier attempt came late: {outcome}", at=at)
    elif isinstance(outcome, str):
        _accepted(task, outcome, at=at)
    elif task.status == Status.SUBMITTING and isinstance(outcome, ProviderError):
        _not_accepted(task, outcome, at=at)
    elif isinstance(outcome, ProviderError):  # the lease ran out first, so that a person decides
        task.note(f"the answer came late: {outcome}", at=at)


def _accepted(task: GenerationTask, remote_id: str, *, at: datetime) -> None:
    if task.remote_id == remote_id:  # already written, by a commit whose own answer was lost
        return
    try:
        moved = _attach(task, remote_id, at=at)
        if not moved and task.status == Status.SUBMITTING:  # it was given up in this very moment
            task.refresh_from_db()
            moved = _attach(task, remote_id, at=at)
    except IntegrityError:
        logger.error("task %s: %s gave the id %s, which is another task's", task.pk, task.provider, remote_id)
        unsure = OutcomeUnknown(f"its id {remote_id} belongs to another task", code="id taken")
        if task.status == Status.SUBMITTING:
            _not_accepted(task, unsure, at=at)
        else:
            task.note(str(unsure), at=at)
        return
    if not moved:
        logger.error("task %s is %s, but %s accepted it as %s", task.pk, task.status, task.provider, remote_id)
        task.note(f"{task.provider_name} accepted it as {remote_id}, but it was {task.status} by then", at=at)


def _attach(task: GenerationTask, remote_id: str, *, at: datetime) -> bool:
    offer = task.offer
    first = (offer.first_poll_seconds if offer else 0) * settings.WAIT_SCALE
    with transaction.atomic():
        return task.status in (Status.SUBMITTING, Status.UNCONFIRMED) and task.move(
            Status.RUNNING, f"accepted as {remote_id}", at=at,
            due_at=at + timedelta(seconds=first), remote_id=remote_id, failures=0,
            send_count=task.send_count + 1, **NO_ERROR,
        )  # fmt: skip


def _not_accepted(task: GenerationTask, error: ProviderError, *, at: datetime) -> None:
    send_count = task.send_count if isinstance(error, NotSent) else task.send_count + 1
    changes = {"send_count": send_count, **error_columns(error)}
    retried = isinstance(error, ServerTrouble) and settings.RETRY_SUBMIT_ON_5XX and send_count < MAX_SENDS
    accounts.pause_for(task, error, at=at)
    if isinstance(error, Busy):
        Account.objects.of(task.provider).shrink(at=at)
    if retried or isinstance(error, NotSent | Busy | AccountProblem):
        # Where a callback gave an id, the provider is asked for it before the order is sent again.
        due_at = at if send_count and task.candidate_id else at + timedelta(seconds=_wait(task, error))
        task.move(
            Status.QUEUED, f"not accepted for now, to be sent again: {error}", at=at, due_at=due_at, submitted_at=None,
            failures=task.failures + 1, maybe_accepted=task.maybe_accepted or retried, **changes,
        )  # fmt: skip
    elif isinstance(error, Rejected) and not task.maybe_accepted:
        with transaction.atomic():
            if task.move(Status.FAILED, f"{task.provider_name} refused it: {error}", at=at, finished_at=at, **changes):
                ledger.release(task, at=at, note="refused, not charged")
    else:
        logger.warning("task %s: unknown whether %s accepted the order: %s", task.pk, task.provider, error)
        why = f"unknown whether it was accepted: {error}"
        accounts.read_balance_soon(task.provider, at=at)  # evidence: what it took from the account
        # A callback that came first may have given its id.
        due_at = at if task.candidate_id else at + REMINDER_INTERVAL
        if task.move(Status.UNCONFIRMED, why, at=at, due_at=due_at, **changes):
            # A callback that came meanwhile found no row to make due.
            named = GenerationTask.objects.filter(pk=task.pk, status=Status.UNCONFIRMED).exclude(candidate_id="")
            named.update(due_at=at)


def _wait(task: GenerationTask, error: ProviderError) -> float:
    """Return the seconds until the next attempt: what the provider asks for, or a growing backoff."""
    if isinstance(error, Busy) and error.retry_after_seconds is not None:
        jitter = random.uniform(0, BACKOFF_FIRST_SECONDS * settings.WAIT_SCALE)  # noqa: S311
        return error.retry_after_seconds + jitter
    return backoff(task.failures)


def mark_unconfirmed(task: GenerationTask, *, at: datetime) -> None:
    """Mark an order whose worker died while it was being sent: its outcome is unknown, so it is never sent again."""
    error = OutcomeUnknown("the worker died while the order was under way", code="worker died")
    _not_accepted(task, error, at=at)


def expire_claims(tasks: TaskQuerySet) -> None:
    """Shorten the claims of orders that an earlier process was sending; call it when a conductor starts.

    A suspended process sends no order later than START_SECONDS after its claim, so from then on the outcome is unknown.
    Its answer is still written if it comes.
    """
    begun = timedelta(seconds=START_SECONDS + EXPIRE_CLAIMS_SECONDS)
    tasks.filter(status=Status.SUBMITTING).update(due_at=F("submitted_at") + begun)


def remind_unconfirmed(task: GenerationTask, *, at: datetime) -> None:
    """Log an unconfirmed order again, and read the balance: it waits for evidence or a person."""
    logger.warning("task %s is still unconfirmed: %s", task.pk, task.error_message)
    accounts.read_balance_soon(task.provider, at=at)
    task.put_off(due_at=at + REMINDER_INTERVAL)

"""What a person decides about an order whose outcome is unknown: its id, that it was not accepted, or to wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from generations import wakeups
from generations.lifecycle.calls import NO_ERROR
from generations.models import GenerationTask, Person, Status
from generations.money import ledger
from generations.providers.base import REMOTE_ID

WAIT = timedelta(days=1)


def attach_remote_id(task: GenerationTask, remote_id: str, why: str, *, at: datetime, by: Person | None) -> bool:
    """Attach the provider's id that a person found for an unconfirmed order, and poll it at once.

    Return False when it has moved on.

    Raises: ValidationError at `remote_id` when the text cannot be an id, or is another task's.
    """
    if not REMOTE_ID.fullmatch(remote_id):
        raise ValidationError({"remote_id": ["letters, digits, dots, dashes and underscores, at most 200 of them"]})
    if task.status != Status.UNCONFIRMED:
        return False
    try:
        with transaction.atomic():
            wakeups.wake_conductor()
            reason = f"a person gave its id at {task.provider_name}, {remote_id}: {why}"
            return task.move(
                Status.RUNNING, reason, at=at, by=by, due_at=at, remote_id=remote_id, failures=0, **NO_ERROR
            )
    except IntegrityError as error:
        raise ValidationError({"remote_id": [f"{remote_id} is the id of another task"]}) from error


def mark_not_accepted(task: GenerationTask, why: str, *, at: datetime, by: Person | None) -> bool:
    """Close an unconfirmed order that the provider did not accept, and release its hold; False when it has moved on."""
    if task.status != Status.UNCONFIRMED:
        return False
    with transaction.atomic():
        moved = task.move(
            Status.FAILED,
            f"a person says that it was not accepted: {why}",
            at=at,
            by=by,
            finished_at=at,
            error_kind="not accepted",
        )
        if moved:
            ledger.release(task, at=at, by=by, note=f"a person says that it was not accepted: {why}")
    return moved


def leave_undecided(task: GenerationTask, why: str, *, at: datetime, by: Person | None) -> bool:
    """Put off the reminder for WAIT, while a callback or a late answer may still come; False when it has moved on."""
    if task.status != Status.UNCONFIRMED:
        return False
    with transaction.atomic():
        put_off = task.put_off(due_at=at + WAIT)
        if put_off:
            task.note(f"left unconfirmed for a day: {why}", at=at, by=by)
    return put_off

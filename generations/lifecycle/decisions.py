"""What a person decides about an order whose outcome is unknown: its id, that it was not accepted, or to wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from generations.lifecycle.polling import propose_id
from generations.models import Action, AuditEntry, GenerationTask, Person, Status
from generations.money import ledger
from generations.providers.base import REMOTE_ID

WAIT = timedelta(days=1)


def attach_remote_id(task: GenerationTask, remote_id: str, why: str, *, at: datetime, by: Person | None) -> bool:
    """Have the id that a person found for an unconfirmed order checked with the provider, and attached if it is known.

    Return False when it has moved on.

    Raises: ValidationError at `remote_id` when it cannot be an id, is another task's, or another is being checked.
    """
    if not REMOTE_ID.fullmatch(remote_id):
        text = _("letters, digits, dots, dashes and underscores, at most 200 of them")
        raise ValidationError({"remote_id": [text]})
    if GenerationTask.objects.filter(provider=task.provider, remote_id=remote_id).exclude(pk=task.pk).exists():
        raise ValidationError({"remote_id": [_("{id} is the id of another task").format(id=remote_id)]})
    if task.candidate_id not in ("", remote_id):
        text = _("{id} is being checked with {provider}; wait").format(
            id=task.candidate_id, provider=task.provider_name
        )
        raise ValidationError({"remote_id": [text]})
    mine = GenerationTask.objects.filter(pk=task.pk, status=Status.UNCONFIRMED, candidate_id=task.candidate_id)
    with transaction.atomic():
        if task.status != Status.UNCONFIRMED or not propose_id(mine, remote_id, due_at=at, failures=0):
            return False
        checked = f"to be checked with {task.provider_name}"
        task.note(f"a person gives its id as {remote_id}, {checked}: {why}", at=at, by=by)
        _audit(Action.GAVE_ID, task, f"{remote_id}: {why}", at=at, by=by)
    return True


def mark_not_accepted(task: GenerationTask, why: str, *, at: datetime, by: Person | None) -> bool:
    """Close an unconfirmed order that the provider did not accept, and release its hold; False when it has moved on.

    Raises: ValidationError where SECOND_PERSON is set, for the person who ordered what is not free.
    """
    if task.status != Status.UNCONFIRMED:
        return False
    if settings.SECOND_PERSON and task.price_usd != 0 and by and task.ordered_by_id == by.pk:
        raise ValidationError({"by": [_("you ordered it, and here another person decides about your money")]})
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
            _audit(Action.CLOSED, task, why, at=at, by=by)
    return moved


def leave_undecided(task: GenerationTask, why: str, *, at: datetime, by: Person | None) -> bool:
    """Put off the reminder for WAIT, while a callback or a late answer may still come; False when it has moved on.

    The check of an id that was given is not put off.
    """
    if task.status != Status.UNCONFIRMED:
        return False
    with transaction.atomic():
        put_off = task.put_off(due_at=task.due_at if task.candidate_id else at + WAIT)
        if put_off:
            task.note(f"left unconfirmed for a day: {why}", at=at, by=by)
            _audit(Action.WAITED, task, why, at=at, by=by)
    return put_off


def _audit(action: Action, task: GenerationTask, why: str, *, at: datetime, by: Person | None) -> None:
    AuditEntry.objects.record(action, task, why, at=at, by=by, amount_usd=task.price_usd, practice=task.practice)

"""What a provider says of a task after its money was settled for the opposite, and what a person decides about it.

A released order may have been made after all, a charged one may have failed: nothing moves by itself, a person decides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from generations.models import Action, AuditEntry, GenerationTask, Person
from generations.models.statuses import RELEASED, LateWord
from generations.money import ledger

OPEN = (LateWord.DONE, LateWord.FAILED)


def record_word(task: GenerationTask, word: LateWord) -> None:
    """Keep what the provider says, where no person has decided about it."""
    GenerationTask.objects.filter(pk=task.pk, late_word=None).update(late_word=word)


def was_contradicted(task: GenerationTask) -> bool:
    """Return whether the provider said the opposite of what the money was settled for, and no person has decided."""
    named = task.status in RELEASED and task.send_count and task.candidate_id and not task.remote_id
    return task.late_word in OPEN or bool(named and task.late_word is None)


def charge_late(task: GenerationTask, why: str, *, at: datetime, by: Person | None) -> bool:
    """Charge a released order that the provider made after all, by a correction; False when that was decided.

    Raises: ValidationError as ledger.charge_late().
    """
    return _decide(task, ledger.charge_late, "charged after all", why, at=at, by=by)


def take_back(task: GenerationTask, why: str, *, at: datetime, by: Person | None) -> bool:
    """Take back the charge of a lost order that failed after all; False when that was decided.

    Raises: ValidationError as ledger.take_back().
    """
    return _decide(task, ledger.take_back, "its charge is taken back", why, at=at, by=by)


def leave_as_it_is(task: GenerationTask, why: str, *, at: datetime, by: Person | None) -> bool:
    """Leave the money as it was settled, whatever the provider said later; False when that was decided."""
    return _decide(task, None, "its money stays as it was settled", why, at=at, by=by)


def _decide(
    task: GenerationTask, write: Callable[..., object] | None, words: str, why: str, *, at: datetime, by: Person | None
) -> bool:
    with transaction.atomic():
        task = GenerationTask.objects.select_for_update().get(pk=task.pk)
        if not was_contradicted(task):
            return False
        if write:
            write(task, at=at, by=by, reason=why)
        GenerationTask.objects.filter(pk=task.pk).update(late_word=LateWord.DECIDED)
        task.note(f"{words}: {why}", at=at, by=by)
        if not write:
            amount = task.price_usd
            AuditEntry.objects.record(Action.WAITED, task, why, at=at, by=by, amount_usd=amount, practice=task.practice)
    return True

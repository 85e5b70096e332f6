"""Our account at a provider: its balance, and the pauses of orders while it refuses our key or has no money of ours.

A 403 pauses the orders of the model that it is about. All of the provider's are paused when the balance is refused too,
or when orders of two models are refused in a row.

A ProviderCall reads the balance without a database; apply_balance_answer() writes it without HTTP.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from generations.lifecycle.calls import CallKind, Outcome, ProviderCall
from generations.models import (
    Account,
    Action,
    AuditEntry,
    BalanceReading,
    GenerationTask,
    Pause,
    Person,
    Status,
    TaskEvent,
)
from generations.providers import get_provider
from generations.providers.errors import FailureKind, ProviderError
from generations.providers.offers import model_name

logger = logging.getLogger(__name__)

READ_LEASE = timedelta(minutes=3)  # of a claimed reading; longer than one exchange
DAILY = timedelta(days=1)
RETRY = timedelta(minutes=10)
FRESH_SECONDS = 600.0  # a reading this old still shows what was there before an order
CHECK_SECONDS = 60.0  # between two readings while orders are paused
CHECK_SHARE, CHECK_MAX = 0.1, timedelta(minutes=30)  # and ever more rarely, the longer they are paused
REFUSED = (FailureKind.ACCOUNT, FailureKind.ACCESS)  # 401, 402, 403: the key is not accepted, or has no money


def is_balance_due(account: Account, *, at: datetime) -> bool:
    """Whether its balance is to be read now; an account without a key has none."""
    has_key = bool(settings.PROVIDERS[account.provider].api_key)
    return has_key and (account.balance_due_at is None or account.balance_due_at <= at)


def claim_balance_call(account: Account, *, at: datetime) -> ProviderCall:
    """Claim a reading of the balance."""
    Account.objects.filter(pk=account.pk).update(balance_due_at=at + READ_LEASE)
    return ProviderCall(CallKind.BALANCE, account.provider, get_provider(settings.PROVIDERS[account.provider]).balance)


def read_balance_soon(provider: str, *, at: datetime) -> None:
    """Make a reading of the balance due at once."""
    Account.objects.filter(pk=Account.objects.of(provider).pk).update(balance_due_at=at)


def has_fresh_reading(provider: str, *, at: datetime) -> bool:
    """Whether a reading was tried just now, so that one stands before the orders that follow."""
    since = at - timedelta(seconds=FRESH_SECONDS * settings.WAIT_SCALE)
    return BalanceReading.objects.of(provider, practice=settings.PRACTICE).filter(at__gte=since).exists()


def apply_balance_answer(provider: str, outcome: Outcome, *, at: datetime) -> None:
    """Write a reading, resume orders if the balance has improved, and plan the next reading."""
    unit = get_provider(settings.PROVIDERS[provider]).unit
    reading = BalanceReading(provider=provider, practice=settings.PRACTICE, at=at, unit=unit)
    if isinstance(outcome, Decimal):
        reading.amount = outcome
    elif isinstance(outcome, ProviderError):
        reading.error, reading.refused = str(outcome)[:500], outcome.kind in REFUSED
    with transaction.atomic():
        reading.save()
        pauses = Pause.objects.by_the_machine().filter(provider=provider)
        for pause in pauses:
            if _has_improved(pause, reading):
                logger.warning("%s are resumed, the balance is %s", pause.subject, reading.shown)
                pause.delete()
        if reading.refused and pauses.exclude(model="").exists():
            pause_provider(provider, f"the balance was refused too: {reading.error}", at=at)
        whole = pauses.filter(model="").first()
        due_at = at + _wait(whole, reading, at=at)
        Account.objects.filter(pk=Account.objects.of(provider).pk).update(balance_due_at=due_at)


def _has_improved(pause: Pause, reading: BalanceReading) -> bool:
    """Whether the provider says better than it said first after orders were paused.

    A key that is refused for orders alone, or a balance that never was the cause, would otherwise end the pause,
    and the next order would start it again. So a risen balance resumes no single model: money was not what it lacked.
    A key that was refused altogether and is accepted again resumes both.
    """
    if reading.amount is None or reading.amount <= 0:
        return False
    said = BalanceReading.objects.of(pause.provider, practice=reading.practice).filter(at__gte=pause.paused_at)
    first = (said.filter(refused=True) | said.read()).first()
    if first is None or first.refused or pause.model:
        return first is not None and first.refused
    return first.amount is not None and reading.amount > first.amount


def _wait(pause: Pause | None, reading: BalanceReading, *, at: datetime) -> timedelta:
    if pause:
        shortest = timedelta(seconds=CHECK_SECONDS * settings.WAIT_SCALE)
        return min(max(shortest, (at - pause.paused_at) * CHECK_SHARE), CHECK_MAX)
    return DAILY if reading.amount is not None else RETRY


def pause_for(task: GenerationTask, error: ProviderError, *, at: datetime, asked: str = "") -> None:
    """Pause the orders that would meet the same refusal; `asked` says what was refused where it was not the order."""
    reason = f"{asked}task {task.pk}: {error}"
    if error.kind is FailureKind.ACCOUNT:
        pause_provider(task.provider, reason, at=at)
    elif error.kind is FailureKind.ACCESS:
        pause_model(task, reason, at=at)
        if not asked and (other := _refused_just_before(task)):
            models = f"{model_name(other.model)} and {model_name(task.model)}"
            reason = f"orders of two models in a row were refused, {models}: {other.error_message}; {reason}"
            pause_provider(task.provider, reason, at=at)


def pause_provider(provider: str, reason: str, *, at: datetime) -> None:
    """Send no further order to a provider until a person resumes them, or its balance has improved."""
    _pause(provider, "", reason, at=at)


def pause_model(task: GenerationTask, reason: str, *, at: datetime) -> None:
    """Send no further order of a task's model there until a person resumes them."""
    _pause(task.provider, task.model, reason, at=at)


def _pause(provider: str, model: str, reason: str, *, at: datetime) -> None:
    first = {"reason": reason[:500], "paused_at": at}
    pause, is_new = Pause.objects.get_or_create(provider=provider, model=model, defaults=first)
    if is_new:
        logger.error("%s", pause.sentence)
        read_balance_soon(provider, at=at)


def pause_by_person(provider: str, model: str, reason: str, *, at: datetime, by: Person) -> Pause:
    """Send no further order of a model, to a provider, or at all, until a person resumes them.

    A pause that the machine made becomes this person's, so that no balance ends it; its reason is kept behind theirs.
    Raises: ValidationError at `reason`, with nothing written, when a person has paused these orders before.
    """
    with transaction.atomic():
        first = {"reason": reason, "paused_at": at, "paused_by": by}
        rows = Pause.objects.select_for_update()
        pause, is_new = rows.get_or_create(provider=provider, model=model, defaults=first)
        if pause.paused_by and not is_new:
            words = _("{orders} are paused already, by {person}: {why}")
            text = words.format(orders=pause.subject, person=pause.paused_by, why=pause.why)
            raise ValidationError({"reason": [text]})
        if not is_new:
            pause.reason, pause.paused_by = f"{reason} (paused before: {pause.reason})"[:500], by
            pause.save()
        AuditEntry.objects.record(Action.PAUSED, pause, reason, at=at, by=by)
    with override(settings.LANGUAGE_CODE):
        logger.warning("%s", pause)
    return pause


def _refused_just_before(task: GenerationTask) -> GenerationTask | None:
    """The last refused order of another model that is paused, if the provider has accepted no order since."""
    paused = Pause.objects.filter(provider=task.provider).exclude(model__in=("", task.model)).values("model")
    there = GenerationTask.objects.filter(provider=task.provider, practice=task.practice)
    refused = there.filter(status=Status.FAILED, error_kind=FailureKind.ACCESS, model__in=paused)
    last = refused.order_by("finished_at").last()
    accepted = TaskEvent.objects.filter(task__in=there, was=Status.SUBMITTING, now=Status.RUNNING)
    return last if last and not accepted.filter(at__gte=last.finished_at).exists() else None


def resume_orders(provider: str, model: str = "") -> None:
    """Resume the orders of a model, or all to its provider, and send those that wait at once."""
    models = {"model": model} if model else {}
    Pause.objects.filter(provider=provider, **models).delete()

"""Our account at a provider: its balance, and the pause of orders while it refuses our key or has no money of ours.

A ProviderCall reads the balance without a database; apply_balance_answer() writes it without HTTP.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from generations import wakeups
from generations.lifecycle.calls import CallKind, Outcome, ProviderCall
from generations.models import Account, BalanceReading, Pause
from generations.providers import get_provider
from generations.providers.errors import FailureKind, ProviderError
from generations.providers.offers import provider_name

logger = logging.getLogger(__name__)

READ_LEASE = timedelta(minutes=3)  # of a claimed reading; longer than one exchange
DAILY = timedelta(days=1)
RETRY = timedelta(minutes=10)
FRESH_SECONDS = 600.0  # a reading this old still shows what was there before an order
CHECK_SECONDS = 60.0  # between two readings while orders are paused
CHECK_SHARE, CHECK_MAX = 0.1, timedelta(minutes=30)  # and ever more rarely, the longer they are paused


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
        reading.error, reading.refused = str(outcome)[:500], outcome.kind is FailureKind.ACCOUNT
    pause = Pause.objects.filter(provider=provider).first()
    with transaction.atomic():
        reading.save()
        if pause and _has_improved(pause, reading):
            logger.warning("%s: orders are resumed, the balance is %s", provider_name(provider), reading.shown)
            resume_provider(provider)
            pause = None
        due_at = at + _wait(pause, reading, at=at)
        Account.objects.filter(pk=Account.objects.of(provider).pk).update(balance_due_at=due_at)


def _has_improved(pause: Pause, reading: BalanceReading) -> bool:
    """Whether the provider says better than it said first after orders were paused.

    A key that is refused for orders alone, or a balance that never was the cause, would otherwise end the pause,
    and the next order would start it again.
    """
    if reading.amount is None or reading.amount <= 0:
        return False
    said = BalanceReading.objects.of(pause.provider, practice=reading.practice).filter(at__gte=pause.paused_at)
    first = (said.filter(refused=True) | said.read()).first()
    return first is not None and (first.refused or (first.amount is not None and reading.amount > first.amount))


def _wait(pause: Pause | None, reading: BalanceReading, *, at: datetime) -> timedelta:
    if pause:
        shortest = timedelta(seconds=CHECK_SECONDS * settings.WAIT_SCALE)
        return min(max(shortest, (at - pause.paused_at) * CHECK_SHARE), CHECK_MAX)
    return DAILY if reading.amount is not None else RETRY


def pause_provider(provider: str, reason: str, *, at: datetime) -> None:
    """Send no further order to a provider until a person resumes them, or its balance has improved."""
    __, is_new = Pause.objects.get_or_create(provider=provider, defaults={"reason": reason[:500], "paused_at": at})
    if is_new:
        logger.error("%s: orders are paused until someone resumes them: %s", provider_name(provider), reason)
        read_balance_soon(provider, at=at)


def resume_provider(provider: str) -> None:
    """End a pause and send the orders that wait, at once."""
    with transaction.atomic():
        Pause.objects.filter(provider=provider).delete()
        wakeups.wake_conductor()

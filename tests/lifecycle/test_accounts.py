"""Our account at a provider: its balance, read in time, and its pause."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import Settings

from generations.lifecycle import accounts, polling, submitting
from generations.lifecycle.calls import CallKind
from generations.models import Account, BalanceReading, Pause, Status
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import (
    AccountProblem,
    Busy,
    FailureKind,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    Rejected,
)
from tests.factories import NOW, a_task, configure

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unscaled(settings: Settings) -> None:
    settings.WAIT_SCALE = 1.0


def said(outcome: str | ProviderError, *, after: float = 1.0) -> datetime | None:
    """Settle a balance so many seconds later; when it is read next."""
    answer = Decimal(outcome) if isinstance(outcome, str) else outcome
    accounts.apply_balance_answer("apixo", answer, at=NOW + timedelta(seconds=after))
    return Account.objects.of("apixo").balance_due_at


def test_a_balance_is_kept_and_read_again_the_next_day() -> None:
    assert said("74.8700", after=0) == NOW + timedelta(days=1)
    reading = BalanceReading.objects.get()
    assert (reading.amount, reading.unit, reading.error, reading.refused) == (Decimal("74.87"), "USD", "", False)


def test_a_balance_that_could_not_be_read_says_why_and_is_read_again_soon() -> None:
    assert said(NotSent("no connection"), after=0) == NOW + timedelta(minutes=10)
    reading = BalanceReading.objects.get()
    assert (reading.amount, reading.error, reading.refused) == (None, "no connection", False)


def test_a_claimed_reading_is_not_claimed_twice_and_comes_up_again_when_its_reader_died() -> None:
    account = Account.objects.of("apixo")
    assert accounts.is_balance_due(account, at=NOW)
    assert accounts.claim_balance_call(account, at=NOW).kind is CallKind.BALANCE
    account.refresh_from_db()
    assert not accounts.is_balance_due(account, at=NOW)
    assert accounts.is_balance_due(account, at=NOW + accounts.READ_LEASE)


def test_an_account_without_a_key_is_not_asked(settings: Settings) -> None:
    settings.PRACTICE = False
    configure(settings, "apixo", api_key="")
    assert not accounts.is_balance_due(Account.objects.of("apixo"), at=NOW)
    configure(settings, "apixo", api_key="a key")
    assert accounts.is_balance_due(Account.objects.of("apixo"), at=NOW)


@pytest.mark.parametrize(
    "error",
    [
        AccountProblem("no such key", code="401"),
        AccountProblem("no money", code="402"),
        Rejected("INSUFFICIENT_CREDITS", code="403", kind=FailureKind.ACCOUNT),
    ],
)
def test_a_refused_account_stops_the_provider_and_has_its_balance_read(error: ProviderError) -> None:
    task = a_task(Status.SUBMITTING)
    submitting.apply_submit_answer(task.pk, error, at=NOW, attempt=task.attempts)
    assert Pause.objects.get().reason == f"task {task.pk}: {error}"
    assert Account.objects.of("apixo").balance_due_at == NOW


def test_a_refused_content_stops_nothing_else() -> None:
    task = a_task(Status.SUBMITTING)
    refused = Rejected("violates our policy", code="403", kind=FailureKind.CONTENT)
    submitting.apply_submit_answer(task.pk, refused, at=NOW, attempt=task.attempts)
    assert not Pause.objects.exists()


def test_a_key_that_is_refused_for_a_question_stops_the_orders_too() -> None:
    task = a_task(Status.RUNNING)
    polling.apply_poll_answer(task.pk, AccountProblem("no such key", code="401"), at=NOW)
    task.refresh_from_db()
    assert task.status == Status.RUNNING
    assert Pause.objects.get().provider == "apixo"


def test_a_task_that_failed_for_want_of_money_stops_the_orders_too() -> None:
    task = a_task(Status.RUNNING)
    failed = RemoteTask(state=RemoteState.FAILED, error_kind=FailureKind.ACCOUNT, error_code="INSUFFICIENT_CREDITS")
    polling.apply_poll_answer(task.pk, failed, at=NOW)
    assert Pause.objects.get().reason == f"task {task.pk}: INSUFFICIENT_CREDITS"


def test_closing_the_pause_sends_the_waiting_orders_on_their_way() -> None:
    accounts.pause_provider("apixo", "Insufficient credits", at=NOW)
    accounts.resume_orders("apixo")
    assert not Pause.objects.exists()


def opened() -> None:
    accounts.pause_provider("apixo", "Insufficient credits", at=NOW)


def test_a_pause_is_closed_by_a_balance_that_has_risen() -> None:
    opened()
    said("0.10")
    assert Pause.objects.exists()
    said("20.10", after=70)
    assert not Pause.objects.exists()


def test_a_pause_is_closed_by_a_key_that_is_accepted_again() -> None:
    opened()
    said(AccountProblem("no such key", code="401"))
    said("20.10", after=70)
    assert not Pause.objects.exists()


@pytest.mark.parametrize("later", ["74.87", "70.00"])
def test_a_balance_that_never_was_the_matter_does_not_close_the_pause(later: str) -> None:
    """Or a key that may read and not order would have one order after the other refused."""
    opened()
    said("74.87")
    said(later, after=70)
    assert Pause.objects.exists()


@pytest.mark.parametrize("later", [NotSent("no connection"), OutcomeUnknown("odd"), "0", "-3"])
def test_no_answer_or_no_money_does_not_close_the_pause(later: str | ProviderError) -> None:
    opened()
    said(AccountProblem("no such key", code="401"))
    said(later, after=70)
    assert Pause.objects.exists()


def test_a_reading_from_before_the_pause_is_no_evidence() -> None:
    said("5.00", after=-60)
    opened()
    said("20.00")
    assert Pause.objects.exists()


def test_while_the_pause_is_open_the_balance_is_read_every_minute_and_then_ever_more_rarely() -> None:
    opened()
    assert said("0.10", after=0) == NOW + timedelta(seconds=60)
    assert said("0.10", after=3600) == NOW + timedelta(seconds=3600 + 360)
    assert said("0.10", after=86400) == NOW + timedelta(days=1, minutes=30)


def test_an_order_of_unknown_outcome_has_the_balance_read() -> None:
    said("74.87", after=-60)
    task = a_task(Status.SUBMITTING)
    submitting.apply_submit_answer(task.pk, OutcomeUnknown("the answer was lost"), at=NOW, attempt=task.attempts)
    assert Account.objects.of("apixo").balance_due_at == NOW


def test_a_429_shrinks_the_pace_whatever_was_asked() -> None:
    order, question = a_task(Status.SUBMITTING), a_task(Status.RUNNING)
    submitting.apply_submit_answer(order.pk, Busy("slow down"), at=NOW, attempt=order.attempts)
    polling.apply_poll_answer(question.pk, Busy("slow down"), at=NOW + timedelta(seconds=2))
    assert Account.objects.of("apixo").share < 0.3

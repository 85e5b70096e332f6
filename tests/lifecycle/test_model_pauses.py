"""A 403 stops what it is about: an order, a model, or, with more evidence, a provider."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from generations.lifecycle import accounts, polling, submitting
from generations.lifecycle.capacity import why_paused
from generations.models import Account, EntryKind, GenerationTask, Pause, Status
from generations.providers.errors import AccountProblem, FailureKind, NotSent, ProviderError, Rejected
from tests.factories import NOW, a_task, kinds_of

pytestmark = pytest.mark.django_db
NO_ACCESS = Rejected("Key or route cannot access the model", code="403", kind=FailureKind.ACCESS)
CONTENT = Rejected("content was rejected", code="403", kind=FailureKind.CONTENT)
A, B = "kling-2-6", "kling-2-1"


def ordered(model: str, outcome: str | ProviderError, *, after: float = 0.0) -> GenerationTask:
    task = a_task(Status.SUBMITTING, model=model)
    submitting.apply_submit_answer(task.pk, outcome, at=NOW + timedelta(seconds=after), attempt=task.attempts)
    task.refresh_from_db()
    return task


def read(outcome: str | ProviderError, *, after: float = 0.0) -> datetime | None:
    answer = Decimal(outcome) if isinstance(outcome, str) else outcome
    accounts.apply_balance_answer("apixo", answer, at=NOW + timedelta(seconds=after))
    return Account.objects.of("apixo").balance_due_at


def paused() -> list[str]:
    return [pause.model or "all" for pause in Pause.objects.filter(provider="apixo")]


def test_a_403_about_content_fails_its_order_and_pauses_nothing() -> None:
    assert (ordered(A, CONTENT).error_kind, paused()) == ("content", [])


def test_any_other_403_fails_its_order_uncharged_and_pauses_the_orders_of_its_model() -> None:
    task = ordered(A, NO_ACCESS)
    assert (task.status, task.error_kind, task.error_message) == (Status.FAILED, "access", NO_ACCESS.message)
    assert kinds_of(task) == [EntryKind.HOLD, EntryKind.RELEASE]
    assert paused() == [A]
    assert Pause.objects.get().reason == f"task {task.pk}: Key or route cannot access the model"
    assert Account.objects.of("apixo").balance_due_at == NOW  # whether it is refused too


def test_only_orders_of_the_paused_model_there_wait() -> None:
    accounts.pause_model(a_task(model=A), "403", at=NOW)
    others = [a_task(model=B), a_task(model=A, provider="apikley")]
    assert list(GenerationTask.objects.to_be_sent().not_paused().order_by("id")) == others
    accounts.pause_provider("apikley", "402", at=NOW)
    assert list(GenerationTask.objects.to_be_sent().not_paused()) == others[:1]


@pytest.mark.parametrize("error", [AccountProblem("no such key", code="401"), NO_ACCESS])
def test_a_balance_that_is_refused_too_pauses_the_provider(error: ProviderError) -> None:
    read(error, after=-60)
    assert paused() == []  # no order was refused
    ordered(A, NO_ACCESS)
    read(error, after=1)
    assert paused() == ["all", A]
    assert "the balance was refused too" in Pause.objects.get(model="").reason


@pytest.mark.parametrize("outcome", ["74.87", "0", NotSent("no connection")])
def test_a_balance_that_is_not_refused_pauses_no_more(outcome: str | ProviderError) -> None:
    ordered(A, NO_ACCESS)
    read(outcome, after=1)
    assert paused() == [A]


def test_orders_of_two_models_refused_in_a_row_pause_the_provider() -> None:
    ordered(A, NO_ACCESS)
    ordered(A, NO_ACCESS, after=1)
    assert paused() == [A]
    ordered(B, NO_ACCESS, after=2)
    assert paused() == ["all", B, A]
    reason = Pause.objects.get(model="").reason
    assert "orders of two models in a row were refused, Kling 2.6 and Kling 2.1: Key or route" in reason


def test_an_order_that_was_accepted_in_between_leaves_the_provider_open() -> None:
    ordered(A, NO_ACCESS)
    ordered("kling-2-5-turbo-pro", "an-id", after=1)
    ordered(B, NO_ACCESS, after=2)
    assert paused() == [B, A]


def test_a_model_that_a_person_resumed_counts_no_more() -> None:
    ordered(A, NO_ACCESS)
    accounts.resume_orders("apixo", A)
    ordered(B, NO_ACCESS, after=2)
    assert paused() == [B]


def test_a_poll_that_is_refused_pauses_its_model_and_never_the_provider() -> None:
    ordered(A, NO_ACCESS)
    polling.apply_poll_answer(a_task(Status.RUNNING, model=B).pk, NO_ACCESS, at=NOW + timedelta(seconds=1))
    assert paused() == [B, A]


def test_a_risen_balance_resumes_no_model_since_money_was_not_what_it_lacked() -> None:
    ordered(A, NO_ACCESS)
    accounts.pause_provider("apixo", "402", at=NOW)
    read("0.10", after=1)
    read("20.10", after=70)
    assert paused() == [A]


def test_a_key_that_was_refused_altogether_and_is_accepted_again_resumes_both() -> None:
    ordered(A, NO_ACCESS)
    read(AccountProblem("no such key", code="401"), after=1)
    read("20.10", after=70)
    assert paused() == []


def test_resuming_a_provider_resumes_its_models_and_resuming_a_model_only_that_one() -> None:
    for model in (A, B):
        accounts.pause_model(a_task(model=model), "403", at=NOW)
    accounts.resume_orders("apixo", B)
    assert paused() == [A]
    accounts.pause_provider("apixo", "401", at=NOW)
    accounts.resume_orders("apixo")
    assert paused() == []


def test_a_pause_of_the_site_keeps_all_orders_back(staff: User) -> None:
    a_task(model=A)
    a_task(model=B, provider="apikley")
    accounts.pause_by_person("", "", "new prices", at=NOW, by=staff)
    assert not GenerationTask.objects.to_be_sent().not_paused().exists()
    assert why_paused("apikley", B) == "All orders are paused until someone resumes them: new prices"
    accounts.resume_orders("")
    assert GenerationTask.objects.to_be_sent().not_paused().count() == 2


@pytest.mark.parametrize("model", ["", A])
def test_no_balance_ends_a_pause_that_a_person_made(staff: User, model: str) -> None:
    accounts.pause_by_person("apixo", model, "new prices", at=NOW, by=staff)
    for outcome in (AccountProblem("no such key", code="401"), "5", "9"):
        due_at = read(outcome, after=60)
    assert paused() == [model or "all"]
    assert due_at == NOW + timedelta(seconds=60) + accounts.DAILY  # a person's pause is no reason to read it often


def test_a_person_takes_over_what_the_machine_paused_and_its_reason_stays(staff: User) -> None:
    accounts.pause_provider("apixo", "402: top up", at=NOW)
    accounts.pause_by_person("apixo", "", "until Monday", at=NOW, by=staff)
    pause = Pause.objects.get()
    assert (pause.reason, pause.paused_by) == ("until Monday (paused before: 402: top up)", staff)
    with pytest.raises(ValidationError, match="are paused already, by mira"):
        accounts.pause_by_person("apixo", "", "again", at=NOW, by=staff)


def test_a_pause_of_a_model_names_its_provider() -> None:
    with pytest.raises(IntegrityError):
        Pause.objects.create(provider="", model=A, reason="x", paused_at=NOW)

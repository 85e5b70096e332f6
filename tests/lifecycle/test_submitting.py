"""An order on its way: what each answer does to the task, its money and its timeline."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from generations.lifecycle import ordering, submitting
from generations.lifecycle.calls import REMINDER_INTERVAL
from generations.models import EntryKind, GenerationTask, Pause, Status
from generations.providers.errors import (
    AccountProblem,
    Busy,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    ServerTrouble,
)
from generations.providers.errors import (
    FailureKind as ErrorKind,
)
from tests.factories import NOW, a_task, due, kinds_of, last_reason

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(seconds=5)


def settled(outcome: str | ProviderError, **changes: object) -> GenerationTask:
    """A task that was sent, after its answer was written."""
    task = a_task(Status.SUBMITTING, **({"send_count": 0} | changes))
    submitting.apply_submit_answer(task.pk, outcome, at=LATER, attempt=1)
    task.refresh_from_db()
    return task


def test_a_claimed_order_counts_as_sent_before_its_first_byte_leaves() -> None:
    task = a_task()
    ask = submitting.claim_submission(task, at=NOW)
    row = GenerationTask.objects.get(pk=task.pk)
    assert ask is not None
    assert (row.status, row.attempts, row.submitted_at) == (Status.SUBMITTING, 1, NOW)
    assert kinds_of(task) == [EntryKind.HOLD]


def test_an_order_is_claimed_once_however_many_try() -> None:
    first, second = a_task(), None
    second = GenerationTask.objects.get(pk=first.pk)
    assert submitting.claim_submission(first, at=NOW) is not None
    assert submitting.claim_submission(second, at=NOW) is None


def test_an_accepted_order_is_first_asked_for_after_the_documented_wait(settings: Settings) -> None:
    settings.WAIT_SCALE = 1
    task = settled("abc-123")
    assert (task.status, task.remote_id) == (Status.RUNNING, "abc-123")
    assert task.due_at == LATER + timedelta(seconds=30)
    assert kinds_of(task) == [EntryKind.HOLD]


def test_what_was_provably_not_sent_waits_and_keeps_its_hold() -> None:
    task = settled(NotSent("no connection"))
    assert task.status == Status.QUEUED
    assert due(task) > LATER
    assert (task.send_count, task.submitted_at) == (0, None)
    assert kinds_of(task) == [EntryKind.HOLD]


def test_a_busy_provider_is_not_asked_before_the_time_it_named() -> None:
    task = settled(Busy("slow down", code="429", retry_after_seconds=30))
    assert task.status == Status.QUEUED
    assert due(task) >= LATER + timedelta(seconds=30)


def test_the_wait_grows_with_each_refusal() -> None:
    first = settled(Busy("slow down"))
    later = settled(Busy("slow down"), failures=6)
    assert due(later) - LATER > 10 * (due(first) - LATER)


def test_a_refusal_ends_the_task_in_their_words_and_frees_the_money() -> None:
    task = settled(Rejected("prompt is not allowed", code="403", kind=ErrorKind.CONTENT))
    assert task.status == Status.FAILED
    assert (task.error_kind, task.error_code, task.error_message) == ("content", "403", "prompt is not allowed")
    assert kinds_of(task) == [EntryKind.HOLD, EntryKind.RELEASE]


def test_an_account_problem_stops_the_provider_once_and_the_order_waits() -> None:
    task = settled(AccountProblem("Insufficient credits", code="402"))
    settled(AccountProblem("Insufficient credits", code="402"))
    assert task.status == Status.QUEUED
    assert Pause.objects.get().reason == f"task {task.pk}: Insufficient credits"


def test_an_unknown_outcome_waits_for_a_person_and_keeps_its_hold() -> None:
    task = settled(OutcomeUnknown("the answer was lost"))
    assert task.status == Status.UNCONFIRMED
    assert task.due_at is not None
    assert kinds_of(task) == [EntryKind.HOLD]


def test_the_providers_own_500_is_unknown_too_unless_the_operator_says_otherwise(settings: Settings) -> None:
    assert settled(ServerTrouble("oops", code="500")).status == Status.UNCONFIRMED
    settings.RETRY_SUBMIT_ON_5XX = True
    assert settled(ServerTrouble("oops", code="500")).status == Status.QUEUED
    assert settled(ServerTrouble("oops", code="500"), send_count=2).status == Status.UNCONFIRMED


def test_an_order_that_may_have_been_accepted_once_is_neither_refused_nor_taken_back(
    settings: Settings, staff: User
) -> None:
    settings.RETRY_SUBMIT_ON_5XX = True
    task = settled(ServerTrouble("oops", code="500"))
    assert task.maybe_accepted
    assert not ordering.cancel(task, at=LATER, by=staff)
    assert settled(Rejected("no"), maybe_accepted=True).status == Status.UNCONFIRMED
    assert kinds_of(task) == [EntryKind.HOLD]


def test_an_answer_to_an_earlier_sending_changes_nothing_and_its_id_is_on_record(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for outcome in (NotSent("no connection"), "paid-1", Rejected("no")):
        task = a_task(Status.SUBMITTING, attempts=2)
        submitting.apply_submit_answer(task.pk, outcome, at=LATER, attempt=1)
        task.refresh_from_db()
        assert (task.status, task.remote_id) == (Status.SUBMITTING, None)
        assert "earlier attempt" in last_reason(task)
    assert "paid-1" in caplog.text


def test_writing_the_same_answer_again_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    task = settled("abc-123")
    submitting.apply_submit_answer(task.pk, "abc-123", at=LATER, attempt=1)
    assert task.events.count() == 1
    assert caplog.text == ""


def test_an_order_whose_worker_died_is_never_sent_again() -> None:
    task = a_task(Status.SUBMITTING)
    submitting.mark_unconfirmed(task, at=LATER)
    assert task.status == Status.UNCONFIRMED
    assert "worker died" in last_reason(task)


def test_an_answer_that_comes_after_all_adopts_the_doubtful_order() -> None:
    task = a_task(Status.SUBMITTING)
    submitting.mark_unconfirmed(task, at=LATER)
    submitting.apply_submit_answer(task.pk, "abc-123", at=LATER, attempt=1)
    task.refresh_from_db()
    assert (task.status, task.remote_id, task.error_message) == (Status.RUNNING, "abc-123", "")


def test_a_late_refusal_leaves_the_decision_to_the_person() -> None:
    task = a_task(Status.UNCONFIRMED)
    submitting.apply_submit_answer(task.pk, Rejected("no"), at=LATER, attempt=1)
    task.refresh_from_db()
    assert task.status == Status.UNCONFIRMED
    assert "came late" in last_reason(task)


def test_an_id_that_another_task_has_is_not_believed() -> None:
    a_task(Status.RUNNING, remote_id="taken")
    task = settled("taken")
    assert task.status == Status.UNCONFIRMED
    assert "taken" in task.error_message


def test_a_late_id_that_another_task_has_leaves_the_decision_to_the_person() -> None:
    a_task(Status.RUNNING, remote_id="taken")
    task = a_task(Status.UNCONFIRMED)
    submitting.apply_submit_answer(task.pk, "taken", at=LATER, attempt=1)
    task.refresh_from_db()
    assert (task.status, task.remote_id) == (Status.UNCONFIRMED, None)
    assert "taken" in last_reason(task)


def test_a_paid_id_that_finds_its_task_ended_is_on_record(caplog: pytest.LogCaptureFixture) -> None:
    task = a_task(Status.FAILED)
    submitting.apply_submit_answer(task.pk, "paid-1", at=LATER, attempt=1)
    assert "paid-1" in caplog.text
    assert "paid-1" in last_reason(task)


def test_an_undecided_order_comes_up_again() -> None:
    task = a_task(Status.UNCONFIRMED)
    submitting.remind_unconfirmed(task, at=LATER)
    assert task.due_at == LATER + REMINDER_INTERVAL


def test_an_id_that_arrives_in_the_moment_in_which_its_order_is_given_up_is_attached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    move = GenerationTask.move

    def give_up_first(self: GenerationTask, to: Status, *args: Any, **more: Any) -> bool:
        if to == Status.RUNNING:
            monkeypatch.setattr(GenerationTask, "move", move)
            submitting.mark_unconfirmed(GenerationTask.objects.get(pk=self.pk), at=LATER)
        return move(self, to, *args, **more)

    monkeypatch.setattr(GenerationTask, "move", give_up_first)
    task = settled("remote-9")
    assert (task.status, task.remote_id) == (Status.RUNNING, "remote-9")

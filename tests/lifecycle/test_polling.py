"""An accepted order at its provider: what each report does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from generations.admin.attention import needs_a_person
from generations.lifecycle import callbacks, ordering, polling
from generations.models import EntryKind, GenerationTask, Status
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import FailureKind as ErrorKind
from generations.providers.errors import OutcomeUnknown, ProviderError, Rejected
from tests.factories import NOW, a_task, due, kinds_of, last_reason

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(seconds=40)
WORKING = RemoteTask(state=RemoteState.WORKING, raw_state="processing")
DONE = RemoteTask(state=RemoteState.DONE, raw_state="success", result_urls=("https://r2.apixo.ai/a.mp4",))
FAILED = RemoteTask(
    state=RemoteState.FAILED, raw_state="failed", error_kind="content", error_code="NSFW", error_message="no"
)
UNSEEN = RemoteTask(state=RemoteState.UNSEEN, raw_state="404")


@pytest.fixture(autouse=True)
def unscaled(settings: Settings) -> None:
    settings.WAIT_SCALE = 1


def reported(
    task: GenerationTask, outcome: RemoteTask | ProviderError, *, at: Any = LATER, pace: float = 0
) -> GenerationTask:
    polling.apply_poll_answer(task.pk, outcome, at=at, pace_seconds=pace)
    task.refresh_from_db()
    return task


def test_a_look_claims_the_row_so_that_nobody_else_asks() -> None:
    task = a_task(Status.RUNNING)
    twin = GenerationTask.objects.get(pk=task.pk)
    assert polling.claim_poll(task, at=LATER) is not None
    assert polling.claim_poll(twin, at=LATER) is None
    assert due(task) > LATER


def test_a_working_task_is_asked_again_after_the_documented_interval() -> None:
    task = reported(a_task(Status.RUNNING), WORKING)
    assert task.status == Status.RUNNING
    assert task.due_at == LATER + timedelta(seconds=5)
    assert task.remote_state == "processing"


def test_many_tasks_share_the_rate_so_each_is_asked_more_rarely() -> None:
    task = reported(a_task(Status.RUNNING), WORKING, pace=8)
    assert task.due_at == LATER + timedelta(seconds=8)


def test_a_long_overdue_task_is_asked_ever_more_rarely_and_never_dropped() -> None:
    an_hour = reported(a_task(Status.RUNNING), WORKING, at=NOW + timedelta(hours=1))
    a_week = reported(a_task(Status.RUNNING), WORKING, at=NOW + timedelta(days=7))
    assert timedelta(minutes=5) < due(an_hour) - (NOW + timedelta(hours=1)) < timedelta(minutes=7)
    assert due(a_week) - (NOW + timedelta(days=7)) == timedelta(hours=1)


def test_a_finished_task_is_charged_in_the_same_breath() -> None:
    task = reported(a_task(Status.RUNNING), DONE)
    assert (task.status, task.result_urls) == (Status.READY, ["https://r2.apixo.ai/a.mp4"])
    assert (task.finished_at, task.due_at) == (LATER, LATER)
    assert task.source_expires_at == LATER + timedelta(days=15)
    assert kinds_of(task) == [EntryKind.HOLD, EntryKind.CHARGE]


def test_a_second_report_of_success_charges_nothing_more() -> None:
    task = reported(reported(a_task(Status.RUNNING), DONE), DONE)
    assert kinds_of(task) == [EntryKind.HOLD, EntryKind.CHARGE]


def test_a_failed_task_keeps_their_words_and_frees_the_money() -> None:
    task = reported(a_task(Status.RUNNING), FAILED)
    assert (task.status, task.error_kind, task.error_code, task.error_message) == ("failed", "content", "NSFW", "no")
    assert kinds_of(task) == [EntryKind.HOLD, EntryKind.RELEASE]


def test_no_such_task_is_forgiven_for_a_while_after_the_order() -> None:
    task = a_task(Status.RUNNING)
    for seconds in (30, 35, 40, 89):
        task = reported(task, UNSEEN, at=NOW + timedelta(seconds=seconds))
    assert task.status == Status.RUNNING
    assert reported(task, WORKING, at=NOW + timedelta(seconds=95)).unseen_since is None


def test_what_stays_unknown_to_the_provider_is_lost_and_counts_as_spent() -> None:
    task = a_task(Status.RUNNING)
    for seconds in (30, 60, 90, 110, 125):
        task = reported(task, UNSEEN, at=NOW + timedelta(seconds=seconds))
    assert (task.status, task.due_at) == (Status.LOST, None)
    assert kinds_of(task) == [EntryKind.HOLD, EntryKind.CHARGE]


def test_failed_questions_are_no_part_of_what_makes_a_task_lost() -> None:
    task, answers = (
        a_task(Status.RUNNING),
        [OutcomeUnknown("HTTP 502")] * 4 + [UNSEEN] * 4 + [OutcomeUnknown("HTTP 502")],
    )
    for number, answer in enumerate([*answers, *[UNSEEN] * 4]):
        task = reported(task, answer, at=NOW + timedelta(seconds=100 * number))
    assert task.status == Status.RUNNING
    assert reported(task, UNSEEN, at=NOW + timedelta(seconds=2000)).status == Status.LOST


def test_one_no_such_task_in_the_middle_of_a_long_run_loses_nothing() -> None:
    task = reported(a_task(Status.RUNNING), UNSEEN, at=NOW + timedelta(minutes=30))
    assert task.status == Status.RUNNING


def test_a_question_that_failed_is_put_off_and_said_once() -> None:
    task = a_task(Status.RUNNING)
    for seconds in (1, 2, 3):
        task = reported(task, OutcomeUnknown("HTTP 502"), at=LATER + timedelta(seconds=seconds))
    assert (task.status, task.failures) == (Status.RUNNING, 3)
    assert task.events.filter(reason__contains="HTTP 502").count() == 1


@pytest.mark.parametrize(
    "outcome", [WORKING, FAILED, OutcomeUnknown("HTTP 502")], ids=["working", "failed", "no answer"]
)
def test_a_clip_whose_urls_died_is_asked_for_until_its_life_ends_and_is_then_lost_loudly(
    outcome: RemoteTask | ProviderError, caplog: pytest.LogCaptureFixture
) -> None:
    task = a_task(Status.READY, urls_died=True)
    for number in range(3):
        task = reported(task, outcome, at=LATER + timedelta(minutes=number))
    assert (task.status, task.failures) == (Status.READY, 3)  # from the third failure on, staff see it
    assert task.source_expires_at
    task = reported(task, outcome, at=task.source_expires_at)
    assert (task.status, task.due_at) == (Status.LOST, None)
    assert "is lost" in caplog.text


@pytest.mark.parametrize("report", [WORKING, FAILED, UNSEEN], ids=["working", "failed", "unseen"])
def test_an_answer_from_before_the_clip_was_finished_does_not_delay_its_fetching(report: RemoteTask) -> None:
    task = a_task(Status.READY)
    assert reported(task, report).due_at == NOW
    assert (task.failures, task.unseen_since) == (0, None)


def test_an_answer_about_another_id_than_the_rows_is_not_taken_for_it() -> None:
    """A callback names another id, or a person gives one, while the question about the first is under way."""
    asked = replace(DONE, asked_id="made-up-1")
    assert reported(a_task(Status.UNCONFIRMED, candidate_id="found-1"), asked).status == Status.UNCONFIRMED
    assert reported(a_task(Status.RUNNING, remote_id="found-2"), asked).status == Status.RUNNING
    assert (
        reported(a_task(Status.RUNNING, remote_id="found-3"), replace(DONE, asked_id="found-3")).status == Status.READY
    )


def test_fresh_urls_replace_the_dead_ones() -> None:
    task = reported(a_task(Status.READY, urls_died=True), DONE)
    assert (task.status, task.urls_died, task.result_urls) == (Status.READY, False, ["https://r2.apixo.ai/a.mp4"])


def test_an_ended_task_never_changes_whatever_is_reported_late() -> None:
    for status in (Status.STORED, Status.FAILED, Status.CANCELED):
        for report in (FAILED, DONE, WORKING, UNSEEN):
            assert reported(a_task(status), report).status == status


def test_a_person_may_have_a_task_looked_at_now(staff: User) -> None:
    task = a_task(Status.RUNNING, due_at=NOW + timedelta(minutes=5))
    assert polling.poll_now(task, at=LATER, by=staff)
    assert task.due_at == LATER


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SUBMITTING, Status.UNCONFIRMED, Status.STORED, Status.FAILED])
def test_a_look_is_only_for_tasks_that_the_provider_has(status: Status, staff: User) -> None:
    assert not polling.poll_now(a_task(status), at=LATER, by=staff)


def test_a_lost_task_that_the_provider_still_has_comes_back(staff: User) -> None:
    task = a_task(Status.LOST)
    assert polling.poll_now(task, at=LATER, by=staff)
    task = reported(task, DONE)
    assert task.status == Status.READY
    assert kinds_of(task) == [EntryKind.HOLD, EntryKind.CHARGE]


@pytest.mark.parametrize("report", [UNSEEN, FAILED])
def test_a_lost_task_that_is_asked_for_in_vain_rests_again(report: RemoteTask, staff: User) -> None:
    task = a_task(Status.LOST)
    polling.poll_now(task, at=LATER, by=staff)
    task = reported(task, report)
    assert (task.status, task.due_at) == (Status.LOST, None)


def named(task: GenerationTask, outcome: RemoteTask | ProviderError, name: str = "found-1") -> GenerationTask:
    """An order that a callback named, after the look that the callback asked for."""
    GenerationTask.objects.filter(pk=task.pk).update(candidate_id=name)
    return reported(task, outcome)


def refused_for_now(**changes: Any) -> GenerationTask:
    """A 429 came back, and it waits to be sent again."""
    return a_task(Status.QUEUED, **{"attempts": 1, "send_count": 1, **changes})


@pytest.mark.parametrize("report", [WORKING, DONE, FAILED])
@pytest.mark.parametrize("made", [lambda: a_task(Status.UNCONFIRMED), refused_for_now])
def test_an_order_that_its_callback_named_goes_on_when_the_provider_knows_it(report: RemoteTask, made: Any) -> None:
    task = named(made(), report)
    assert (task.status, task.remote_id, task.due_at) == (Status.RUNNING, "found-1", LATER)
    assert task.submitted_at
    assert kinds_of(task) == [EntryKind.HOLD]


def test_a_refused_order_that_a_callback_names_is_asked_for_before_it_is_sent_again(staff: User) -> None:
    task, other = refused_for_now(due_at=LATER), refused_for_now()
    callbacks.record_callback(task, "{}", digest="a digest", named="found-1", at=NOW)
    assert list(GenerationTask.objects.due(at=NOW).to_be_asked()) == [task]
    assert list(GenerationTask.objects.to_be_sent()) == [other]
    assert not ordering.cancel(task, at=NOW, by=staff)


def test_one_that_was_never_sent_is_sent_whatever_a_callback_says() -> None:
    task = refused_for_now(send_count=0, candidate_id="made-up")
    assert (list(GenerationTask.objects.to_be_sent()), list(GenerationTask.objects.to_be_asked())) == ([task], [])


@pytest.mark.parametrize("outcome", [UNSEEN, Rejected("bad id", code="400", kind=ErrorKind.INPUT)])
def test_a_refused_order_is_sent_again_when_the_provider_goes_on_not_to_know_its_name(outcome: Any) -> None:
    often = {"failures": polling.UNSEEN_POLLS, "unseen_since": LATER - timedelta(minutes=5)}
    task = named(refused_for_now(**often), outcome)
    assert (task.status, task.candidate_id, task.due_at) == (Status.QUEUED, "", LATER)
    assert list(GenerationTask.objects.to_be_sent()) == [task]
    assert kinds_of(task) == [EntryKind.HOLD]


def test_a_name_that_is_not_visible_yet_is_looked_up_again_soon() -> None:
    """Both providers show a task some time after they took it: 90 s are seen."""
    task = named(a_task(Status.UNCONFIRMED), UNSEEN)
    assert (task.candidate_id, task.unseen_since) == ("found-1", LATER)
    assert due(task) and due(task) < LATER + timedelta(minutes=1)
    assert kinds_of(task) == [EntryKind.HOLD]


def test_a_name_that_the_provider_goes_on_not_to_know_is_not_believed() -> None:
    often = {"failures": polling.UNSEEN_POLLS, "unseen_since": LATER - timedelta(minutes=5)}
    task = named(a_task(Status.UNCONFIRMED, submitted_at=LATER - timedelta(minutes=6), **often), UNSEEN)
    assert (task.status, task.remote_id, task.candidate_id) == (Status.UNCONFIRMED, None, "")
    assert "does not know" in last_reason(task)


def test_a_name_that_is_another_tasks_is_not_believed() -> None:
    a_task(Status.RUNNING, remote_id="found-1")
    task = named(a_task(Status.UNCONFIRMED), WORKING)
    assert (task.status, task.candidate_id) == (Status.UNCONFIRMED, "")


def test_a_name_that_could_not_be_looked_up_is_looked_up_again() -> None:
    task = named(a_task(Status.UNCONFIRMED), OutcomeUnknown("HTTP 502"))
    assert (task.status, task.candidate_id) == (Status.UNCONFIRMED, "found-1")
    assert list(GenerationTask.objects.to_be_asked()) == [task]


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELED])
def test_a_callback_for_an_order_that_was_closed_is_told_aloud(
    status: Status, caplog: pytest.LogCaptureFixture
) -> None:
    task = a_task(status, send_count=1)
    body = '{"data": {"taskId": "found-1"}}'
    for _ in range(2):
        callbacks.record_callback(task, body, digest="a digest", named="found-1", at=LATER)
    task.refresh_from_db()
    assert (task.status, task.candidate_id) == (status, "found-1")
    assert task.events.filter(reason__contains="may have accepted and billed it after all").count() == 1
    assert "gives its id as found-1" in caplog.text
    assert list(GenerationTask.objects.filter(needs_a_person(overdue=[]))) == [task]


def test_where_a_callback_is_expected_polling_is_a_slow_safety_net() -> None:
    task = reported(a_task(Status.RUNNING, delivery="callback"), WORKING)
    assert task.due_at == LATER + timedelta(seconds=30)

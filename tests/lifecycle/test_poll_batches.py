"""Polls that are claimed and put off many at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from generations.lifecycle.calls import ProviderCall
from generations.lifecycle.poll_batches import Answer, claim_polls, count_running, due_polls, put_off_working
from generations.lifecycle.polling import POLL_LEASE
from generations.models import GenerationTask, Status
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import OutcomeUnknown
from tests.factories import NOW, a_task, due

pytestmark = pytest.mark.django_db
WORKING = RemoteTask(state=RemoteState.WORKING, raw_state="processing")
LATER = NOW + timedelta(seconds=1)
INTERVAL = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def unscaled(settings: Settings) -> None:
    settings.WAIT_SCALE = 1


def running(number: int = 1, **changes: object) -> list[GenerationTask]:
    return [a_task(Status.RUNNING, **changes) for __ in range(number)]


def claimed(tasks: list[GenerationTask]) -> list[ProviderCall]:
    return claim_polls(tasks, at=NOW)


def reread(task: GenerationTask) -> GenerationTask:
    return GenerationTask.objects.get(pk=task.pk)


def test_many_are_claimed_in_one_statement() -> None:
    tasks = running(20)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        calls = claimed(tasks)
    assert len(queries) == 1
    assert [call.task_id for call in calls] == [task.pk for task in tasks]
    for task in map(reread, tasks):
        assert (task.poll_count, task.crash_count) == (1, 1)
        assert due(task) >= NOW + POLL_LEASE


def test_a_claim_leaves_out_what_another_process_has_claimed() -> None:
    tasks = running(3)
    (first,) = claimed(tasks[:1])
    calls = claimed(tasks)
    assert [call.task_id for call in calls] == [task.pk for task in tasks[1:]]
    assert reread(tasks[0]).due_at == first.claimed_until


@pytest.mark.parametrize("status", [Status.READY, Status.STORED, Status.FAILED])
def test_a_claim_leaves_out_what_has_moved_on(status: Status) -> None:
    moved, other = running(2)
    due_at = NOW if status == Status.READY else None
    GenerationTask.objects.filter(pk=moved.pk).update(status=status, due_at=due_at)
    assert [call.task_id for call in claimed([moved, other])] == [other.pk]
    assert reread(moved).due_at == due_at


def test_what_is_to_be_polled_is_read_without_what_a_conductor_may_have_died_of() -> None:
    (task,) = running()
    running(crash_count=1)
    a_task(Status.QUEUED)
    a_task(Status.RUNNING, provider="apikley", model="kling-2-6")
    assert list(due_polls("apixo", at=NOW)) == [task]


def test_reading_and_claiming_fetches_no_column_twice() -> None:
    running(3)
    with CaptureQueriesContext(connection) as queries:
        assert len(claim_polls(due_polls("apixo", at=NOW)[:2], at=NOW)) == 2
    assert len(queries) == 2


def test_what_is_still_worked_on_is_put_off_in_one_statement() -> None:
    tasks = running(20, failures=3, error_message="busy")
    calls = claimed(tasks)
    with CaptureQueriesContext(connection) as queries:
        assert put_off_working([(call, WORKING) for call in calls], at=LATER, pace_seconds={}) == []
    assert len(queries) == 1
    for task in map(reread, tasks):
        assert task.due_at == LATER + INTERVAL
        assert (task.failures, task.error_message, task.crash_count, task.remote_state) == (0, "", 0, "processing")


def test_the_rate_may_ask_for_a_longer_interval() -> None:
    (task,) = running()
    put_off_working([(claimed([task])[0], WORKING)], at=LATER, pace_seconds={"apixo": 9.0})
    assert reread(task).due_at == LATER + timedelta(seconds=9)


def test_any_other_answer_is_returned() -> None:
    calls = claimed(running(2))
    answers: list[Answer] = [(calls[0], OutcomeUnknown("lost")), (calls[1], RemoteTask(state=RemoteState.DONE))]
    assert put_off_working(answers, at=LATER, pace_seconds={}) == answers


def test_a_task_that_was_made_due_meanwhile_stays_due() -> None:
    asked, other = running(2)
    calls = claimed([asked, other])
    GenerationTask.objects.filter(pk=asked.pk).update(due_at=NOW)  # a callback
    assert put_off_working([(call, WORKING) for call in calls], at=LATER, pace_seconds={}) == []
    assert (due(reread(asked)), due(reread(other))) == (NOW, LATER + INTERVAL)
    assert reread(asked).crash_count == 0


def test_an_answer_about_a_task_that_moved_on_is_returned() -> None:
    moved, other = running(2)
    answers = [(call, WORKING) for call in claimed([moved, other])]
    GenerationTask.objects.filter(pk=moved.pk).update(status=Status.FAILED, due_at=None)
    assert put_off_working(answers, at=LATER, pace_seconds={}) == answers[:1]
    assert reread(moved).due_at is None
    assert due(reread(other)) == LATER + INTERVAL


def test_an_order_whose_id_is_checked_is_left_to_the_careful_way() -> None:
    task = a_task(Status.UNCONFIRMED, candidate_id="given-1", remote_id=None)
    answers = [(call, WORKING) for call in claimed([task])]
    assert put_off_working(answers, at=LATER, pace_seconds={}) == answers


def test_only_running_tasks_count_as_polled() -> None:
    running(2)
    a_task(Status.RUNNING, practice=False)
    for status in (Status.READY, Status.SUBMITTING, Status.UNCONFIRMED):
        a_task(status)
    assert count_running() == {"apixo": 2}

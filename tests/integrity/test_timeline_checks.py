"""Timelines, replayed: every forbidden way to a status is seen."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from generations.integrity import timeline_checks
from generations.integrity.timeline_checks import Fault
from generations.models import GenerationTask, Status, TaskEvent
from tests.factories import NOW, a_task
from tests.task_histories import a_life, go

pytestmark = pytest.mark.django_db
S = Status


def faults() -> list[Fault]:
    return list(timeline_checks.faults())


def event(task: GenerationTask, was: str, now: str, **fields: Any) -> TaskEvent:
    return TaskEvent.objects.create(task=task, at=NOW, was=was, now=now, reason="a test", **fields)


@pytest.mark.parametrize("status", Status)
def test_every_lawful_way_is_without_fault(status: Status) -> None:
    a_life(status)
    assert faults() == []


def test_a_status_that_changed_past_the_door_is_seen() -> None:
    task = a_life(S.FAILED, status=S.CANCELED)
    assert faults() == [Fault("P12", task.pk, "its timeline ends as failed, but it is canceled")]


def test_a_move_that_nothing_may_make_is_seen() -> None:
    task = a_life(S.FAILED, status=S.QUEUED, due_at=NOW)
    event(task, S.FAILED, S.QUEUED, by=User.objects.create(username="mira"))
    assert faults() == [Fault("P12", task.pk, "it moved from failed to queued, which is not allowed")]


def test_an_end_that_changed_though_nobody_asked_is_seen() -> None:
    task = a_life(S.STORED, status=S.LOST, due_at=None)
    event(task, S.STORED, S.LOST)
    assert [fault.what for fault in faults()] == [
        "it moved from stored to lost, which is not allowed",
        "it was at rest as stored, and moved to lost without a person's request",
    ]


def test_a_step_that_is_missing_is_seen() -> None:
    task = a_life(S.STORED)
    TaskEvent.objects.filter(task=task, now=S.READY).delete()
    assert faults() == [
        Fault("P12", task.pk, "its timeline has a gap: it was running, but moved from ready to stored")
    ]  # fmt: skip


def test_a_timeline_that_is_missing_is_seen() -> None:
    task = a_life(S.RUNNING)
    a_task(S.QUEUED)  # which has not moved, so it needs none
    TaskEvent.objects.all().delete()
    assert faults() == [Fault("P12", task.pk, "it is running, but its timeline is empty")]


def test_words_that_are_no_status_are_seen_and_do_not_stop_it() -> None:
    task = a_life(S.QUEUED)
    event(task, "queued", "sunk")
    assert [fault.what for fault in faults()] == [
        "it moved from queued to sunk, which is not allowed", "its timeline ends as sunk, but it is queued",
    ]  # fmt: skip


def test_a_lost_clip_comes_back_only_when_a_person_asked() -> None:
    task = a_life(S.LOST)
    go(task, S.READY)
    assert faults() == [Fault("P12", task.pk, "it was at rest as lost, and moved to ready without a person's request")]


def test_a_lost_clip_that_a_person_asked_for_may_come_back_and_be_lost_again(staff: User) -> None:
    task = a_life(S.LOST)
    task.note("a look was asked for", at=NOW, by=staff)
    go(task, S.READY)
    go(task, S.LOST)
    assert faults() == []
    go(task, S.READY)  # the first asking does not count twice
    assert [fault.promise for fault in faults()] == ["P12"]


def test_an_order_that_was_closed_as_never_accepted_names_a_person(staff: User) -> None:
    task = a_life(S.UNCONFIRMED)
    assert task.move(S.FAILED, "nothing was accepted", at=NOW)
    assert faults() == [Fault("P1", task.pk, "it was closed as never accepted without a person's decision")]
    TaskEvent.objects.filter(now=S.FAILED).update(by=staff)
    assert faults() == []


def test_a_post_after_one_that_was_not_provably_refused_is_seen() -> None:
    task = a_life(S.RUNNING, send_count=3)
    assert faults() == [Fault("P1", task.pk, "3 POSTs left, but only 1 were provably not accepted")]


def test_a_sending_that_is_not_on_the_timeline_is_seen() -> None:
    task = a_life(S.UNCONFIRMED, attempts=2)
    assert faults() == [Fault("P2", task.pk, "it was claimed for sending 2 times, but its timeline shows 1")]


def test_remarks_of_an_earlier_state_are_no_fault() -> None:
    """They are written beside the moves, by whoever read the row before."""
    task = a_life(S.RUNNING)
    event(task, S.UNCONFIRMED, S.UNCONFIRMED)
    assert faults() == []


def test_many_timelines_are_one_question_and_one_more(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(10):
        a_life(S.STORED)
    with django_assert_num_queries(2):
        assert faults() == []

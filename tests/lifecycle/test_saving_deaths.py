"""Clips that kill their worker, and workers that slept while another went on."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ

from generations.lifecycle import polling, saving
from generations.lifecycle.due_saves import ASIDE, enqueue_due_saves
from generations.lifecycle.saving import MAX_CRASHES, SET_ASIDE
from generations.models import GenerationTask, Lease, Status
from generations.providers.base import RemoteState, RemoteTask
from tests.factories import a_task

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What no handler of the program catches, as a SIGKILL."""


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> GenerationTask:
    def die(*args: Any) -> None:
        raise Killed

    monkeypatch.setattr(saving, "_store_results", die)
    return a_task(Status.READY, source_expires_at=timezone.now() + timedelta(days=1))


def try_and_die(task: GenerationTask) -> bool:
    """Whether a try was begun at all."""
    try:
        saving.save(task.pk)
    except Killed:
        return True
    return False


def enqueued(task: GenerationTask, *, after: timedelta = timedelta()) -> int:
    """Enqueue as the conductor does; return how many jobs came of it."""
    OrmQ.objects.all().delete()
    task.refresh_from_db()
    enqueue_due_saves([task], at=timezone.now() + after)
    task.refresh_from_db()
    return int(OrmQ.objects.count())


def test_a_clip_that_kills_its_worker_is_tried_three_times_and_then_set_aside(poison: GenerationTask) -> None:
    assert [(enqueued(poison), try_and_die(poison)) for __ in range(MAX_CRASHES)] == [(1, True)] * MAX_CRASHES
    assert enqueued(poison) == 0
    assert not try_and_die(poison)  # not by a doubled job either
    assert (poison.status, poison.error_kind) == (Status.READY, SET_ASIDE)
    assert poison.due_at and poison.due_at > timezone.now() + ASIDE / 2
    assert poison.events.filter(reason__contains="3 times in a row").count() == 1


def test_a_clip_that_was_set_aside_is_tried_once_an_hour(poison: GenerationTask) -> None:
    for __ in range(MAX_CRASHES):
        try_and_die(poison)
    enqueued(poison)
    assert enqueued(poison, after=ASIDE) == 1
    assert try_and_die(poison)
    assert enqueued(poison) == 0
    assert not try_and_die(poison)


def test_a_clip_that_kills_its_worker_until_its_url_dies_is_lost_aloud(poison: GenerationTask) -> None:
    for __ in range(MAX_CRASHES):
        try_and_die(poison)
    enqueued(poison, after=timedelta(days=2))
    assert poison.status == Status.LOST


def test_a_person_can_have_it_tried_again_at_once(poison: GenerationTask, staff: User) -> None:
    for __ in range(MAX_CRASHES):
        try_and_die(poison)
    enqueued(poison)
    assert polling.poll_now(poison, at=timezone.now(), by=staff)
    assert enqueued(poison) == 1
    assert try_and_die(poison)


def test_an_ordinary_failure_is_no_death() -> None:
    task = a_task(Status.READY, crash_count=2, source_expires_at=timezone.now() + timedelta(days=1))
    assert not saving.save(task.pk)  # nobody listens on port 9
    task.refresh_from_db()
    assert (task.crash_count, task.failures) == (0, 1)


def test_a_clip_that_someone_has_in_hand_is_not_enqueued(poison: GenerationTask) -> None:
    Lease.objects.take(saving.lease_of(poison.pk), seconds=20)
    assert enqueued(poison) == 0
    assert poison.due_at and poison.due_at > timezone.now()


@pytest.mark.parametrize("trouble", [None, OSError("read-only")])
def test_a_worker_that_lost_its_lease_writes_nothing(trouble: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    task = a_task(Status.READY, result_urls=[], source_expires_at=timezone.now() + timedelta(days=1))
    store_results = saving._store_results

    def sleep_while_another_takes_it(task: GenerationTask, hold: Any) -> bool:
        Lease.objects.filter(name=hold.name).update(token=uuid.uuid4())
        if trouble:
            raise trouble
        return store_results(task, hold)

    monkeypatch.setattr(saving, "_store_results", sleep_while_another_takes_it)
    before = GenerationTask.objects.values().get(pk=task.pk)
    assert not saving.save(task.pk)
    after = GenerationTask.objects.values().get(pk=task.pk)
    assert after | {"crash_count": 0} == before


def test_a_fault_of_ours_does_not_set_back_what_another_worker_has_in_hand() -> None:
    task = a_task(Status.READY, source_expires_at=timezone.now() + timedelta(days=1))
    Lease.objects.take(saving.lease_of(task.pk), seconds=20)
    saving.retry_later(task.pk, "a fault", at=timezone.now())
    task.refresh_from_db()
    assert task.failures == 0


def test_a_question_that_kills_the_conductor_is_asked_ever_more_rarely() -> None:
    task, at = a_task(Status.RUNNING), timezone.now()
    waits = []
    for __ in range(6):
        assert polling.claim_poll(task, at=at)
        assert task.due_at
        waits.append((task.due_at - at) / polling.POLL_LEASE)
    assert waits == [1, 1, 1, 2, 4, 8]
    polling.apply_poll_answer(task.pk, RemoteTask(state=RemoteState.WORKING), at=at)
    task.refresh_from_db()
    assert task.crash_count == 0

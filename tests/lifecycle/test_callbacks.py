"""Callbacks without end: few are kept, and none is lost that would change its task."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from generations.lifecycle import callbacks
from generations.lifecycle.callbacks import MOST_KEPT, SOON, record_callback
from generations.models import GenerationTask, Status
from tests.factories import NOW, a_task, configure, due

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)
numbers = iter(range(1_000_000))


def tell(task: GenerationTask, times: int = 1, *, named: str = "", at: Any = NOW) -> GenerationTask:
    """Record callbacks that differ, and return the task as it is then."""
    for _ in range(times):
        fresh = GenerationTask.objects.get(pk=task.pk)
        record_callback(fresh, "{}", digest=f"{next(numbers)}", named=named, at=at)
    task.refresh_from_db()
    return task


def test_a_task_keeps_twenty_and_each_of_them_has_it_polled_at_once() -> None:
    task = a_task(Status.RUNNING, due_at=LATER)
    for number in range(1, MOST_KEPT + 1):
        GenerationTask.objects.update(due_at=LATER)
        assert tell(task).due_at == NOW
        assert task.deliveries.count() == number
    GenerationTask.objects.update(due_at=LATER)
    assert tell(task, 30).due_at == NOW + SOON
    assert task.deliveries.count() == MOST_KEPT


def test_those_that_are_not_kept_never_put_a_poll_off() -> None:
    task = tell(a_task(Status.RUNNING, due_at=LATER), MOST_KEPT)
    assert tell(task, 5, at=NOW + timedelta(seconds=1)).due_at == NOW


def test_sixty_of_an_ended_task_leave_one() -> None:
    task = a_task(Status.RUNNING, due_at=LATER)
    tell(task, 2)
    task.move(Status.FAILED, "refused", at=LATER, finished_at=LATER)
    tell(task, 60, at=LATER + timedelta(seconds=1))
    assert (task.deliveries.count(), task.due_at) == (3, None)


@pytest.mark.parametrize("status", [Status.STORED, Status.CANCELED, Status.LOST])
def test_a_task_that_rests_since_before_its_timeline_takes_one(status: Status) -> None:
    task = tell(a_task(status), 5)
    assert task.deliveries.count() == 1


def test_the_id_of_an_unconfirmed_order_is_taken_from_the_one_after_the_last_that_is_kept() -> None:
    task = tell(a_task(Status.UNCONFIRMED), MOST_KEPT)
    GenerationTask.objects.update(due_at=LATER)
    assert tell(task, named="remote-7").candidate_id == "remote-7"
    assert task.deliveries.count() == MOST_KEPT
    assert due(task) == NOW + SOON
    assert task.events.filter(reason__contains="gives its id as remote-7").count() == 1


def test_ids_without_end_are_checked_one_at_a_time() -> None:
    task = tell(a_task(Status.UNCONFIRMED, due_at=LATER), MOST_KEPT)
    for number in range(50):
        tell(task, named=f"made-up-{number}")
    assert task.candidate_id == "made-up-0"
    assert task.events.filter(reason__contains="gives its id").count() == 1
    GenerationTask.objects.update(candidate_id="")  # the provider did not know it
    assert tell(task, named="remote-7").candidate_id == "remote-7"


def test_a_closed_order_that_a_provider_names_is_told_once_also_after_another_callback() -> None:
    task = a_task(Status.UNCONFIRMED, send_count=1, candidate_id="remote-7", due_at=LATER)
    task.move(Status.FAILED, "a person says that nothing was accepted", at=NOW, finished_at=NOW)
    tell(task)
    tell(task, 30, named="remote-7")
    assert task.deliveries.count() == 1
    assert task.events.filter(reason__contains="may have accepted and billed it after all").count() == 1


def test_one_that_changes_nothing_writes_nothing_and_takes_no_lock() -> None:
    task = tell(a_task(Status.RUNNING, due_at=NOW), MOST_KEPT)
    with CaptureQueriesContext(connection) as queries:
        record_callback(task, "{}", digest="another", named="remote-7", at=NOW)
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}


def test_the_provider_hears_yes_to_each_and_the_site_keeps_few(settings: Settings) -> None:
    task = a_task(Status.RUNNING, due_at=timezone.now() + timedelta(minutes=5))
    path = task.callback_url().removeprefix(settings.PUBLIC_URL)
    for number in range(60):
        body = json.dumps({"code": 200, "number": number})
        assert Client().post(path, body, content_type="application/json").status_code == 200
    assert task.deliveries.count() == callbacks.MOST_KEPT


def test_what_is_kept_of_a_callback_that_repeats_its_order_opens_nothing(settings: Settings) -> None:
    configure(settings, "apixo", api_key="sk-live/canary+0123456789")
    task = a_task(Status.RUNNING, due_at=timezone.now())
    path = task.callback_url().removeprefix(settings.PUBLIC_URL)
    token = path.rstrip("/").rpartition(":")[2]
    echo = {"callback_url": task.callback_url(), "headers": {"Authorization": "Bearer sk-live/canary+0123456789"}}
    body = json.dumps(echo).replace("/", "\\/")
    assert Client().post(path, body, content_type="application/json").status_code == 200
    kept = task.deliveries.get().body
    assert token not in kept and "canary" not in kept
    assert json.loads(kept)["headers"] == {"Authorization": "Bearer [key]"}
    # The same once more is the same delivery.
    Client().post(path, body, content_type="application/json")
    assert task.deliveries.count() == 1

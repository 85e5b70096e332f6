"""Callbacks while the database is held by somebody else: refused quickly, never acknowledged without a row."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from generations import webhooks
from generations.models import Delivery, GenerationTask, Status
from tests.factories import a_task

pytestmark = pytest.mark.django_db(transaction=True)
BODY = json.dumps({"code": 200, "data": {"taskId": "remote-x", "state": "success"}})


@pytest.fixture
def task() -> GenerationTask:
    return a_task(Status.RUNNING, due_at=timezone.now() + timedelta(minutes=5), delivery="callback")


@contextmanager
def held_by_another(task: GenerationTask) -> Iterator[None]:
    """Somebody writes to the row and does not come to an end: on SQLite this locks the whole database."""
    begun, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            GenerationTask.objects.filter(pk=task.pk).update(poll_count=1)
            begun.set()
            over.wait(30)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert begun.wait(10)
    try:
        yield
    finally:
        over.set()
        other.join()


def deliver(task: GenerationTask) -> int:
    path = task.callback_url().removeprefix("http://127.0.0.1:8000")
    return Client().post(path, BODY, content_type="application/json").status_code


def test_a_locked_database_is_a_503_within_five_seconds_and_the_next_delivery_is_kept(task: GenerationTask) -> None:
    with held_by_another(task):
        began = time.monotonic()
        assert deliver(task) == 503
        assert time.monotonic() - began < 5
        assert not Delivery.objects.exists()
    assert deliver(task) == 200
    assert Delivery.objects.get().task == task


def test_a_repetition_of_what_is_kept_needs_no_lock(task: GenerationTask) -> None:
    assert deliver(task) == 200
    with held_by_another(task):
        assert deliver(task) == 200


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's wait is set on the connection")
def test_the_short_wait_is_for_the_callback_only(task: GenerationTask) -> None:
    deliver(task)
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has many writers")
def test_a_callback_whose_turn_does_not_come_is_a_503(task: GenerationTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "DATABASE_WAIT_SECONDS", 0.1)
    with webhooks.write_lock:
        assert deliver(task) == 503
    assert deliver(task) == 200

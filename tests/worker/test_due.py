"""What is due and needs no provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from generations.lifecycle import due_saves
from generations.models import GenerationTask, Status
from generations.worker import due
from tests.factories import NOW, a_task

pytestmark = pytest.mark.django_db


def test_each_kind_of_row_is_advanced() -> None:
    dead, unsure, ready = a_task(Status.SUBMITTING), a_task(Status.UNCONFIRMED), a_task(Status.READY)
    due.advance_due_tasks(NOW)
    for task in (dead, unsure, ready):
        task.refresh_from_db()
        assert task.due_at and task.due_at > NOW
    assert dead.status == Status.UNCONFIRMED
    assert OrmQ.objects.count() == 1  # the job to save


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING])
def test_what_needs_the_provider_is_left_to_the_conductor(status: Status) -> None:
    task = a_task(status)
    due.advance_due_tasks(NOW)
    task.refresh_from_db()
    assert (task.status, task.due_at) == (status, NOW)


def test_a_row_that_cannot_be_advanced_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, *good = [a_task(Status.READY) for _ in range(3)]
    enqueue = due_saves.enqueue_due_saves

    def enqueue_but_one(tasks: Sequence[GenerationTask], **how: Any) -> None:
        if bad in tasks:
            raise ValueError("a fault of ours")
        enqueue(tasks, **how)

    monkeypatch.setattr(due, "enqueue_due_saves", enqueue_but_one)
    due.advance_due_tasks(NOW)
    assert OrmQ.objects.count() == 2
    bad.refresh_from_db()
    assert bad.due_at == NOW + due.LATER
    for task in good:
        task.refresh_from_db()
        assert task.due_at and task.due_at > NOW + timedelta(seconds=1)


def test_what_is_due_is_read_as_statuses_from_the_index_alone() -> None:
    for status in (Status.QUEUED, Status.QUEUED, Status.RUNNING):
        a_task(status)
    a_task(Status.RUNNING, provider="apikley", model="kling-2-6", due_at=NOW + timedelta(hours=1))
    with CaptureQueriesContext(connection) as queries:
        assert due.due_statuses(NOW) == {"apixo": {Status.QUEUED, Status.RUNNING}}
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
            assert "USING COVERING INDEX task_due" in str(cursor.fetchall())

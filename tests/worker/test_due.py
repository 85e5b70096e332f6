"""What is due and needs no provider."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django_q.models import OrmQ

from generations.lifecycle import saving
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
    enqueue = saving.enqueue_due_save

    def ring_but_one(task: GenerationTask, **how: Any) -> None:
        if task.pk == bad.pk:
            raise ValueError("a fault of ours")
        enqueue(task, **how)

    monkeypatch.setattr(saving, "enqueue_due_save", ring_but_one)
    due.advance_due_tasks(NOW)
    assert OrmQ.objects.count() == 2
    bad.refresh_from_db()
    assert bad.due_at == NOW + due.LATER
    for task in good:
        task.refresh_from_db()
        assert task.due_at and task.due_at > NOW + timedelta(seconds=1)

"""What a run does about tasks that stand still."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_q.models import OrmQ

from generations.models import Status
from tests.conducting import conduct
from tests.factories import NOW, a_task, due
from tests.integrity.reconciling import all_rows, left, run

pytestmark = pytest.mark.django_db


def test_what_is_overdue_is_reported_and_keeps_its_place() -> None:
    late = [a_task(status, due_at=NOW - timedelta(minutes=6)) for status in (Status.QUEUED, Status.READY)]
    a_task(Status.RUNNING, due_at=NOW - timedelta(minutes=4))
    a_task(Status.READY, due_at=NOW - timedelta(days=1), practice=False)
    before = all_rows()
    done = run()
    assert (done.overdue, done.is_well) == ([task.pk for task in late], True)
    assert all_rows() == before


def test_overdue_tasks_without_a_worker_need_a_person() -> None:
    a_task(Status.QUEUED, due_at=NOW - timedelta(minutes=6))
    assert [what for what, _, _ in left(run(worker_lives=False))] == ["worker"]


def test_a_finished_clip_whose_job_was_lost_moves_again() -> None:
    task = a_task(Status.READY, due_at=NOW - timedelta(days=1))
    assert run().overdue == [task.pk]
    conduct(seconds=0.2)
    assert OrmQ.objects.count() == 1  # to save it
    task.refresh_from_db()
    assert run(due(task)).overdue == []


def test_a_task_that_a_wrong_clock_put_off_for_a_year_is_due_now() -> None:
    task = a_task(Status.RUNNING, due_at=NOW + timedelta(days=365))
    soon = a_task(Status.RUNNING, due_at=NOW + timedelta(hours=12))
    assert run().hastened == [task.pk]
    for one in (task, soon):
        one.refresh_from_db()
    assert (task.due_at, soon.due_at) == (NOW, NOW + timedelta(hours=12))
    assert run().hastened == []


def test_undecided_and_lost_orders_need_a_person() -> None:
    unsure, lost = a_task(Status.UNCONFIRMED), a_task(Status.LOST)
    a_task(Status.LOST, practice=False)
    a_task(Status.FAILED)
    assert left(run()) == [
        ("task", unsure.pk, "unconfirmed: nobody knows whether the provider accepted it"),
        ("task", lost.pk, "lost: charged, clip lost"),
    ]

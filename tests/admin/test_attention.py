"""What counts as needing a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from generations.admin.attention import needs_a_person, overdue_ids
from generations.models import GenerationTask, Status
from tests.factories import NOW, a_task


@pytest.mark.parametrize(("seconds", "overdue"), [(89, False), (91, True)])
def test_a_running_task_is_overdue_after_twice_its_documented_time(
    db: None, settings: Any, seconds: int, overdue: bool
) -> None:
    settings.WAIT_SCALE = 1
    task = a_task(Status.RUNNING, submitted_at=NOW)
    assert overdue_ids(at=NOW + timedelta(seconds=seconds)) == ([task.pk] if overdue else [])


def test_undecided_and_lost_tasks_need_a_person_at_once(db: None) -> None:
    tasks = {status: a_task(status, submitted_at=NOW) for status in Status}
    found = GenerationTask.objects.filter(needs_a_person(overdue_ids(at=NOW)))
    assert set(found) == {tasks[Status.UNCONFIRMED], tasks[Status.LOST]}


def test_a_paid_clip_whose_file_does_not_come_needs_a_person(db: None) -> None:
    a_task(Status.READY, failures=2)
    stuck = a_task(Status.READY, failures=3)
    assert list(GenerationTask.objects.filter(needs_a_person(overdue_ids(at=NOW)))) == [stuck]

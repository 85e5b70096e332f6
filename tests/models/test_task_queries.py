"""Tasks are selected by rules with names."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from generations.models import GenerationTask, Status
from tests.factories import NOW, a_task


@pytest.mark.django_db
def test_due_is_what_the_clock_has_reached_longest_overdue_first() -> None:
    late = a_task(Status.RUNNING, due_at=NOW - timedelta(seconds=9))
    now = a_task(due_at=NOW)
    a_task(due_at=NOW + timedelta(seconds=1))
    a_task(Status.STORED)
    assert list(GenerationTask.objects.due(at=NOW)) == [late, now]


@pytest.mark.django_db
def test_practice_orders_stay_practice_when_a_key_is_set_and_real_ones_stay_real(settings: Settings) -> None:
    practice, real = a_task(practice=True), a_task(practice=False)
    assert list(GenerationTask.objects.due(at=NOW)) == [practice]
    settings.PRACTICE = False
    assert list(GenerationTask.objects.due(at=NOW)) == [real]

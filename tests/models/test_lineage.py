"""What tasks came from one another is read by one statement."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from generations.models import GenerationTask, Status
from generations.models.lineage import MOST_DESCENDANTS, count_continuations, line_of
from tests.factories import a_task

pytestmark = pytest.mark.django_db
Queries = Callable[[int], AbstractContextManager[Any]]


def continued(task: GenerationTask, **changes: Any) -> GenerationTask:
    return a_task(Status.STORED, continued_from=task, continued_at_seconds=4.5, **changes)


def line(task: GenerationTask) -> set[GenerationTask]:
    return set(GenerationTask.objects.filter(pk__in=line_of(task.pk)))


def test_a_line_is_all_that_a_task_came_from_and_what_came_of_it(django_assert_num_queries: Queries) -> None:
    first = a_task(Status.STORED)
    failed = a_task(Status.FAILED, continued_from=first, continued_at_seconds=4.5)
    retried = continued(first, retry_of=failed)
    promoted = continued(first, promoted_from=retried)
    last = continued(promoted)
    other = continued(first)
    a_task(Status.STORED)
    with django_assert_num_queries(1):
        assert line(retried) == {first, failed, retried, promoted, last}
    assert line(first) == {first, failed, retried, promoted, last, other}
    assert line(other) == {first, other}


def test_of_very_many_descendants_the_nearest_are_read() -> None:
    first = a_task(Status.STORED)
    for _ in range(MOST_DESCENDANTS + 5):
        a_task(promoted_from=first)
    assert len(line(first)) == MOST_DESCENDANTS
    assert first in line(first)


def test_continuations_in_a_row_are_counted_through_promotions(django_assert_num_queries: Queries) -> None:
    task = a_task(Status.STORED)
    assert count_continuations([task.pk]) == {task.pk: 0}
    for number in range(1, 7):
        task = continued(task)
        with django_assert_num_queries(1):
            assert count_continuations([task.pk]) == {task.pk: number}
    last = continued(task, promoted_from=task)
    assert count_continuations([task.pk, last.pk]) == {task.pk: 6, last.pk: 7}


@pytest.mark.parametrize(("is_continued", "at"), [(False, 1.0), (True, None), (True, -0.1)])
def test_the_database_wants_a_clip_and_a_moment_or_none(is_continued: bool, at: float | None) -> None:
    first = a_task(Status.STORED)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_task(continued_from=first if is_continued else None, continued_at_seconds=at)

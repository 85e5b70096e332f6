"""A lineage: the chain up to the first, and the tree of what came of a task."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from generations.library.lineage import Step, lineage, of_task
from generations.models import GenerationTask, Status
from tests.factories import a_task, a_video

pytestmark = pytest.mark.django_db
Queries = Callable[[int], AbstractContextManager[Any]]


def made(**changes: Any) -> GenerationTask:
    return a_video(a_task(Status.STORED, **changes)).task


def continued(task: GenerationTask, **changes: Any) -> GenerationTask:
    return made(continued_from=task, continued_at_seconds=4.5, **changes)


def drawn(step: Step) -> Any:
    return step.task.pk, step.how, [drawn(child) for child in step.children]


def test_a_promotion_of_a_continuation_stands_below_what_was_promoted() -> None:
    first = made()
    second = continued(first)
    final = continued(first, promoted_from=second)
    found = of_task(second)
    assert [step.task for step in found.before] == [first]
    assert drawn(found.here) == (second.pk, "continued at 4.50 s", [(final.pk, "promoted", [])])
    assert [step.task for step in of_task(final).before] == [first, second]
    assert found.tasks == {first.pk, second.pk, final.pk}


def test_an_order_that_failed_stands_between_with_its_status() -> None:
    first = made()
    failed = a_task(Status.FAILED, continued_from=first, continued_at_seconds=4.5)
    again = continued(first, retry_of=failed)
    found = of_task(again)
    assert [(step.task, step.video is None) for step in found.before] == [(first, False), (failed, True)]
    assert (found.before[1].status, found.here.how) == ("Failed", "tried again")


def test_among_tasks_of_which_one_is_not_known_the_line_goes_round_it_or_ends() -> None:
    first = made()
    failed = a_task(Status.FAILED, continued_from=first, continued_at_seconds=4.5)
    again = continued(first, retry_of=failed)
    last = continued(again)
    known = [(task, task.videos.get()) for task in (first, again, last)]
    assert [step.task for step in lineage(last, known).before] == [first, again]
    assert not lineage(last, known[2:])


def test_the_number_of_queries_does_not_grow(django_assert_num_queries: Queries) -> None:
    task = made()
    for _ in range(2):
        task = continued(task)
        for _ in range(3):
            made(promoted_from=task)
        with django_assert_num_queries(2):
            assert of_task(task)

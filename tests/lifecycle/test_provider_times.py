"""The provider's own clock: when it began and finished, and so until when its link lives."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from generations.lifecycle import polling
from generations.models import GenerationTask, Status
from generations.providers.base import RemoteState, RemoteTask
from tests.factories import NOW, a_task

pytestmark = pytest.mark.django_db
LIFE = timedelta(hours=24)
NOTICED = NOW + timedelta(hours=6)  # the site was down


def seconds(value: float) -> datetime:
    return NOW + timedelta(seconds=value)


def done(**changes: Any) -> GenerationTask:
    task = a_task(Status.RUNNING)  # sent at NOW
    urls = ("https://r2.apixo.ai/a.mp4",)
    report = RemoteTask(state=RemoteState.DONE, raw_state="success", result_urls=urls, **changes)
    polling.apply_poll_answer(task.pk, report, at=NOTICED)
    task.refresh_from_db()
    assert task.status == Status.READY and task.offer
    return task


def life(task: GenerationTask) -> timedelta:
    assert task.offer
    return timedelta(seconds=task.offer.result_life_seconds)


def test_the_links_life_begins_at_the_providers_finish_and_not_at_our_notice_of_it() -> None:
    task = done(created_at=seconds(1), completed_at=seconds(42), cost_ms=41388)
    assert (task.remote_created_at, task.remote_completed_at) == (seconds(1), seconds(42))
    assert (task.remote_seconds, task.finished_at) == (41.0, NOTICED)
    assert task.source_expires_at == seconds(42) + life(task)


@pytest.mark.parametrize(
    "completed",
    [None, seconds(-1), NOTICED + timedelta(hours=1), datetime.fromtimestamp(0, NOW.tzinfo),
     NOTICED + timedelta(days=300_000)],
)  # fmt: skip
def test_a_finish_that_cannot_be_is_ignored(completed: datetime | None) -> None:
    task = done(created_at=seconds(1), completed_at=completed)
    assert (task.remote_completed_at, task.remote_seconds) == (None, None)
    assert task.source_expires_at == NOTICED + life(task)


def test_a_clock_that_goes_a_little_fast_makes_no_link_live_longer() -> None:
    task = done(completed_at=NOTICED + timedelta(seconds=30))
    assert task.remote_completed_at == NOTICED + timedelta(seconds=30)
    assert task.source_expires_at == NOTICED + life(task)


@pytest.mark.parametrize("created", [seconds(-3600), NOTICED + timedelta(hours=1)])
def test_a_beginning_that_cannot_be_is_ignored(created: datetime) -> None:
    task = done(created_at=created, completed_at=seconds(42))
    assert (task.remote_created_at, task.remote_completed_at, task.remote_seconds) == (None, seconds(42), None)


def test_a_finish_before_the_beginning_is_ignored() -> None:
    assert done(created_at=seconds(60), completed_at=seconds(42)).remote_completed_at is None


@pytest.mark.parametrize(("cost_ms", "expected"), [(41388, 41.388), (0, None), (10**12, None), (None, None)])
def test_the_stated_duration_counts_where_the_times_are_not_there(cost_ms: int | None, expected: float | None) -> None:
    assert done(cost_ms=cost_ms).remote_seconds == expected


def test_a_failed_task_keeps_the_providers_times_too() -> None:
    task = a_task(Status.RUNNING)
    report = RemoteTask(state=RemoteState.FAILED, created_at=seconds(1), completed_at=seconds(42))
    polling.apply_poll_answer(task.pk, report, at=NOTICED)
    task.refresh_from_db()
    assert (task.status, task.remote_seconds) == (Status.FAILED, 41.0)


def test_a_lost_clip_that_comes_back_keeps_the_end_of_its_links_life() -> None:
    task = a_task(Status.LOST, source_expires_at=NOW + LIFE)
    urls = ("https://r2.apixo.ai/a.mp4",)
    report = RemoteTask(state=RemoteState.DONE, result_urls=urls, completed_at=seconds(42))
    polling.apply_poll_answer(task.pk, report, at=NOTICED)
    task.refresh_from_db()
    assert task.source_expires_at == NOW + LIFE

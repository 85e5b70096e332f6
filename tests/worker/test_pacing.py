"""The rate limit of a provider."""

from __future__ import annotations

import time

import pytest
from pytest_django import Settings

from generations.worker.pacing import Pace
from tests.factories import configure


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_new_pace_starts_empty_and_fills_with_time(clock: list[float]) -> None:
    pace = Pace(10.0, filled_at=clock[0])
    assert pace.available() == 0
    clock[0] += 0.5
    assert pace.available() == 5
    pace.spend(5)
    assert pace.available() == 0


def test_a_pause_saves_up_no_more_than_a_second_of_requests(clock: list[float]) -> None:
    pace = Pace(10.0, filled_at=clock[0])
    clock[0] += 3600
    assert pace.available() == 10


def test_in_no_minute_are_there_more_requests_than_documented(clock: list[float], settings: Settings) -> None:
    configure(settings, "apikley", requests_per_minute=120)
    pace, sent = Pace.of("apikley"), []
    for __ in range(10_000):
        clock[0] += 0.05
        for __ in range(pace.available()):
            pace.spend(1)
            sent.append(clock[0])
    assert max(sum(1 for at in sent if start <= at < start + 60) for start in sent) <= 120


def test_the_interval_lets_all_tasks_be_asked_within_the_rate() -> None:
    assert Pace(150.0).interval_seconds(1000) == pytest.approx(8.33, abs=0.01)

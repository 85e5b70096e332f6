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
    assert Pace(150.0).interval_seconds(1000, orders_wait=False) == pytest.approx(7.02, abs=0.01)


def test_while_orders_wait_polls_leave_them_more_of_the_rate() -> None:
    assert Pace(150.0).interval_seconds(1000, orders_wait=True) == pytest.approx(8.33, abs=0.01)


@pytest.mark.parametrize(("per_second", "latency", "at_once"), [(150.0, 0.25, 57), (1.8, 0.25, 1), (1.8, 2.0, 6)])
def test_as_many_requests_are_in_flight_as_rate_and_latency_need(
    per_second: float, latency: float, at_once: int
) -> None:
    assert Pace(per_second, latency_seconds=latency).at_once == at_once


def test_the_latency_follows_the_last_answers() -> None:
    pace = Pace(10.0, latency_seconds=1.0)
    for __ in range(100):
        pace.record_latency(0.25)
    assert pace.latency_seconds == pytest.approx(0.25, abs=0.01)
    pace.record_latency(30.0)  # one that hangs does not change everything
    assert pace.latency_seconds < 4


def test_a_429_halves_what_is_in_flight() -> None:
    pace = Pace(100.0, latency_seconds=1.0)
    before, pace.share = pace.at_once, 0.5
    assert pace.at_once == before / 2

"""Background work goes on in slices, by one process at a time, and makes way for other jobs."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from generations import wakeups
from generations.integrity.late_decode import decode_next
from generations.library.previews import make_next
from generations.models import Lease
from generations.worker import background
from generations.worker.background import LOWEST_PRIORITY, Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three pieces of work; those that were done are taken out."""
    left = ["c", "b", "a"]

    def piece(*, at: datetime, run: Run) -> bool:
        return bool(left) and bool(run(left.pop))

    monkeypatch.setattr(background, "WORK", (piece,))
    return left


def test_all_of_it_is_done_when_nothing_else_waits(pieces: list[str]) -> None:
    assert background.work() is False
    assert pieces == []


def test_it_stops_when_other_jobs_wait(pieces: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeups, "count_waiting", lambda: int(len(pieces) < 3))
    assert background.work() is True
    assert pieces == ["c", "b"]


def test_a_slice_ends_in_time(pieces: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "SLICE_SECONDS", 0.0)
    assert background.work() is True
    assert pieces == ["c", "b", "a"]


def test_a_second_process_does_nothing(pieces: list[str]) -> None:
    Lease.objects.take(background.LEASE, seconds=60)
    assert background.work() is False
    assert pieces == ["c", "b", "a"]


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux only")
def test_only_the_heavy_part_has_the_lowest_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []

    def note() -> bool:
        seen.append((threading.current_thread().name, os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        return True

    def piece(*, at: datetime, run: Callable[..., Any]) -> bool:
        if seen:
            return False
        return bool(run(note))

    monkeypatch.setattr(background, "WORK", (piece,))
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    background.work()
    assert seen == [("background_0", LOWEST_PRIORITY)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_previews_are_made_while_no_clip_is_to_be_decoded() -> None:
    assert (decode_next, make_next) == background.WORK

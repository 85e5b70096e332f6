"""Failpoints: inert unless named, and then exactly what was asked for, where it was asked for."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from generations import checks, failpoints
from generations.failpoints import POINTS, Failpoint, FailpointReached, parse, reach
from generations.lifecycle.calls import CallKind

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def forget() -> None:
    failpoints._reached.clear()


def test_without_failpoints_nothing_happens_anywhere() -> None:
    for point in POINTS:
        reach(point, 1)


def test_a_point_that_is_off_costs_next_to_nothing() -> None:
    began = time.process_time()
    for __ in range(100_000):
        reach("save.renamed", 7)
    assert (time.process_time() - began) / 100_000 < 5e-6  # measured: 0.5 µs


@pytest.mark.parametrize(
    ("entry", "read"),
    [
        ("save.renamed=kill@2", Failpoint("save.renamed", "kill", nth=2)),
        ("save.begun#17=kill", Failpoint("save.begun", "kill", task_id=17)),
        ("order.answered=sleep:0.5", Failpoint("order.answered", "sleep", seconds=0.5)),
        ("settle.begun=raise@1", Failpoint("settle.begun", "raise", nth=1)),
    ],
)
def test_an_entry_names_a_point_a_task_a_deed_and_a_time(entry: str, read: Failpoint) -> None:
    assert parse((entry,)) == (read,)


@pytest.mark.parametrize("entry", ["save.renamd=kill", "save.renamed", "save.renamed=explode", "save.renamed=sleep"])
def test_what_is_misspelt_is_told_by_the_checks(entry: str, settings: Settings) -> None:
    settings.FAILPOINTS = [entry]
    (error,) = checks.failpoints_are_known()
    assert entry in error.msg


def test_a_fault_is_raised_at_its_point_only(settings: Settings) -> None:
    settings.FAILPOINTS = ["save.kept=raise"]
    reach("save.written", 3)
    with pytest.raises(FailpointReached):
        reach("save.kept", 3)


def test_it_can_be_of_one_task_only(settings: Settings) -> None:
    settings.FAILPOINTS = ["save.kept#3=raise"]
    reach("save.kept", 4)
    with pytest.raises(FailpointReached):
        reach("save.kept", 3)


def test_the_nth_time_counts_what_reached_it(settings: Settings) -> None:
    settings.FAILPOINTS = ["save.kept#3=raise@2"]
    for task_id in (3, 4):
        reach("save.kept", task_id)
    with pytest.raises(FailpointReached):
        reach("save.kept", 3)
    reach("save.kept", 3)


def test_it_can_wait(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(failpoints.time, "sleep", waited.append)
    settings.FAILPOINTS = ["order.answered=sleep:5"]
    reach("order.answered")
    assert waited == [5.0]


def test_a_kill_is_sigkill(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(failpoints.os, "kill", lambda pid, number: sent.append((pid, number)))
    settings.FAILPOINTS = ["save.renamed=kill"]
    reach("save.renamed")
    assert sent == [(os.getpid(), signal.SIGKILL)]


def test_every_point_stands_in_one_line_of_the_program() -> None:
    found: list[str] = []
    for path in (ROOT / "generations").rglob("*.py"):
        for point in re.findall(r'failpoints\.reach\(f?"([^"]+)"', path.read_text(encoding="utf-8")):
            abouts = [about.value for about in CallKind] if "{" in point else [""]
            found += [re.sub(r"\{.*\}", about, point) for about in abouts]
    assert sorted(found) == sorted(POINTS)


@pytest.mark.parametrize(
    ("practice", "debug", "refused"), [(False, False, True), (True, False, False), (False, True, False)]
)
def test_where_money_is_real_they_are_refused(practice: bool, debug: bool, refused: bool, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"], "PRACTICE": str(practice), "DEBUG": str(debug), "FAILPOINTS": "save.renamed=kill",
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3", "SECRET_KEY": "only-for-this-test",
    }  # fmt: skip
    command = [sys.executable, "-c", "import kling_site.settings"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert ("FAILPOINTS: only with DEBUG or PRACTICE" in done.stderr) == refused
    assert bool(done.returncode) == refused

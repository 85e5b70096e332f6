"""Processes that the worker forks."""

from __future__ import annotations

import os
import platform
import resource
import signal
from pathlib import Path
from typing import Any

import pytest

from generations.worker import processes
from tests.processes import proc

PICTURE_BYTES = 3 * 2**20


def say_who_i_am(place: Path) -> None:
    name = Path("/proc/self/comm").read_text().strip()
    place.write_text(f"{name} {os.getsid(0) == os.getpid()} {signal.getsignal(signal.SIGTERM)}")


def test_a_child_has_a_name_a_session_of_its_own_and_the_handler_of_stops(tmp_path: Path) -> None:
    place = tmp_path / "said"
    child = processes.fork("conductor", say_who_i_am, place)
    child.join()
    assert place.read_text() == f"conductor True {processes.request_stop}"


def wait_to_be_killed(place: Path) -> None:
    place.write_text(str(os.getpid()))
    signal.pause()


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    place = tmp_path / "pid"

    def parent(*args: Any) -> None:
        processes.fork("child", wait_to_be_killed, place)
        proc.wait_for(lambda: place.exists() and place.read_text(), "child")
        os._exit(0)  # as a kill would end it: without waiting for its children

    processes.fork("parent", parent).join()
    pid = int(place.read_text())
    proc.wait_for(lambda: proc.state(pid) in ("", "Z"), "end of the child")


def test_what_a_child_forks_dies_with_it_even_before_it_has_told_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that outlives the worker keeps its output open, and `up` does not see that the worker is gone."""
    place, lived = tmp_path / "pid", tmp_path / "lived"
    parents = [os.getpid()]
    tell_kernel = processes.die_with

    def told_late(parent: int) -> None:
        if parent in parents:
            return tell_kernel(parent)
        place.write_text(str(os.getpid()))
        proc.wait_for(lambda: os.getppid() != parent, "end of the parent")
        tell_kernel(parent)

    def parent(*args: Any) -> None:
        processes.die_with_parents()
        if not os.fork():
            lived.touch()
            os._exit(0)
        proc.wait_for(lambda: place.exists() and place.read_text(), "child")
        os._exit(0)

    monkeypatch.setattr(processes, "die_with", told_late)
    processes.fork("parent", parent).join()
    pid = int(place.read_text())
    proc.wait_for(lambda: proc.state(pid) in ("", "Z"), "end of the child")
    assert not lived.exists()


def count_pages_of_a_second_picture(place: Path) -> None:
    processes.keep_memory()
    bytearray(os.urandom(1)) * PICTURE_BYTES
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    bytearray(os.urandom(1)) * PICTURE_BYTES
    place.write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_the_memory_of_one_picture_serves_the_next(tmp_path: Path) -> None:
    place = tmp_path / "pages"
    processes.fork("child", count_pages_of_a_second_picture, place).join()
    assert int(place.read_text()) < PICTURE_BYTES / resource.getpagesize() / 10


def test_a_signal_to_stop_is_seen_by_every_process(tmp_path: Path) -> None:
    try:
        processes.request_stop(signal.SIGTERM, None)
        place = tmp_path / "seen"
        processes.fork("child", lambda: place.write_text(str(processes.stop_requested.value))).join()
        assert place.read_text() == "1"
    finally:
        processes.stop_requested.value = 0

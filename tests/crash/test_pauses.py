"""A process sleeps past its lease (SIGSTOP), another goes on in its place, and it wakes up: it must change nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.crash import processes
from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.worker import Site, Worker

VIDEOS = "SELECT * FROM generations_video ORDER BY id"
LEASE = "SELECT token FROM generations_lease WHERE name = ?"


@pytest.fixture
def put_to_sleep() -> Iterator[Callable[[int], None]]:
    """SIGSTOP, with a SIGCONT for everybody in the end: a stopped process would outlive its worker's graceful end."""
    stopped: list[int] = []

    def sleep(pid: int) -> None:
        stopped.append(pid)
        processes.stop_and_see(pid)

    yield sleep
    processes.send(signal.SIGCONT, stopped)


def holder(site: Site, lease: str) -> str:
    return str(site.sql(LEASE, lease)[0][0] or "")


def test_a_conductor_that_slept_past_its_lease_sends_nothing_and_its_answer_is_still_written(
    site: Site, provider: FaultyProvider, worker: Worker, put_to_sleep: Callable[[int], None]
) -> None:
    provider.orders_open.clear()
    site.order("gulls")
    worker.wait_for(lambda: provider.orders_held == 1 and worker.conductors(provider), "order in flight")
    (sleeper,) = worker.conductors(provider)
    its_token = holder(site, "conductor")
    put_to_sleep(sleeper)
    provider.orders_open.set()
    site.order("crabs")
    worker.wait_for(lambda: provider.accepted == 2, "order from another conductor")
    assert holder(site, "conductor") not in ("", its_token)
    os.kill(sleeper, signal.SIGCONT)
    worker.wait_for(lambda: site.all_are("stored"), "clips")
    assert site.broken(provider, accepted=2) == []


def test_a_worker_that_slept_while_another_saved_its_clip_leaves_nothing(
    site: Site, provider: FaultyProvider, worker: Worker, put_to_sleep: Callable[[int], None]
) -> None:
    provider.files_open.clear()
    site.order("gulls")
    worker.wait_for(worker.savers, "download")
    (sleeper,) = worker.savers()
    put_to_sleep(sleeper)
    provider.files_open.set()
    worker.wait_for(lambda: site.all_are("stored"), "clip, saved by another", seconds=90)
    row = site.sql(VIDEOS)
    os.kill(sleeper, signal.SIGCONT)
    worker.wait_for(lambda: not worker.savers(), "end of the late download")
    worker.wait_for(lambda: "another worker took over its download" in worker.log.read_text(), "fence")
    assert site.sql(VIDEOS) == row
    assert site.broken(provider) == []
    assert site.orphans() == []
    assert list((site.folder / "media/tmp").iterdir()) == []

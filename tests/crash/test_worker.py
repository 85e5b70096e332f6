"""The real `manage.py worker`: frozen, told to stop, and its sign of life."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.crash import processes
from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.web import Web
from tests.crash.worker import Site, Worker

AFTER_A_FREEZE_SECONDS = 90  # in which everything moves again


def kill_the_holder_of_the_lock(worker: Worker) -> None:
    """Of all that wait in read(), one holds the lock of the queue of jobs: its end freezes a stock cluster."""
    worker.wait_for(worker.readers, "idle worker")
    processes.send(signal.SIGKILL, worker.readers())


def test_a_cluster_that_freezes_is_replaced(site: Site, provider: FaultyProvider, worker: Worker) -> None:
    kill_the_holder_of_the_lock(worker)
    site.order("gulls")
    worker.wait_for(lambda: site.all_are("stored"), "clip after the freeze", seconds=AFTER_A_FREEZE_SECONDS)
    assert site.broken(provider, accepted=1) == []


@pytest.mark.long
def test_a_freeze_in_the_middle_of_everything_is_over_in_90_seconds(
    site: Site, provider: FaultyProvider, start: Callable[..., Worker]
) -> None:
    worker = start(site, patience=30)  # as it is by default
    provider.files_open.clear()
    site.order("gulls", "crabs", "a lighthouse [slow]")
    worker.wait_for(lambda: len(worker.savers()) == 2, "downloads")
    kill_the_holder_of_the_lock(worker)
    provider.files_open.set()
    site.order("an oyster")
    worker.wait_for(lambda: site.all_are("stored"), "clips after the freeze", seconds=AFTER_A_FREEZE_SECONDS)
    assert site.broken(provider, accepted=4) == []


def test_a_monitor_that_is_killed_does_not_leave_the_queue_full_of_done_jobs(site: Site, worker: Worker) -> None:
    os.kill(worker.monitor(), signal.SIGKILL)  # idle, it holds the lock of the queue of results
    since = time.time()
    done = "SELECT count(*) FROM django_q_task WHERE func = 'generations.worker.jobs.conduct' AND success"
    before = site.sql(done)
    while time.time() < since + AFTER_A_FREEZE_SECONDS and site.sql(done) == before:
        site.order(f"gulls at {time.time()}")
    assert site.sql(done) > before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_finishes_what_is_under_way(
    number: signal.Signals, site: Site, provider: FaultyProvider, worker: Worker
) -> None:
    provider.orders_open.clear()
    site.order("gulls")
    worker.wait_for(lambda: provider.orders_held == 1, "order in flight")
    worker.process.send_signal(number)
    site.order("crabs")  # nothing new is begun
    provider.orders_open.set()
    assert worker.process.wait(30) == 0
    assert worker.processes() == []
    assert site.statuses() == ["running", "queued"]
    assert provider.posts == provider.accepted == 1


def test_a_worker_that_is_told_to_stop_finishes_its_downloads(
    site: Site, provider: FaultyProvider, worker: Worker
) -> None:
    provider.files_open.clear()
    site.order("gulls", "crabs")
    worker.wait_for(lambda: len(worker.savers()) == 2, "downloads")
    worker.process.terminate()
    provider.files_open.set()
    assert worker.process.wait(30) == 0
    assert worker.processes() == []
    assert site.statuses() == ["stored", "stored"]
    assert site.broken(provider) == []
    assert site.orphans() == []


@pytest.fixture
def health(site: Site) -> Iterator[Callable[[], int]]:
    """What the site's web server says at /healthz."""
    with Web(site) as web:
        yield lambda: web.status("GET", "/healthz")


@pytest.mark.long
def test_the_sign_of_life_goes_stale_with_the_worker_and_comes_back(
    site: Site, worker: Worker, start: Callable[..., Worker], health: Callable[[], int]
) -> None:
    worker.wait_for(lambda: health() == 200, "sign of life")
    worker.kill_all()
    worker.wait_for(lambda: health() == 503, "stale sign of life", seconds=120)
    start(site)
    worker.wait_for(lambda: health() == 200, "new sign of life", seconds=30)

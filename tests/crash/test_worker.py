"""The real `manage.py worker`: frozen, told to stop, and its sign of life."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.running import RunningSite
from tests.processes import proc
from tests.processes.site import Site
from tests.processes.web import Web
from tests.processes.worker import Worker

AFTER_A_FREEZE_SECONDS = 90  # in which everything moves again


def kill_the_holder_of_the_lock(running: RunningSite) -> None:
    """Of all that wait in read(), one holds the lock of the queue of jobs: its end freezes a stock cluster."""
    running.wait_for(running.worker.readers, "idle worker")
    proc.send(signal.SIGKILL, running.worker.readers())


def test_a_cluster_that_freezes_is_replaced(running: RunningSite) -> None:
    kill_the_holder_of_the_lock(running)
    running.site.order("gulls")
    assert running.broken_when_stored(accepted=1, seconds=AFTER_A_FREEZE_SECONDS) == []


@pytest.mark.long
def test_a_freeze_in_the_middle_of_everything_is_over_in_90_seconds(
    site: Site, provider: FaultyProvider, start: Callable[..., Worker]
) -> None:
    running = RunningSite(site, provider, start(site, patience=30))  # as it is by default
    running.hold_files("gulls", "crabs", "a lighthouse [slow]", downloads=2)
    kill_the_holder_of_the_lock(running)
    running.release()
    site.order("an oyster")
    assert running.broken_when_stored(accepted=4, seconds=AFTER_A_FREEZE_SECONDS) == []


def test_a_monitor_that_is_killed_does_not_leave_the_queue_full_of_done_jobs(running: RunningSite) -> None:
    os.kill(running.worker.monitor(), signal.SIGKILL)  # idle, it holds the lock of the queue of results
    since = time.time()
    # Stored clips whose jobs have left the queue: the monitor removes them.
    done = """SELECT (SELECT count(*) FROM generations_generationtask WHERE status = 'stored')
                     - (SELECT count(*) FROM django_q_ormq WHERE key = 'kling')"""
    before = running.site.sql(done)
    while time.time() < since + AFTER_A_FREEZE_SECONDS and running.site.sql(done) <= before:
        running.site.order(f"gulls at {time.time()}")
    assert running.site.sql(done) > before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_finishes_what_is_under_way(number: signal.Signals, running: RunningSite) -> None:
    running.hold_files("gulls", "crabs", downloads=2)
    running.hold_orders("a lighthouse")
    running.worker.process.send_signal(number)
    running.site.order("an oyster")  # nothing new is begun
    running.release()
    assert running.worker.process.wait(30) == 0
    assert running.worker.processes() == []
    assert running.site.statuses() == ["stored", "stored", "running", "queued"]
    assert running.broken(accepted=3) == running.orphans() == []


@pytest.mark.long
def test_the_sign_of_life_goes_stale_with_the_worker_and_comes_back(
    running: RunningSite, start: Callable[..., Worker]
) -> None:
    with Web(running.site) as web:
        running.wait_for(lambda: web.status("GET", "/healthz") == 200, "sign of life")
        running.worker.kill_all()
        running.wait_for(lambda: web.status("GET", "/healthz") == 503, "stale sign of life", seconds=120)
        start(running.site)
        running.wait_for(lambda: web.status("GET", "/healthz") == 200, "new sign of life", seconds=30)

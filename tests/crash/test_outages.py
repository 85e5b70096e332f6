"""The database goes away, the queue loses and doubles its jobs, a host dies: everything goes on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.running import RunningSite
from tests.processes.postgres import Postgres
from tests.processes.site import Site
from tests.processes.worker import Worker

AFTER_THE_OUTAGE_SECONDS = 15  # in which everything moves again


def begin_everything(running: RunningSite) -> None:
    """One order in flight, one clip in the making, one half downloaded."""
    running.hold_files("gulls", "crabs [slow]")
    running.hold_orders("a lighthouse")


def test_postgresql_dies_and_comes_back_after_five_seconds(
    postgres: Postgres, postgres_site: Site, provider: FaultyProvider, start: Callable[..., Worker]
) -> None:
    running = RunningSite(postgres_site, provider, start(postgres_site))
    begin_everything(running)
    postgres.die()
    running.release()
    time.sleep(5)
    postgres.start()
    assert running.broken_when_stored(accepted=3, seconds=AFTER_THE_OUTAGE_SECONDS) == []


@pytest.mark.parametrize("seconds", [5.0, pytest.param(30.0, marks=pytest.mark.long)])
def test_sqlite_is_locked_by_another_process_for_a_while(seconds: float, running: RunningSite) -> None:
    begin_everything(running)
    with closing(sqlite3.connect(running.site.folder / "db.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        running.release()
        time.sleep(seconds)
        other.execute("ROLLBACK")
    assert running.broken_when_stored(accepted=3, seconds=AFTER_THE_OUTAGE_SECONDS) == []


EMPTY = "DELETE FROM django_q_ormq"
DOUBLE = "INSERT INTO django_q_ormq (key, payload, lock) SELECT key, payload, lock FROM django_q_ormq"
SAVE_TEN_TIMES = """
from generations import wakeups
from generations.models import GenerationTask
for task in GenerationTask.objects.filter(status="ready"):
    for __ in range(10):
        wakeups.enqueue_save(task.pk)
        wakeups.request_heartbeat()
"""


def test_a_queue_that_is_emptied_in_every_state_loses_no_work(running: RunningSite) -> None:
    site, provider = running.site, running.provider
    provider.orders_open.clear()
    provider.files_open.clear()
    site.order("gulls", "crabs")
    site.sql(EMPTY)  # queued, or just being sent
    running.wait_for(lambda: len(provider.orders_held) == 2, "orders in flight")
    site.sql(EMPTY)
    provider.orders_open.set()
    running.wait_for(lambda: site.count("running") == 2, "running tasks")
    site.sql(EMPTY)
    running.wait_for(lambda: site.count("ready") == 2, "finished tasks")
    site.sql(EMPTY)
    provider.files_open.set()
    assert running.broken_when_stored(accepted=2) == []


def test_jobs_that_are_doubled_again_and_again_change_nothing(running: RunningSite) -> None:
    site = running.site
    running.provider.files_open.clear()
    site.order("gulls", "crabs", "a lighthouse")
    for __ in range(5):
        site.sql(DOUBLE)
    running.wait_for(running.worker.savers, "download")
    for __ in range(3):
        site.sql(DOUBLE)
    site.manage("shell", "-v0", "-c", SAVE_TEN_TIMES)
    running.release()
    assert running.broken_when_stored(accepted=3) == running.orphans() == []


TAKE_OVER_SECONDS = 30
PER_MINUTE = 240
WINDOW_SECONDS = 5.0


@pytest.fixture
def hosts(postgres_site: Site, provider: FaultyProvider, start: Callable[..., Worker]) -> list[RunningSite]:
    """Two workers of one site."""
    postgres_site.env |= {"APIXO_REQUESTS_PER_MINUTE": str(PER_MINUTE), "WAIT_SCALE": "0.01", "WORKERS": "3"}
    return [RunningSite(postgres_site, provider, start(postgres_site, name=name)) for name in ("one", "other")]


def most_in_a_window(times: list[float]) -> int:
    """The most requests that came within a window."""
    return max(sum(began <= at < began + WINDOW_SECONDS for at in times) for began in times)


def test_two_hosts_keep_one_providers_rate_and_both_save(hosts: list[RunningSite]) -> None:
    running = hosts[0]
    running.provider.files_open.clear()
    running.site.order(*(f"gull {number}" for number in range(12)))
    running.wait_for(lambda: all(host.worker.savers() for host in hosts), "downloads on both hosts")
    running.release()
    assert running.broken_when_stored(accepted=12, seconds=90) == []
    assert most_in_a_window(running.provider.journal.request_times) <= PER_MINUTE / 60 * (WINDOW_SECONDS + 1)


def test_when_the_host_that_conducts_dies_the_other_takes_over(hosts: list[RunningSite]) -> None:
    running = hosts[0]
    running.hold_orders("gulls")
    (dead,) = (host for host in hosts if host.senders())
    dead.worker.kill_all()
    running.release()
    running.site.order("crabs")
    running.wait_for(lambda: running.provider.accepted == 2, "order from the other host", seconds=TAKE_OVER_SECONDS)
    ends = ["stored", "unconfirmed"]
    running.wait_for(lambda: sorted(running.site.statuses()) == ends, "clip and unconfirmed order", seconds=90)
    assert running.broken(accepted=2) == []

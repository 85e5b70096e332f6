"""The database goes away, the queue loses and doubles its jobs, a host dies: everything goes on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.postgres import Postgres
from tests.crash.processes import wait_for
from tests.crash.worker import Site, Worker

AFTER_THE_OUTAGE_SECONDS = 15  # in which everything moves again
OUTAGE_SECONDS = 5.0


def in_the_middle_of_everything(site: Site, provider: FaultyProvider, worker: Worker) -> None:
    """One order in flight, one clip in the making, one half downloaded."""
    provider.files_open.clear()
    site.order("gulls", "crabs [slow]")
    worker.wait_for(lambda: worker.savers() and provider.accepted == 2, "download")
    provider.orders_open.clear()
    site.order("a lighthouse")
    worker.wait_for(lambda: provider.orders_held == 1, "order in flight")


def test_postgresql_dies_and_comes_back_after_five_seconds(
    postgres: Postgres, postgres_site: Site, provider: FaultyProvider, start: Callable[..., Worker]
) -> None:
    site, worker = postgres_site, start(postgres_site)
    worker.wait_for(worker.is_up, "worker")
    in_the_middle_of_everything(site, provider, worker)
    postgres.die()
    provider.orders_open.set()
    provider.files_open.set()
    time.sleep(OUTAGE_SECONDS)
    postgres.start()
    worker.wait_for(lambda: site.all_are("stored"), "clips", seconds=AFTER_THE_OUTAGE_SECONDS)
    assert site.broken(provider, accepted=3) == []


@pytest.mark.parametrize("seconds", [5.0, pytest.param(30.0, marks=pytest.mark.long)])
def test_sqlite_is_locked_by_another_process_for_a_while(
    seconds: float, site: Site, provider: FaultyProvider, worker: Worker
) -> None:
    in_the_middle_of_everything(site, provider, worker)
    with closing(sqlite3.connect(site.folder / "db.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        provider.orders_open.set()
        provider.files_open.set()
        time.sleep(seconds)
        other.execute("ROLLBACK")
    worker.wait_for(lambda: site.all_are("stored"), "clips", seconds=AFTER_THE_OUTAGE_SECONDS)
    assert site.broken(provider, accepted=3) == []


EMPTY = "DELETE FROM django_q_ormq"
DOUBLE = "INSERT INTO django_q_ormq (key, payload, lock) SELECT key, payload, lock FROM django_q_ormq"
SAVE_TEN_TIMES = """
from generations import wakeups
from generations.models import GenerationTask
for task in GenerationTask.objects.filter(status="ready"):
    for __ in range(10):
        wakeups.enqueue_save(task.pk)
        wakeups.wake_conductor()
"""


def test_a_queue_that_is_emptied_in_every_state_loses_no_work(
    site: Site, provider: FaultyProvider, worker: Worker
) -> None:
    provider.orders_open.clear()
    provider.files_open.clear()
    site.order("gulls", "crabs")
    site.sql(EMPTY)  # queued, or just being sent
    worker.wait_for(lambda: provider.orders_held == 2, "orders in flight")
    site.sql(EMPTY)
    provider.orders_open.set()
    worker.wait_for(lambda: site.count("running") == 2, "running tasks")
    site.sql(EMPTY)
    worker.wait_for(lambda: site.count("ready") == 2, "finished tasks")
    site.sql(EMPTY)
    provider.files_open.set()
    worker.wait_for(lambda: site.all_are("stored"), "clips")
    assert site.broken(provider, accepted=2) == []


def test_jobs_that_are_doubled_again_and_again_change_nothing(
    site: Site, provider: FaultyProvider, worker: Worker
) -> None:
    provider.files_open.clear()
    site.order("gulls", "crabs", "a lighthouse")
    for __ in range(5):
        site.sql(DOUBLE)
    worker.wait_for(worker.savers, "download")
    for __ in range(3):
        site.sql(DOUBLE)
    site.manage("shell", "-v0", "-c", SAVE_TEN_TIMES)
    provider.files_open.set()
    worker.wait_for(lambda: site.all_are("stored"), "clips")
    assert site.broken(provider) == []
    assert site.orphans() == []
    assert provider.posts == provider.accepted == 3


TAKE_OVER_SECONDS = 30
PER_MINUTE = 240
WINDOW_SECONDS = 5.0


@pytest.fixture
def hosts(postgres_site: Site, start: Callable[..., Worker]) -> list[Worker]:
    postgres_site.env |= {"APIXO_REQUESTS_PER_MINUTE": str(PER_MINUTE), "WAIT_SCALE": "0.01", "WORKERS": "3"}
    both = [start(postgres_site, name=name) for name in ("one", "other")]
    for host in both:
        host.wait_for(host.is_up, "worker")
    return both


def most_in_a_window(provider: FaultyProvider) -> int:
    """The most requests to the provider's API that came within a window."""
    times = provider.journal.request_times
    return max(sum(began <= at < began + WINDOW_SECONDS for at in times) for began in times)


def test_two_hosts_keep_one_providers_rate_and_both_save(
    postgres_site: Site, provider: FaultyProvider, hosts: list[Worker]
) -> None:
    site = postgres_site
    provider.files_open.clear()
    site.order(*(f"gull {number}" for number in range(12)))
    wait_for(lambda: all(host.savers() for host in hosts), "downloads on both hosts")
    provider.files_open.set()
    wait_for(lambda: site.all_are("stored"), "clips", seconds=90)
    assert site.broken(provider, accepted=12) == []
    assert most_in_a_window(provider) <= PER_MINUTE / 60 * (WINDOW_SECONDS + 1)


def test_when_the_host_that_conducts_dies_the_other_takes_over(
    postgres_site: Site, provider: FaultyProvider, hosts: list[Worker]
) -> None:
    site = postgres_site
    provider.orders_open.clear()
    site.order("gulls")
    wait_for(lambda: provider.orders_held == 1 and any(host.conductors(provider) for host in hosts), "order in flight")
    (dead,) = (host for host in hosts if host.conductors(provider))
    dead.kill_all()
    provider.orders_open.set()
    began = time.monotonic()
    site.order("crabs")
    wait_for(lambda: provider.accepted == 2, "order from the other host", seconds=TAKE_OVER_SECONDS)
    assert time.monotonic() - began < TAKE_OVER_SECONDS
    wait_for(lambda: sorted(site.statuses()) == ["stored", "unconfirmed"], "clip and unconfirmed order", seconds=90)
    assert site.broken(provider, accepted=2) == []

"""The database goes away for a while, in the middle of everything, and everything goes on when it is back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.postgres import Postgres
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

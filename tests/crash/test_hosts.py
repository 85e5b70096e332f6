"""Two hosts, each with its `manage.py worker`, on one PostgreSQL: one conducts at a time, both save."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.processes import wait_for
from tests.crash.worker import Site, Worker

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

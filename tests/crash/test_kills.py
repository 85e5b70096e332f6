"""kill -9 of each process of a worker, at the worst moment that could be thought of for each."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable

import pytest

from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.worker import Site, Worker

AFTER_A_KILL_SECONDS = 60  # in which everything moves again


def all_kept(site: Site, provider: FaultyProvider) -> bool:
    """Stored, each paid once, and nothing else is wrong."""
    return site.broken(provider) == [] and provider.posts == provider.accepted == site.count("stored")


@pytest.mark.parametrize("part", ["cluster", "sentinel", "monitor", "pusher"])
def test_a_part_of_the_cluster_that_is_killed_is_replaced(
    part: str, site: Site, provider: FaultyProvider, worker: Worker
) -> None:
    provider.files_open.clear()
    site.order("gulls", "crabs")
    worker.wait_for(worker.savers, "download")
    os.kill(getattr(worker, part)(), signal.SIGKILL)
    provider.files_open.set()
    site.order("a lighthouse")
    worker.wait_for(lambda: site.all_are("stored"), "clips", seconds=AFTER_A_KILL_SECONDS)
    assert all_kept(site, provider)


def test_a_worker_killed_while_it_saves_leaves_its_clip_to_another(
    site: Site, provider: FaultyProvider, worker: Worker
) -> None:
    provider.files_open.clear()
    site.order("gulls", "crabs")
    worker.wait_for(lambda: len(worker.savers()) == 2, "downloads")
    os.kill(random.choice(worker.savers()), signal.SIGKILL)
    provider.files_open.set()
    worker.wait_for(lambda: site.all_are("stored"), "clips", seconds=AFTER_A_KILL_SECONDS)
    assert all_kept(site, provider)
    assert site.orphans() == []


@pytest.mark.parametrize("delivery", ["polling", pytest.param("callback", marks=pytest.mark.long)])
def test_an_order_whose_sender_is_killed_is_never_sent_again(
    delivery: str, site: Site, provider: FaultyProvider, worker: Worker
) -> None:
    provider.orders_open.clear()
    site.order("gulls", delivery=delivery)
    worker.wait_for(lambda: provider.orders_held == 1 and worker.conductors(provider), "order in flight")
    for pid in worker.conductors(provider):
        os.kill(pid, signal.SIGKILL)
    provider.orders_open.set()
    site.order("crabs")
    worker.wait_for(lambda: site.count("stored") == 1, "the other clip", seconds=AFTER_A_KILL_SECONDS)
    worker.wait_for(lambda: site.count("unconfirmed") == 1, "unconfirmed order", seconds=AFTER_A_KILL_SECONDS)
    assert site.broken(provider, accepted=2) == []


def test_a_worker_killed_whole_is_gone_and_a_new_one_goes_on(
    site: Site, provider: FaultyProvider, worker: Worker, start: Callable[..., Worker]
) -> None:
    provider.files_open.clear()
    site.order("gulls", "crabs", "a lighthouse [slow]")
    worker.wait_for(lambda: worker.savers() and provider.accepted == 3, "download")
    worker.kill_all()
    provider.files_open.set()
    start(site)
    worker.wait_for(lambda: site.all_are("stored"), "clips", seconds=AFTER_A_KILL_SECONDS)
    assert all_kept(site, provider)


def test_a_supervisor_that_is_killed_takes_every_process_with_it(
    site: Site, provider: FaultyProvider, worker: Worker
) -> None:
    provider.files_open.clear()
    site.order("gulls")
    worker.wait_for(worker.savers, "download")
    worker.process.kill()
    worker.process.wait()
    worker.wait_for(lambda: not worker.processes(), "end of every process", seconds=5)

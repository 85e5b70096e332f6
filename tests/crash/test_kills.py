"""kill -9 of each process of a worker, at the worst moment that could be thought of for each."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable

import pytest

from tests.crash import judge
from tests.crash.gate import Gate
from tests.crash.worker import Site, Worker

AFTER_A_KILL_SECONDS = 60  # in which everything moves again


def all_kept(site: Site, gate: Gate) -> bool:
    """Stored, each paid once, and nothing else is wrong."""
    return judge.broken_promises(site, gate.truth()) == [] and gate.posts == gate.accepted == site.count("stored")


@pytest.mark.parametrize("part", ["cluster", "sentinel", "monitor", "pusher"])
def test_a_part_of_the_cluster_that_is_killed_is_replaced(part: str, site: Site, gate: Gate, worker: Worker) -> None:
    gate.files_open.clear()
    site.order("gulls", "crabs")
    worker.wait_for(worker.savers, "download")
    os.kill(getattr(worker, part)(), signal.SIGKILL)
    gate.files_open.set()
    site.order("a lighthouse")
    worker.wait_for(lambda: site.all_are("stored"), "clips", seconds=AFTER_A_KILL_SECONDS)
    assert all_kept(site, gate)


def test_a_worker_killed_while_it_saves_leaves_its_clip_to_another(site: Site, gate: Gate, worker: Worker) -> None:
    gate.files_open.clear()
    site.order("gulls", "crabs")
    worker.wait_for(lambda: len(worker.savers()) == 2, "downloads")
    os.kill(random.choice(worker.savers()), signal.SIGKILL)
    gate.files_open.set()
    worker.wait_for(lambda: site.all_are("stored"), "clips", seconds=AFTER_A_KILL_SECONDS)
    assert all_kept(site, gate)
    assert judge.orphans(site) == []


@pytest.mark.parametrize("delivery", ["polling", pytest.param("callback", marks=pytest.mark.long)])
def test_an_order_whose_sender_is_killed_is_never_sent_again(
    delivery: str, site: Site, gate: Gate, worker: Worker
) -> None:
    gate.orders_open.clear()
    site.order("gulls", delivery=delivery)
    worker.wait_for(lambda: gate.orders_held == 1 and worker.conductors(gate), "order in the air")
    for pid in worker.conductors(gate):
        os.kill(pid, signal.SIGKILL)
    gate.orders_open.set()
    site.order("crabs")
    worker.wait_for(lambda: site.count("stored") == 1, "the other clip", seconds=AFTER_A_KILL_SECONDS)
    worker.wait_for(lambda: site.count("unconfirmed") == 1, "doubt", seconds=AFTER_A_KILL_SECONDS)
    assert judge.broken_promises(site, gate.truth()) == []
    assert gate.posts == gate.accepted == 2


def test_a_worker_killed_whole_is_gone_and_a_new_one_goes_on(
    site: Site, gate: Gate, worker: Worker, start: Callable[..., Worker]
) -> None:
    gate.files_open.clear()
    site.order("gulls", "crabs", "a lighthouse [slow]")
    worker.wait_for(lambda: worker.savers() and gate.accepted == 3, "download")
    worker.kill_all()
    gate.files_open.set()
    start(site)
    worker.wait_for(lambda: site.all_are("stored"), "clips", seconds=AFTER_A_KILL_SECONDS)
    assert all_kept(site, gate)


def test_a_supervisor_that_is_killed_takes_every_process_with_it(site: Site, gate: Gate, worker: Worker) -> None:
    gate.files_open.clear()
    site.order("gulls")
    worker.wait_for(worker.savers, "download")
    worker.process.kill()
    worker.process.wait()
    worker.wait_for(lambda: not worker.processes(), "end of every process", seconds=5)

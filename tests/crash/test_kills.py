"""Processes of the real worker are killed, stopped past their lease (SIGSTOP) or poisoned, at the worst moments."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.crash import processes
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


ROW = "SELECT crash_count, error_kind, error_message FROM generations_generationtask WHERE prompt_text = ?"


@pytest.fixture
def poisoned(site: Site, start: Callable[..., Worker]) -> Worker:
    site.env["DJANGO_SETTINGS_MODULE"] = "tests.crash.poisoned"
    worker = start(site)
    worker.wait_for(worker.is_up, "worker")
    return worker


@pytest.mark.long
def test_a_clip_that_kills_its_worker_is_set_aside_and_the_others_flow(
    site: Site, provider: FaultyProvider, poisoned: Worker
) -> None:
    poison = "[poison] gulls"
    site.order(poison, "gulls")
    poisoned.wait_for(lambda: site.count("stored") == 1, "the other clip", seconds=60)
    poisoned.wait_for(lambda: site.sql(ROW, poison)[0][1] == "set aside", "setting aside", seconds=180)
    assert site.sql(ROW, poison)[0][0] == 3
    site.order("crabs")
    poisoned.wait_for(lambda: site.count("stored") == 2, "a clip after that", seconds=60)
    assert poisoned.log.read_text().count("after death") == 3
    assert site.broken(provider) == []


@pytest.mark.long
def test_an_answer_that_kills_the_conductor_is_asked_for_ever_more_rarely(
    site: Site, provider: FaultyProvider, poisoned: Worker
) -> None:
    poison = "[odd state] [stuck] gulls"
    site.order(poison, "gulls", "crabs [slow]", "a lighthouse")
    poisoned.wait_for(lambda: site.count("stored") == 3, "other clips", seconds=120)
    poisoned.wait_for(lambda: site.sql(ROW, poison)[0][0] >= 4, "deaths", seconds=400)
    site.order("an oyster")
    poisoned.wait_for(lambda: site.count("stored") == 4, "a clip after that", seconds=60)
    assert site.broken(provider) == []

"""Processes of the real worker are killed, stopped past their lease (SIGSTOP) or poisoned, at the worst moments."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.crash.running import RunningSite
from tests.processes import proc
from tests.processes.site import Site
from tests.processes.worker import Worker

LEASE = "SELECT token FROM generations_lease WHERE name = 'conductor'"


@pytest.mark.parametrize("part", ["cluster", "sentinel", "monitor", "pusher"])
def test_a_part_of_the_cluster_that_is_killed_is_replaced(part: str, running: RunningSite) -> None:
    running.hold_files("gulls", "crabs")
    os.kill(getattr(running.worker, part)(), signal.SIGKILL)
    running.release()
    running.site.order("a lighthouse")
    assert running.broken_when_stored(accepted=3) == []


def test_a_conductor_that_is_killed_has_a_successor_before_its_lease_would_expire(running: RunningSite) -> None:
    running.wait_for(lambda: running.site.sql(LEASE)[0][0], "conductor")
    for __ in range(3):
        dead = running.site.sql(LEASE)
        os.kill(running.worker.conductor(), signal.SIGKILL)
        running.wait_for(lambda: running.site.sql(LEASE) not in ([(None,)], dead), "successor", seconds=4)  # noqa: B023
    running.site.order("gulls")
    assert running.broken_when_stored(accepted=1) == []


def test_a_cluster_that_is_replaced_does_not_touch_an_order_in_flight(running: RunningSite) -> None:
    running.hold_orders("gulls")
    dead = running.worker.cluster()
    os.kill(dead, signal.SIGKILL)
    running.wait_for(lambda: running.worker.is_up() and running.worker.cluster() != dead, "new cluster")
    running.release()
    assert running.broken_when_stored(accepted=1) == []


def test_a_worker_killed_while_it_saves_leaves_its_clip_to_another(running: RunningSite) -> None:
    running.hold_files("gulls", "crabs", downloads=2)
    os.kill(running.worker.savers()[0], signal.SIGKILL)
    running.release()
    assert running.broken_when_stored(accepted=2) == running.orphans() == []


@pytest.mark.parametrize("delivery", ["polling", pytest.param("callback", marks=pytest.mark.long)])
def test_an_order_whose_sender_is_killed_is_never_sent_again(delivery: str, running: RunningSite) -> None:
    running.hold_orders("gulls", delivery=delivery)
    proc.send(signal.SIGKILL, running.senders())
    running.release()
    running.site.order("crabs")
    running.wait_for(lambda: running.site.count("stored") == 1, "the other clip")
    running.wait_for(lambda: running.site.count("unconfirmed") == 1, "unconfirmed order")
    assert running.broken(accepted=2) == []


def test_a_worker_killed_whole_is_gone_and_a_new_one_goes_on(
    running: RunningSite, start: Callable[..., Worker]
) -> None:
    running.hold_files("gulls", "crabs", "a lighthouse [slow]")
    running.worker.kill_all()
    running.release()
    start(running.site)
    assert running.broken_when_stored(accepted=3) == []


def test_a_supervisor_that_is_killed_takes_every_process_with_it(running: RunningSite) -> None:
    running.hold_files("gulls")
    running.worker.process.kill()
    running.worker.process.wait()
    running.wait_for(lambda: not running.worker.processes(), "end of every process", seconds=5)


VIDEOS = "SELECT * FROM generations_video ORDER BY id"


@pytest.fixture
def put_to_sleep() -> Iterator[Callable[[int], None]]:
    """SIGSTOP, with a SIGCONT for everybody in the end: a stopped process would outlive its worker's graceful end."""
    stopped: list[int] = []

    def sleep(pid: int) -> None:
        stopped.append(pid)
        proc.stop_and_see(pid)

    yield sleep
    proc.send(signal.SIGCONT, stopped)


def test_a_conductor_that_slept_past_its_lease_sends_nothing_and_its_answer_is_still_written(
    running: RunningSite, put_to_sleep: Callable[[int], None]
) -> None:
    running.hold_orders("gulls")
    (sleeper,), its_token = running.senders(), running.site.sql(LEASE)
    put_to_sleep(sleeper)
    running.release()
    running.site.order("crabs")
    running.wait_for(lambda: running.provider.accepted == 2, "order from another conductor")
    assert running.site.sql(LEASE) not in ([(None,)], its_token)
    os.kill(sleeper, signal.SIGCONT)
    assert running.broken_when_stored(accepted=2) == []


def test_a_worker_that_slept_while_another_saved_its_clip_leaves_nothing(
    running: RunningSite, put_to_sleep: Callable[[int], None]
) -> None:
    site, worker = running.site, running.worker
    running.hold_files("gulls")
    (sleeper,) = worker.savers()
    put_to_sleep(sleeper)
    running.release()
    running.wait_until_stored(seconds=90)
    row = site.sql(VIDEOS)
    os.kill(sleeper, signal.SIGCONT)
    running.wait_for(lambda: not worker.savers(), "end of the late download")
    running.wait_for(lambda: "another worker took over its download" in worker.log.read_text(), "fence")
    assert site.sql(VIDEOS) == row
    assert running.broken() == running.orphans() == []
    assert list((site.media / "tmp").iterdir()) == []


CRASHES = "SELECT crash_count FROM generations_generationtask WHERE prompt_text = ?"
SET_ASIDE = "SELECT crash_count FROM generations_generationtask WHERE error_kind = 'set aside'"


@pytest.fixture
def poisoned(site: Site) -> None:
    """Requested before the worker starts."""
    site.env["DJANGO_SETTINGS_MODULE"] = "tests.crash.poisoned"


@pytest.mark.long
def test_a_clip_that_kills_its_worker_is_set_aside_and_the_others_flow(poisoned: None, running: RunningSite) -> None:
    site = running.site
    site.order("[poison] gulls", "gulls")
    running.wait_for(lambda: site.count("stored") == 1, "the other clip")
    running.wait_for(lambda: site.sql(SET_ASIDE) == [(3,)], "setting aside", seconds=180)
    site.order("crabs")
    running.wait_for(lambda: site.count("stored") == 2, "a clip after that")
    assert running.worker.log.read_text().count("after death") == 3
    assert running.broken() == []


@pytest.mark.long
def test_an_answer_that_kills_the_conductor_is_asked_for_ever_more_rarely(poisoned: None, running: RunningSite) -> None:
    site, poison = running.site, "[odd state] [stuck] gulls"
    site.order(poison, "gulls", "crabs [slow]", "a lighthouse")
    running.wait_for(lambda: site.count("stored") == 3, "other clips", seconds=120)
    running.wait_for(lambda: site.sql(CRASHES, poison)[0][0] >= 4, "crashes", seconds=400)
    site.order("an oyster")
    running.wait_for(lambda: site.count("stored") == 4, "a clip after that")
    assert running.broken() == []

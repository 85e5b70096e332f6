"""How the supervisor keeps one conductor running; real processes are killed in tests/crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import cast

import pytest
from django.db import OperationalError

from generations.models import Lease
from generations.worker import conductor, conductors, processes, supervisor
from generations.worker.conductors import FORMER_SECONDS, STALLED_SECONDS, Conductors, Life, Running

pytestmark = pytest.mark.django_db

GAP_MAX_SECONDS = 2.0


@dataclass
class FakeProcess:
    alive: bool = True
    exitcode: int = -9

    def is_alive(self) -> bool:
        return self.alive

    def kill(self) -> None:
        self.alive = False

    def join(self, timeout: float | None = None) -> None:
        pass


class Host:
    """A supervisor's clock, and the conductors that it has started."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.started: list[Running] = []
        self.keeper = Conductors(start=self.start)

    def start(self) -> Running:
        self.started.append(Running(cast(BaseProcess, FakeProcess()), Life()))
        return self.started[-1]

    def keep(self, *, seconds: float, ticking: bool = True) -> float:
        """Look as often as the supervisor does; return for how long at a stretch no conductor lived and ticked."""
        gap = longest = 0.0
        ends = self.now + seconds
        while self.now < ends:
            self.now += supervisor.POLL_SECONDS
            self.keeper.keep()
            present = self.keeper.present
            if present and present.process.is_alive():
                if ticking:
                    present.life.ticked_at.value = self.now
                gap = 0.0
            else:
                gap += supervisor.POLL_SECONDS
            longest = max(longest, gap)
        return longest


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host()
    monkeypatch.setattr(conductors.time, "monotonic", lambda: host.now)  # type: ignore[attr-defined]
    return host


def kill(one: Running) -> None:
    one.process.kill()


def leave(one: Running) -> None:
    one.life.leaving.value = 1


def test_one_conductor_is_started_and_kept(host: Host) -> None:
    host.keep(seconds=60)
    assert len(host.started) == 1


@pytest.mark.parametrize("end", [kill, leave])
def test_between_two_conductors_is_no_gap_above_two_seconds(host: Host, end: Callable[[Running], None]) -> None:
    host.keep(seconds=1)
    for __ in range(20):
        end(host.started[-1])
        assert host.keep(seconds=GAP_MAX_SECONDS) < GAP_MAX_SECONDS
        assert host.keeper.present is host.started[-1]
        assert host.started[-1].process.is_alive()
    assert len(host.started) == 21


def test_the_lease_of_a_dead_conductor_is_free_for_the_next_at_once(host: Host) -> None:
    host.keep(seconds=1)
    assert Lease.objects.take(conductor.LEASE, seconds=conductor.LEASE_SECONDS, token=host.started[0].life.token)
    kill(host.started[0])
    host.keep(seconds=1)
    assert Lease.objects.take(conductor.LEASE, seconds=8, token=host.started[1].life.token)


def test_the_lease_of_another_host_stays(host: Host) -> None:
    host.keep(seconds=1)
    other = Lease.objects.take(conductor.LEASE, seconds=60)
    kill(host.started[0])
    host.keep(seconds=1)
    assert other and Lease.objects.renew(conductor.LEASE, other, seconds=60)


def test_one_that_dies_at_once_is_not_started_in_a_tight_loop(host: Host) -> None:
    for __ in range(50):
        host.keep(seconds=supervisor.POLL_SECONDS)
        kill(host.started[-1])
    assert len(host.started) == 10  # one a second


def test_one_that_leaves_may_still_get_its_answers(host: Host) -> None:
    host.keep(seconds=1)
    leave(host.started[0])
    host.keep(seconds=FORMER_SECONDS - 2)
    assert host.started[0].process.is_alive()
    host.keep(seconds=4)
    assert not host.started[0].process.is_alive()
    assert host.keeper.former == []


def test_one_that_hangs_is_told_to_leave_and_another_is_started_but_no_third(host: Host) -> None:
    host.keep(seconds=STALLED_SECONDS * 5, ticking=False)
    assert [one.life.leaving.value for one in host.started] == [1, 0]
    assert all(one.process.is_alive() for one in host.started)


def test_without_a_database_a_dead_conductor_is_replaced_all_the_same(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object) -> None:
        raise OperationalError("the database is away")

    host.keep(seconds=1)
    monkeypatch.setattr(Lease.objects, "release", away)
    kill(host.started[0])
    host.keep(seconds=1)
    assert len(host.started) == 2


def test_a_stop_ends_every_conductor(host: Host) -> None:
    host.keep(seconds=1)
    leave(host.started[0])
    host.keep(seconds=1)
    host.keeper.stop(seconds=1)
    assert [one.process.is_alive() for one in host.started] == [False, False]
    assert host.keeper.present is None


def test_one_that_ends_at_a_stop_is_neither_replaced_nor_called_dead(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    host.keep(seconds=1)
    monkeypatch.setattr(processes.stop_requested, "value", 1)
    kill(host.started[0])
    host.keep(seconds=5)
    assert (len(host.started), caplog.records) == (1, [])


def test_a_conductor_goes_on_until_the_worker_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life()
    assert life.goes_on()
    monkeypatch.setattr(processes.stop_requested, "value", 1)
    assert not life.goes_on()
    monkeypatch.setattr(processes.stop_requested, "value", 0)
    assert not life.leaving.value


def test_an_old_conductor_makes_room_for_a_fresh_process(host: Host) -> None:
    life = Life()
    host.now += conductors.LIFE_SECONDS + 1
    assert not life.goes_on()
    assert life.leaving.value


def test_a_large_conductor_makes_room_once_it_is_not_young(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductors, "MEMORY_MAX_KIB", 1)
    life = Life()
    assert life.goes_on()
    host.now += conductors.YOUNG_SECONDS + 1
    assert not life.goes_on()


def test_a_process_waits_while_another_host_has_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[bool | OperationalError] = iter([False, OperationalError("away"), True])
    life = Life()

    def conduct(goes_on: Callable[[], bool], *, token: object) -> bool:
        assert token == life.token
        answer = next(answers)
        if isinstance(answer, OperationalError):
            raise answer
        life.leaving.value = answer
        return answer

    monkeypatch.setattr(conductors, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(conductors, "connection", cast(object, FakeConnection()))
    monkeypatch.setattr(conductor, "conduct", conduct)
    conductors.run(life)
    assert list(answers) == []


class FakeConnection:
    def close(self) -> None:
        pass

"""Keep one conductor running in a process of its own, which no job of the queue can delay.

The supervisor looks at it several times a second. One that dies is replaced at once: its lease is released, for it can
send nothing any more. One that leaves, or hangs, is replaced beside it: its orders in flight may still be answered.
"""

from __future__ import annotations

import logging
import resource
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawValue
from typing import Any

from django.db import DatabaseError, InterfaceError, connection

from generations.models import Lease
from generations.worker import conductor, processes

logger = logging.getLogger(__name__)

STALLED_SECONDS = 10.0  # without a tick; its lease has expired by then
FORMER_SECONDS = 300.0  # until one that left or hangs is killed: longer than it waits for its answers
RESTART_SECONDS = 1.0  # between two starts, so that one that dies at once does not restart in a tight loop
LIFE_SECONDS = 3600.0  # then it makes room for a fresh process
MEMORY_MAX_KIB = 400_000  # above this as well
YOUNG_SECONDS = 60.0  # a process so young is not replaced for its memory
RETRY_SECONDS = 0.5  # between two attempts to get the lease, or the database


@dataclass
class Life:
    """What a conductor's process and its supervisor tell each other, in shared memory: a killed process keeps no lock.

    The token of its lease is known to the supervisor, so that a dead conductor's lease need not expire first.
    """

    token: uuid.UUID = field(default_factory=uuid.uuid4)
    began_at: float = field(default_factory=lambda: time.monotonic())
    ticked_at: Any = field(default_factory=lambda: RawValue("d", time.monotonic()))
    leaving: Any = field(default_factory=lambda: RawValue("b", 0))  # set by either side

    def goes_on(self) -> bool:
        """Record a tick, and return whether this process goes on; one that is old or large leaves."""
        self.ticked_at.value = time.monotonic()
        age = self.ticked_at.value - self.began_at
        is_large = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MEMORY_MAX_KIB
        if age > LIFE_SECONDS or (is_large and age > YOUNG_SECONDS):
            self.leaving.value = 1
        return not (processes.stop_requested.value or self.leaving.value)


@dataclass
class Running:
    """A conductor's process."""

    process: BaseProcess
    life: Life
    left_at: float = 0.0


def start() -> Running:
    life = Life()
    return Running(processes.fork("conductor", run, life), life)


def run(life: Life) -> None:
    """Conduct whenever no other process does, until this one leaves."""
    while life.goes_on():
        try:
            if not conductor.conduct(life.goes_on, token=life.token):
                time.sleep(RETRY_SECONDS)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("the conductor waits for the database: %s", error)
            connection.close()
            time.sleep(RETRY_SECONDS)


class Conductors:
    """The present conductor of this host, and former ones that still wait for answers."""

    def __init__(self, *, start: Callable[[], Running] = start) -> None:
        self._start = start
        self.present: Running | None = None
        self.former: list[Running] = []
        self.started_at = -RESTART_SECONDS

    def keep(self) -> None:
        """Start a conductor where none runs, or where the present one leaves or hangs."""
        if processes.stop_requested.value:  # it ends by itself
            return
        now = time.monotonic()
        self.former = [one for one in self.former if not self._has_ended(one, now)]
        if self.present:
            if self.present.process.is_alive() and not self._is_to_be_replaced(self.present, now):
                return
            self._retire(self.present, now)
        if now - self.started_at >= RESTART_SECONDS:
            self.started_at = now
            self.present = self._start()

    def stop(self, *, seconds: float) -> None:
        """Wait for the conductors, which were told to stop, and kill what is left after so many seconds."""
        ends = time.monotonic() + seconds
        for one in [*self.former, *([self.present] if self.present else [])]:
            one.process.join(max(0.0, ends - time.monotonic()))
            _bury(one)
        self.present, self.former = None, []

    def _is_to_be_replaced(self, one: Running, now: float) -> bool:
        if one.life.leaving.value:
            return True
        # A database that does not answer stops both: so there is one of them beside another, and no third.
        if self.former or now - one.life.ticked_at.value < STALLED_SECONDS:
            return False
        logger.error("the conductor hangs for %d s, and another one is started", STALLED_SECONDS)
        one.life.leaving.value = 1
        return True

    def _retire(self, one: Running, now: float) -> None:
        self.present = None
        if one.process.is_alive():
            one.left_at = now
            self.former.append(one)
            return
        if not one.life.leaving.value:
            logger.error("the conductor died (exit code %s) and is restarted", one.process.exitcode)
        _bury(one)

    def _has_ended(self, one: Running, now: float) -> bool:
        if one.process.is_alive() and now - one.left_at < FORMER_SECONDS:
            return False
        _bury(one)
        return True


def _bury(one: Running) -> None:
    """Kill what is left of a process, and release the lease that it may have died with."""
    one.process.kill()
    one.process.join()
    try:
        Lease.objects.release(conductor.LEASE, one.life.token)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("a dead conductor's lease could not be released, so it has to expire: %s", error)
        connection.close()

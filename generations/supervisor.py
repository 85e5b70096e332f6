"""Keeps a django-q2 cluster alive: starts it, watches for its signs of life, kills and restarts it, stops it whole.

A stock cluster freezes for ever when the idle worker that holds its queue's read lock is killed (an OOM killer does
that): workers are respawned and none of them is served. So every few seconds a beat is put into the queue, each worker
notes here when it begins and ends a job, and a cluster that has a free worker and still serves no beat is replaced.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import time
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawArray, RawValue
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import OperationalError, connections
from django_q.cluster import Cluster
from django_q.signals import post_execute_in_worker, pre_execute

from generations import conductor, doorbell

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
PATIENCE_SECONDS = 30.0  # without a sign of life, of a cluster that has a free worker
STOP_SECONDS = 330.0  # for what is in hand when it is told to stop: longer than the longest job
LOOK_SECONDS = 0.2
RESTART_SECONDS = 2.0  # before a cluster that died at once is started again
PR_SET_PDEATHSIG = 1  # linux/prctl.h
SLOTS = 256
STOP, DRAIN = 1, 2  # what the conductor is asked: to end for good, or to end because its cluster is replaced

# Shared with every process that is forked from here. No locks: a killed process would keep them.
last_sign = RawValue("d", 0.0)
in_hand = RawArray("l", SLOTS)  # the process ids of workers that run a job


class Supervisor:
    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.patience_seconds = patience_seconds
        self.beat_at = 0.0
        pre_execute.connect(_begins, dispatch_uid="generations.supervisor")
        post_execute_in_worker.connect(_ends, dispatch_uid="generations.supervisor")

    def run(self) -> None:
        """Keep a cluster going until we are told to stop; then end it, gracefully if it can."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ask_to_stop)
        while conductor.stop_asked.value != STOP:
            cluster = self._start()
            self._watch(cluster)
            if conductor.stop_asked.value == STOP:
                self._end(cluster)
            else:
                self._replace(cluster)

    def _start(self) -> BaseProcess:
        connections.close_all()  # a connection must not be shared with a child
        in_hand[:] = [0] * SLOTS
        last_sign.value = time.monotonic()
        cluster = get_context("fork").Process(target=_run_cluster, args=(os.getpid(),), name="cluster")
        cluster.start()
        return cluster

    def _watch(self, cluster: BaseProcess) -> None:
        """Return when the cluster has died, shows no sign of life, or is to be stopped."""
        while not conductor.stop_asked.value:
            cluster.join(LOOK_SECONDS)
            if not cluster.is_alive():
                logger.error("the cluster died (exit code %s): it is started again", cluster.exitcode)
                return
            self._beat()
            silent_seconds = time.monotonic() - last_sign.value
            if silent_seconds > self.patience_seconds and busy_workers() < settings.WORKERS:
                logger.error("no sign of life for %d s: the cluster is replaced", silent_seconds)
                return

    def _beat(self) -> None:
        if time.monotonic() - self.beat_at < min(BEAT_SECONDS, self.patience_seconds / 4):
            return
        self.beat_at = time.monotonic()
        try:
            doorbell.ring_for_a_sign()
        except OperationalError as error:
            last_sign.value = time.monotonic()  # without a database nobody can answer
            logger.warning("the database does not answer: %s", error)

    def _replace(self, cluster: BaseProcess) -> None:
        """Kill a dead or frozen cluster, once what its workers still have in hand is done, and wait a moment."""
        conductor.stop_asked.value = conductor.stop_asked.value or DRAIN
        ends = time.monotonic() + STOP_SECONDS
        while cluster.is_alive() and busy_workers() and time.monotonic() < ends:
            cluster.join(LOOK_SECONDS)
        cluster.kill()
        cluster.join()
        ends = time.monotonic() + RESTART_SECONDS
        while time.monotonic() < ends and conductor.stop_asked.value != STOP:
            time.sleep(LOOK_SECONDS)
        if conductor.stop_asked.value == DRAIN:
            conductor.stop_asked.value = 0

    def _end(self, cluster: BaseProcess) -> None:
        """What is in hand is finished; a cluster that has nothing in hand and still does not end is frozen."""
        ends = time.monotonic() + STOP_SECONDS
        idle_since = time.monotonic()
        while cluster.is_alive() and time.monotonic() < ends:
            cluster.join(LOOK_SECONDS)
            if busy_workers():
                idle_since = time.monotonic()
            if time.monotonic() - idle_since > self.patience_seconds:
                break
        cluster.kill()
        cluster.join()


def busy_workers() -> int:
    """How many living workers have a job in hand."""
    return sum(1 for pid in in_hand if pid and Path(f"/proc/{pid}").exists())


def _begins(**kwargs: Any) -> None:
    last_sign.value = time.monotonic()
    in_hand[os.getpid() % SLOTS] = os.getpid()


def _ends(**kwargs: Any) -> None:
    last_sign.value = time.monotonic()
    in_hand[os.getpid() % SLOTS] = 0


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    """The conductor looks at this every tick, in its own process; the supervisor and the cluster do too."""
    conductor.stop_asked.value = STOP


def _run_cluster(supervisor: int) -> None:
    """The cluster's own process. Each process forked from here dies with its parent: a kill leaves no orphans."""
    libc = ctypes.CDLL(None, use_errno=True)

    def die_with_parent() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    die_with_parent()
    if os.getppid() != supervisor:
        return
    with suppress(PermissionError):
        os.setsid()  # a signal to the supervisor's group, such as a Ctrl-C, must not reach the cluster
    os.register_at_fork(after_in_child=die_with_parent)
    cluster = Cluster()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ask_to_stop)
    cluster.start()
    # Stopped from here and not from the signal's handler: the cluster's own forgets a signal that comes while it
    # starts, and can block in one.
    while cluster.sentinel.is_alive():
        if conductor.stop_asked.value:
            cluster.stop()
            return
        cluster.sentinel.join(LOOK_SECONDS)

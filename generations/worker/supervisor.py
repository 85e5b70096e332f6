"""Keeps a django-q2 cluster alive: starts it, watches for its signs of life, kills and restarts it, stops it whole.

A stock cluster freezes for ever when the idle worker that holds its queue's read lock is killed (an OOM killer does
that): workers are respawned and none of them is served. So every few seconds a beat is put into the queue, each worker
notes here when it begins and ends a job, and a cluster that has a free worker and still serves no beat is replaced. So
is one whose monitor was killed: it holds the lock of the results' queue, and no job is taken off the queue any more.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import time
from collections.abc import Mapping
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
from django_q.signals import post_execute, post_execute_in_worker, pre_execute

from generations import clock, wakeups
from generations.lifecycle import saving
from generations.models import Lease
from generations.worker import broker, conductor

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0
PATIENCE_SECONDS = 30.0  # without a sign of life, of a cluster that has a free worker
STOP_SECONDS = 330.0  # for what is in hand when it is told to stop: longer than the longest job
LOOK_SECONDS = 0.2
RESTART_SECONDS = 2.0  # before a cluster that died at once is started again
PR_SET_PDEATHSIG = 1  # linux/prctl.h
DRAIN_SECONDS = 10.0  # for downloads, before a frozen cluster is killed: they can be had again
SLOTS = 4096

# Shared with every process that is forked from here. No locks: a killed process would keep them.
last_sign = RawValue("d", 0.0)
in_hand = RawArray("l", SLOTS)  # the process ids of workers that run a job
last_done, last_taken = (
    RawValue("d", 0.0),
    RawValue("d", 0.0),
)  # when a job ended, and a result was taken from the queue
conducting = RawValue("l", 0)  # the one that conducts: it may have paid orders in the air


class Supervisor:
    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.patience_seconds = patience_seconds
        self.beat_at = self.taken_at = self.taken_before = 0.0
        pre_execute.connect(_begins, dispatch_uid="generations.supervisor")
        post_execute_in_worker.connect(_ends, dispatch_uid="generations.supervisor")
        post_execute.connect(_is_taken, dispatch_uid="generations.supervisor")

    def run(self) -> None:
        """Keep a cluster going until we are told to stop; then end it, gracefully if it can."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ask_to_stop)
        while not conductor.stop_requested.value:
            cluster = self._start()
            self._watch(cluster)
            if conductor.stop_requested.value:
                self._end(cluster)
            else:
                self._replace(cluster)

    def _start(self) -> BaseProcess:
        connections.close_all()  # a connection must not be shared with a child
        in_hand[:] = [0] * SLOTS
        conducting.value = 0
        self.beat_at = 0.0
        self.taken_at = last_sign.value = last_done.value = last_taken.value = time.monotonic()
        broker.last_asked.value = broker.last_pulled.value = last_sign.value
        cluster = get_context("fork").Process(target=_run_cluster, args=(os.getpid(),), name="cluster")
        cluster.start()
        return cluster

    def _watch(self, cluster: BaseProcess) -> None:
        """Return when the cluster has died, shows no sign of life, or is to be stopped."""
        while not conductor.stop_requested.value:
            cluster.join(LOOK_SECONDS)
            if not cluster.is_alive():
                logger.error("the cluster died (exit code %s): it is started again", cluster.exitcode)
                return
            self._beat()
            if why := self._what_is_frozen():
                logger.error("%s for %d s: the cluster is replaced", why, self.patience_seconds)
                return

    def _what_is_frozen(self) -> str:
        """A worker killed while it waits leaves the queue of jobs locked for ever, the monitor that of results.

        A host that gets no job because others are faster is well: what counts is a job that was pulled and not begun.
        """
        now, sign = time.monotonic(), last_sign.value
        if self.taken_before != last_taken.value or last_taken.value >= last_done.value:
            self.taken_before, self.taken_at = last_taken.value, now
        if busy_workers() < settings.WORKERS:
            if broker.last_pulled.value > sign and now - broker.last_pulled.value > self.patience_seconds:
                return "a job was pulled and not begun"
            if now - max(broker.last_asked.value, sign) > self.patience_seconds:
                return "the queue was not asked"
        return "no result was taken" if now - self.taken_at > self.patience_seconds else ""

    def _beat(self) -> None:
        if time.monotonic() - self.beat_at < min(HEARTBEAT_SECONDS, self.patience_seconds / 4):
            return
        first, self.beat_at = not self.beat_at, time.monotonic()
        try:
            if first:
                saving.reenqueue_pending_saves(at=clock.now())
            wakeups.request_heartbeat()
            if busy_workers() >= settings.WORKERS:  # long downloads: nobody is free to stamp it
                Lease.objects.record_heartbeat()
        except OperationalError as error:
            last_sign.value = self.taken_at = time.monotonic()  # without a database nobody can answer
            logger.warning("the database does not answer: %s", error)

    def _replace(self, cluster: BaseProcess) -> None:
        """Kill a dead or frozen cluster, once its orders in the air are answered, and wait a moment."""
        conductor.draining.value = 1
        began = time.monotonic()
        while cluster.is_alive() and busy_workers():
            patience = STOP_SECONDS if has_in_hand(conducting.value) else DRAIN_SECONDS
            if time.monotonic() - began > patience:
                break
            cluster.join(LOOK_SECONDS)
        cluster.kill()
        cluster.join()
        ends = time.monotonic() + RESTART_SECONDS
        while time.monotonic() < ends and not conductor.stop_requested.value:
            time.sleep(LOOK_SECONDS)
        conductor.draining.value = 0

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
    return sum(1 for pid in in_hand if pid and is_alive(pid))


def has_in_hand(pid: int) -> bool:
    """Whether this worker lives and has a job."""
    return bool(pid) and in_hand[pid % SLOTS] == pid and is_alive(pid)


def is_alive(pid: int) -> bool:
    """A dead child that nobody has waited for yet is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def _begins(task: Mapping[str, Any], **kwargs: Any) -> None:
    last_sign.value = time.monotonic()
    in_hand[os.getpid() % SLOTS] = os.getpid()
    if task["func"] == wakeups.CONDUCT:
        conducting.value = os.getpid()


def _ends(**kwargs: Any) -> None:
    last_sign.value = last_done.value = time.monotonic()
    in_hand[os.getpid() % SLOTS] = 0
    if conducting.value == os.getpid():
        conducting.value = 0


def _is_taken(**kwargs: Any) -> None:
    last_taken.value = time.monotonic()


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    """The conductor looks at this every tick, in its own process; the supervisor and the cluster do too."""
    conductor.stop_requested.value = 1


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
        if conductor.is_stopping():
            cluster.stop()
            return
        cluster.sentinel.join(LOOK_SECONDS)

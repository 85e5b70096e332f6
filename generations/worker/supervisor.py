"""Start, watch, restart and stop the conductor and the django-q2 cluster.

A stock cluster freezes when an idle worker is killed (an OOM killer does that) while it holds the read lock of the job
queue: new workers start, but none gets a job. So this module enqueues a heartbeat job every few seconds, each worker
records here when a job starts and ends, and a cluster that has a free worker and starts no job is restarted. So is a
cluster whose monitor was killed: the monitor holds the lock of the result queue, and then no job is dequeued any more.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawArray, RawValue
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django_q.cluster import Cluster
from django_q.signals import post_execute, post_execute_in_worker, pre_execute

from generations import clock, wakeups
from generations.lifecycle.due_saves import reenqueue_pending_saves
from generations.models import Lease
from generations.worker import broker, processes
from generations.worker.conductors import Conductors

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0
PATIENCE_SECONDS = 30.0  # without activity, before a cluster that has a free worker counts as frozen
STOP_SECONDS = 330.0  # for running jobs to end after a stop: longer than the longest job
POLL_SECONDS = 0.2  # between two checks of the cluster
RESTART_SECONDS = 2.0  # before the next start, so that a cluster that dies at once does not restart in a tight loop
DRAIN_SECONDS = 10.0  # for downloads, before a frozen cluster is killed: they can be repeated
SLOTS = 4096

# Shared with every process that is forked from here; times are time.monotonic(). No locks: a killed process would keep
# them.
busy_pids = RawArray("l", SLOTS)  # the process ids of workers that run a job
last_activity = RawValue("d", 0.0)  # when a job last started or ended
last_job_end = RawValue("d", 0.0)
last_result_taken = RawValue("d", 0.0)  # when the monitor last took a result from the result queue


class Supervisor:
    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.patience_seconds = patience_seconds
        self.heartbeat_at = self.results_moved_at = self.last_result_seen = 0.0
        self.conductors = Conductors()
        pre_execute.connect(_record_job_start, dispatch_uid="generations.supervisor")
        post_execute_in_worker.connect(_record_job_end, dispatch_uid="generations.supervisor")
        post_execute.connect(_record_result_taken, dispatch_uid="generations.supervisor")

    def run(self) -> None:
        """Keep a conductor and a cluster running until SIGTERM or SIGINT, then stop them gracefully."""
        processes.handle_stop_signals()
        while not processes.stop_requested.value:
            self.conductors.keep()
            cluster = self._start()
            self._watch(cluster)
            if processes.stop_requested.value:
                self._stop(cluster)
            else:
                self._replace(cluster)

    def _start(self) -> BaseProcess:
        busy_pids[:] = [0] * SLOTS
        self.heartbeat_at = 0.0
        self.results_moved_at = last_activity.value = last_job_end.value = last_result_taken.value = time.monotonic()
        broker.last_read.value = broker.last_dequeued.value = last_activity.value
        return processes.fork("cluster", _run_cluster)

    def _watch(self, cluster: BaseProcess) -> None:
        """Return when the cluster has died, is frozen, or must stop."""
        while not processes.stop_requested.value:
            cluster.join(POLL_SECONDS)
            self.conductors.keep()
            if not cluster.is_alive():
                logger.error("the cluster died (exit code %s) and is restarted", cluster.exitcode)
                return
            self._send_heartbeat()
            if why := self._why_frozen():
                logger.error("%s for %d s: the cluster is restarted", why, self.patience_seconds)
                return

    def _why_frozen(self) -> str:
        """Return which queue stands still although it has work, or an empty string.

        A host that gets no job because others are faster is healthy: a frozen one dequeues a job and does not start it.
        """
        now, active = time.monotonic(), last_activity.value
        if self.last_result_seen != last_result_taken.value or last_result_taken.value >= last_job_end.value:
            self.last_result_seen, self.results_moved_at = last_result_taken.value, now
        if busy_workers() < settings.WORKERS:
            if broker.last_dequeued.value > active and now - broker.last_dequeued.value > self.patience_seconds:
                return "a job was dequeued and not started"
            if now - max(broker.last_read.value, active) > self.patience_seconds:
                return "the job queue was not read"
        return "no result was taken" if now - self.results_moved_at > self.patience_seconds else ""

    def _send_heartbeat(self) -> None:
        """Enqueue a heartbeat every few seconds; after a start of the cluster, also re-enqueue pending downloads."""
        if time.monotonic() - self.heartbeat_at < min(HEARTBEAT_SECONDS, self.patience_seconds / 4):
            return
        before, self.heartbeat_at = self.heartbeat_at, time.monotonic()
        try:
            if not before:
                reenqueue_pending_saves(at=clock.now())
            wakeups.request_heartbeat()
            # Busy workers leave the heartbeat's job waiting: what they do tells as much.
            if busy_workers() >= settings.WORKERS or 0 < before < last_activity.value:
                Lease.objects.record_heartbeat()
        except OperationalError as error:
            last_activity.value = self.results_moved_at = time.monotonic()  # no worker can answer without a database
            logger.warning("the database does not answer: %s", error)

    def _replace(self, cluster: BaseProcess) -> None:
        """Kill a dead or frozen cluster, once its downloads had DRAIN_SECONDS to end, and wait RESTART_SECONDS."""
        ends = time.monotonic() + DRAIN_SECONDS
        while cluster.is_alive() and busy_workers() and time.monotonic() < ends:
            cluster.join(POLL_SECONDS)
            self.conductors.keep()
        cluster.kill()
        cluster.join()
        ends = time.monotonic() + RESTART_SECONDS
        while time.monotonic() < ends and not processes.stop_requested.value:
            time.sleep(POLL_SECONDS)
            self.conductors.keep()

    def _stop(self, cluster: BaseProcess) -> None:
        """Wait for running jobs and orders in flight, and kill the cluster when it is idle and still does not exit."""
        ends = time.monotonic() + STOP_SECONDS
        idle_since = time.monotonic()
        while cluster.is_alive() and time.monotonic() < ends:
            cluster.join(POLL_SECONDS)
            if busy_workers():
                idle_since = time.monotonic()
            if time.monotonic() - idle_since > self.patience_seconds:
                break
        cluster.kill()
        cluster.join()
        self.conductors.stop(seconds=ends - time.monotonic())


def busy_workers() -> int:
    """Count the living workers that run a job."""
    return sum(is_busy(pid) for pid in busy_pids)


def is_busy(pid: int) -> bool:
    """Return whether this worker is alive and runs a job; 0 is no worker."""
    return bool(pid) and busy_pids[pid % SLOTS] == pid and is_alive(pid)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def _record_job_start(task: Mapping[str, Any], **kwargs: Any) -> None:
    last_activity.value = time.monotonic()
    busy_pids[os.getpid() % SLOTS] = os.getpid()


def _record_job_end(**kwargs: Any) -> None:
    last_activity.value = last_job_end.value = time.monotonic()
    busy_pids[os.getpid() % SLOTS] = 0


def _record_result_taken(**kwargs: Any) -> None:
    last_result_taken.value = time.monotonic()


def _run_cluster() -> None:
    """Run the cluster in this process. Its children die with their parent, so a kill leaves no orphans."""
    processes.die_with_parents()
    processes.keep_memory()
    cluster = Cluster()
    processes.handle_stop_signals()  # the cluster has just set its own, which can block or lose a signal
    cluster.start()
    while cluster.sentinel.is_alive():
        if processes.stop_requested.value:
            cluster.stop()
            return
        cluster.sentinel.join(POLL_SECONDS)

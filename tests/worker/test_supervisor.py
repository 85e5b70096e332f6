"""How the supervisor judges a cluster; real processes are killed in tests/crash."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from generations.models import Lease, Status
from generations.worker import broker, supervisor
from tests.factories import a_task, due

SAVE = {"func": "generations.worker.jobs.save"}


@pytest.fixture(autouse=True)
def no_busy_workers() -> None:
    supervisor.busy_pids[:] = [0] * supervisor.SLOTS


@pytest.fixture
def watching() -> supervisor.Supervisor:
    """A supervisor whose cluster has just begun."""
    watching = supervisor.Supervisor(patience_seconds=30)
    now = time.monotonic()
    supervisor.last_activity.value = supervisor.last_job_end.value = supervisor.last_result_taken.value = (
        watching.results_moved_at
    ) = now
    broker.last_read.value = broker.last_dequeued.value = now
    return watching


def long_ago() -> float:
    return time.monotonic() - 60


def test_a_worker_with_a_job_is_busy_until_the_job_record_job_end() -> None:
    assert supervisor.busy_workers() == 0
    supervisor._record_job_start(task=SAVE)
    assert supervisor.busy_workers() == 1
    supervisor._record_job_end()
    assert supervisor.busy_workers() == 0


def test_a_worker_that_died_with_a_job_is_not_busy() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    supervisor.busy_pids[gone.pid % supervisor.SLOTS] = gone.pid
    assert supervisor.busy_workers() == 0
    supervisor.busy_pids[os.getpid() % supervisor.SLOTS] = os.getpid()
    assert supervisor.busy_workers() == 1


def test_a_dead_worker_that_nobody_has_waited_for_is_not_busy() -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
    supervisor.busy_pids[dead.pid % supervisor.SLOTS] = dead.pid
    assert supervisor.busy_workers() == 0
    dead.wait()


def test_each_job_is_activity() -> None:
    supervisor.last_activity.value = 0.0
    supervisor._record_job_start(task=SAVE)
    assert supervisor.last_activity.value > 0


def test_a_cluster_that_dequeues_a_job_and_does_not_start_it_is_frozen(watching: supervisor.Supervisor) -> None:
    assert watching._why_frozen() == ""
    supervisor.last_activity.value = long_ago() - 1
    broker.last_dequeued.value = long_ago()
    assert watching._why_frozen() == "a job was dequeued and not started"


def test_a_cluster_that_no_longer_reads_the_queue_is_frozen(watching: supervisor.Supervisor) -> None:
    supervisor.last_activity.value = broker.last_dequeued.value = broker.last_read.value = long_ago()
    assert watching._why_frozen() == "the job queue was not read"


def test_a_host_that_gets_no_job_because_others_are_faster_is_well(watching: supervisor.Supervisor) -> None:
    broker.last_dequeued.value = long_ago() - 1
    supervisor.last_activity.value = long_ago()
    assert watching._why_frozen() == ""


def test_a_cluster_whose_every_worker_is_busy_is_not_frozen(
    watching: supervisor.Supervisor, settings: Settings
) -> None:
    settings.WORKERS = 1
    supervisor._record_job_start(task=SAVE)
    supervisor.last_activity.value = long_ago()
    assert watching._why_frozen() == ""


def test_a_cluster_whose_results_nobody_takes_is_frozen(watching: supervisor.Supervisor) -> None:
    supervisor.last_result_taken.value = long_ago()
    assert watching._why_frozen() == ""  # the last one was taken a moment ago, as far as was seen
    watching.results_moved_at = long_ago()
    assert watching._why_frozen() == "no result was taken"
    supervisor._record_result_taken()
    assert watching._why_frozen() == ""


@pytest.mark.django_db
def test_the_first_heartbeat_of_a_cluster_enqueues_pending_downloads_again(watching: supervisor.Supervisor) -> None:
    now = timezone.now()
    enqueued = a_task(Status.READY, due_at=now + timedelta(seconds=20))
    failed = a_task(Status.READY, due_at=now + timedelta(minutes=20), failures=9)
    watching._send_heartbeat()
    enqueued.refresh_from_db()
    failed.refresh_from_db()
    assert due(enqueued) <= timezone.now() < due(failed)
    assert OrmQ.objects.count() == 1


@pytest.mark.django_db
def test_when_every_worker_is_busy_the_supervisor_records_the_heartbeat(
    watching: supervisor.Supervisor, settings: Settings
) -> None:
    settings.WORKERS = 1
    watching._send_heartbeat()
    assert not Lease.objects.is_worker_alive()
    supervisor._record_job_start(task=SAVE)
    watching.heartbeat_at = long_ago()
    watching._send_heartbeat()
    assert Lease.objects.is_worker_alive()


@pytest.mark.django_db
def test_without_a_database_no_cluster_record_result_taken_for_frozen(
    watching: supervisor.Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**kwargs: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(supervisor, "reenqueue_pending_saves", away)
    supervisor.last_activity.value = long_ago()
    watching._send_heartbeat()
    assert watching._why_frozen() == ""

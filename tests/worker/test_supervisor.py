"""What the supervisor goes by; the real processes are killed in tests/crash."""

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

from generations import wakeups
from generations.lifecycle import saving
from generations.models import Lease, Status
from generations.worker import broker, supervisor
from tests.factories import a_task

SAVE = {"func": "generations.worker.jobs.save"}


@pytest.fixture(autouse=True)
def nothing_in_hand() -> None:
    supervisor.in_hand[:] = [0] * supervisor.SLOTS
    supervisor.conducting.value = 0


@pytest.fixture
def watching() -> supervisor.Supervisor:
    """A supervisor whose cluster has just begun."""
    watching = supervisor.Supervisor(patience_seconds=30)
    now = time.monotonic()
    supervisor.last_sign.value = supervisor.last_done.value = supervisor.last_taken.value = watching.taken_at = now
    broker.last_asked.value = broker.last_pulled.value = now
    return watching


def long_ago() -> float:
    return time.monotonic() - 60


def test_a_worker_with_a_job_is_busy_until_the_job_ends() -> None:
    assert supervisor.busy_workers() == 0
    supervisor._begins(task=SAVE)
    assert supervisor.busy_workers() == 1
    supervisor._ends()
    assert supervisor.busy_workers() == 0


def test_a_worker_that_died_with_a_job_in_hand_is_not_busy() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    supervisor.in_hand[0] = gone.pid
    assert supervisor.busy_workers() == 0
    supervisor.in_hand[0] = os.getpid()
    assert supervisor.busy_workers() == 1


def test_a_dead_worker_that_nobody_has_waited_for_is_not_busy() -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
    supervisor.in_hand[0] = dead.pid
    assert supervisor.busy_workers() == 0
    dead.wait()


def test_the_worker_that_conducts_is_known_until_its_slice_ends() -> None:
    supervisor._begins(task=SAVE)
    assert not supervisor.has_in_hand(supervisor.conducting.value)
    supervisor._begins(task={"func": wakeups.CONDUCT})
    assert supervisor.has_in_hand(supervisor.conducting.value)
    supervisor._ends()
    assert not supervisor.has_in_hand(supervisor.conducting.value)


def test_each_job_is_a_sign_of_life() -> None:
    supervisor.last_sign.value = 0.0
    supervisor._begins(task=SAVE)
    assert supervisor.last_sign.value > 0


def test_a_cluster_that_pulls_a_job_and_does_not_begin_it_is_frozen(watching: supervisor.Supervisor) -> None:
    assert watching._what_is_frozen() == ""
    supervisor.last_sign.value = long_ago() - 1
    broker.last_pulled.value = long_ago()
    assert watching._what_is_frozen() == "a job was pulled and not begun"


def test_a_cluster_that_no_longer_asks_the_queue_is_frozen(watching: supervisor.Supervisor) -> None:
    supervisor.last_sign.value = broker.last_pulled.value = broker.last_asked.value = long_ago()
    assert watching._what_is_frozen() == "the queue was not asked"


def test_a_host_that_gets_no_job_because_others_are_faster_is_well(watching: supervisor.Supervisor) -> None:
    broker.last_pulled.value = long_ago() - 1
    supervisor.last_sign.value = long_ago()
    assert watching._what_is_frozen() == ""


def test_a_cluster_whose_every_worker_is_busy_is_not_frozen(
    watching: supervisor.Supervisor, settings: Settings
) -> None:
    settings.WORKERS = 1
    supervisor._begins(task=SAVE)
    supervisor.last_sign.value = long_ago()
    assert watching._what_is_frozen() == ""


def test_a_cluster_whose_results_nobody_takes_is_frozen(watching: supervisor.Supervisor) -> None:
    supervisor.last_taken.value = long_ago()
    assert watching._what_is_frozen() == ""  # the last one was taken a moment ago, as far as was seen
    watching.taken_at = long_ago()
    assert watching._what_is_frozen() == "no result was taken"
    supervisor._is_taken()
    assert watching._what_is_frozen() == ""


@pytest.mark.django_db
def test_the_first_beat_of_a_cluster_looks_again_at_what_was_rung_for(watching: supervisor.Supervisor) -> None:
    now = timezone.now()
    rung = a_task(Status.READY, due_at=now + timedelta(seconds=20))
    failed = a_task(Status.READY, due_at=now + timedelta(minutes=20), failures=9)
    watching._beat()
    rung.refresh_from_db()
    failed.refresh_from_db()
    assert rung.due_at <= timezone.now() < failed.due_at
    assert OrmQ.objects.count() == 1


@pytest.mark.django_db
def test_when_every_worker_is_busy_the_supervisor_gives_the_sign_of_life(
    watching: supervisor.Supervisor, settings: Settings
) -> None:
    settings.WORKERS = 1
    watching._beat()
    assert not Lease.objects.is_worker_alive()
    supervisor._begins(task=SAVE)
    watching.beat_at = long_ago()
    watching._beat()
    assert Lease.objects.is_worker_alive()


@pytest.mark.django_db
def test_without_a_database_no_cluster_is_taken_for_frozen(
    watching: supervisor.Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**kwargs: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(saving, "reenqueue_pending_saves", away)
    supervisor.last_sign.value = long_ago()
    watching._beat()
    assert watching._what_is_frozen() == ""

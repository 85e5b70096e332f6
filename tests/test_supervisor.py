"""What the supervisor goes by; the real processes are killed in tests/crash."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from generations import supervisor


@pytest.fixture(autouse=True)
def nothing_in_hand() -> None:
    supervisor.in_hand[:] = [0] * supervisor.SLOTS


def test_a_worker_with_a_job_is_busy_until_the_job_ends() -> None:
    assert supervisor.busy_workers() == 0
    supervisor._begins()
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


def test_each_job_is_a_sign_of_life() -> None:
    supervisor.last_sign.value = 0.0
    supervisor._begins()
    assert supervisor.last_sign.value > 0

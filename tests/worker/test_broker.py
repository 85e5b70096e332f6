"""The broker records when it reads and dequeues."""

from __future__ import annotations

import pytest
from django_q.brokers import get_broker

from generations import wakeups
from generations.worker import broker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def never() -> None:
    broker.last_read.value = broker.last_dequeued.value = 0.0


def test_an_empty_queue_is_read_and_nothing_dequeued() -> None:
    assert not get_broker().dequeue()
    assert (broker.last_read.value > 0, broker.last_dequeued.value) == (True, 0.0)


def test_a_dequeued_job_is_recorded_after_the_read() -> None:
    wakeups.wake_conductor()
    assert len(get_broker().dequeue()) == 1
    assert broker.last_dequeued.value >= broker.last_read.value > 0

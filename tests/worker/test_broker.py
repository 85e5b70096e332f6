"""The broker leaves word of what it does."""

from __future__ import annotations

import pytest
from django_q.brokers import get_broker

from generations import wakeups
from generations.worker import broker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def never() -> None:
    broker.last_asked.value = broker.last_pulled.value = 0.0


def test_an_empty_queue_was_asked_and_nothing_pulled() -> None:
    assert not get_broker().dequeue()
    assert (broker.last_asked.value > 0, broker.last_pulled.value) == (True, 0.0)


def test_a_job_that_was_pulled_is_noted_after_the_question() -> None:
    wakeups.wake_conductor()
    assert len(get_broker().dequeue()) == 1
    assert broker.last_pulled.value >= broker.last_asked.value > 0

"""The broker serves urgent jobs first, and records when it reads and dequeues."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.signing import SignedPackage

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
    wakeups.enqueue_save(7)
    assert len(get_broker().dequeue()) == 1
    assert broker.last_dequeued.value >= broker.last_read.value > 0


def served() -> list[str]:
    """The functions of the jobs in the order in which they are dequeued."""
    functions = []
    while jobs := get_broker().dequeue():
        functions += [SignedPackage.loads(payload)["func"].rpartition(".")[2] for __, payload in jobs]
    return functions


def test_urgent_jobs_are_served_first_and_background_work_last() -> None:
    wakeups.enqueue_reconcile()
    for pk in range(5):
        wakeups.enqueue_save(pk)
    wakeups.request_heartbeat()
    assert served() == ["heartbeat", *["save"] * 5, "reconcile"]


def test_jobs_of_one_key_are_served_in_their_order() -> None:
    for pk in (3, 1, 2):
        wakeups.enqueue_save(pk)
    ids = [jobs[0][0] for jobs in iter(get_broker().dequeue, None)]
    assert ids == sorted(ids)


def test_a_job_that_is_dequeued_is_not_given_out_again_and_counts_as_claimed() -> None:
    wakeups.request_heartbeat()
    wakeups.enqueue_reconcile()
    assert (get_broker().queue_size(), get_broker().lock_size()) == (2, 0)
    get_broker().dequeue()
    assert (get_broker().queue_size(), get_broker().lock_size()) == (1, 1)


def test_a_job_that_another_cluster_claims_first_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    wakeups.enqueue_save(7)

    def claimed_meanwhile(self: broker.Broker, job: OrmQ) -> datetime:
        OrmQ.objects.update(lock=timezone.now() + timedelta(minutes=1))
        return timezone.now()

    monkeypatch.setattr(broker.Broker, "timeout", claimed_meanwhile)
    assert get_broker().dequeue() == []


def test_every_job_is_purged() -> None:
    wakeups.enqueue_save(7)
    wakeups.request_heartbeat()
    get_broker().purge_queue()
    assert not OrmQ.objects.exists()

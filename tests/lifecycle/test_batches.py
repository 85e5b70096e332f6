"""What is done to a batch as a whole touches what was not sent, and what nothing stands in for yet."""

from __future__ import annotations

import pytest

from generations.lifecycle import batches, ordering
from generations.models import Batch, GenerationTask, Status
from tests.factories import NOW, a_task, kinds_of

pytestmark = pytest.mark.django_db


def a_batch(*statuses: Status) -> tuple[Batch, list[GenerationTask]]:
    batch = Batch.objects.create(name="Autumn", created_at=NOW)
    return batch, [a_task(status, order_batch=batch) for status in statuses]


def test_to_stop_cancels_what_was_not_sent_and_frees_its_money() -> None:
    batch, (queued, running) = a_batch(Status.QUEUED, Status.RUNNING)
    other = a_task()
    assert batches.cancel_waiting(batch, at=NOW, by=None) == [queued]
    assert kinds_of(queued) == ["hold", "release"]
    for task in (running, other):
        before = task.status
        task.refresh_from_db()
        assert task.status == before
    assert batches.cancel_waiting(batch, at=NOW, by=None) == []


def test_what_failed_or_was_lost_is_ordered_again_once() -> None:
    batch, (failed, lost, *_others) = a_batch(Status.FAILED, Status.LOST, Status.CANCELED, Status.STORED)
    requests = batches.order_again(batch, batches.FAILED, at_most=10)
    assert [request.retry_of for request in requests] == [failed, lost]
    tasks = ordering.place(requests, at=NOW)
    assert [task.order_batch for task in tasks] == [batch, batch]
    assert batches.order_again(batch, batches.FAILED, at_most=10) == []


def test_what_was_canceled_is_ordered_again_by_itself_and_no_more_than_asked() -> None:
    batch, (first, _second) = a_batch(Status.CANCELED, Status.CANCELED)
    (request,) = batches.order_again(batch, batches.CANCELED, at_most=1)
    assert request.retry_of == first

"""A batch is the order of several clips; who orders again of it joins it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db.models import ProtectedError

from generations.lifecycle import ordering, retries
from generations.lifecycle.ordering import BatchPlan, OrderRequest
from generations.models import Batch, Status
from tests.factories import NOW, a_task, an_order

pytestmark = pytest.mark.django_db


def test_several_clips_make_a_batch_of_the_plan_s_name_and_one_clip_makes_none(staff: User) -> None:
    requests = [OrderRequest(an_order(), takes=2), OrderRequest(an_order(prompt="grey cranes"))]
    tasks = ordering.place(requests, at=NOW, by=staff, plan=BatchPlan("Autumn", stops_when_approved=True))
    batch = Batch.objects.get()
    assert [task.order_batch for task in tasks] == [batch] * 3
    assert (batch.name, batch.by, batch.created_at, batch.stops_when_approved) == ("Autumn", staff, NOW, True)
    (alone,) = ordering.place([OrderRequest(an_order())], at=NOW)
    assert alone.order_batch is None


def test_a_batch_without_a_name_is_called_by_its_first_words() -> None:
    ordering.place([OrderRequest(an_order(), takes=2)], at=NOW)
    assert str(Batch.objects.get()) == "a lighthouse at dawn"


def test_the_same_confirmation_twice_makes_one_batch() -> None:
    first = ordering.place([OrderRequest(an_order(), takes=2)], at=NOW)
    again = ordering.place([OrderRequest(an_order(), takes=2)], at=NOW, batch=first[0].batch)
    assert (again, Batch.objects.count()) == (first, 1)


def test_each_retry_joins_the_batch_of_its_task_and_those_without_make_one_of_their_own() -> None:
    of_two = [Batch.objects.create(name=name, created_at=NOW) for name in ("first", "second")]
    failed = [a_task(Status.FAILED, order_batch=batch) for batch in (*of_two, None, None)]
    tasks = ordering.place([retries.retry(task) for task in failed], at=NOW)
    third = Batch.objects.exclude(pk__in=[batch.pk for batch in of_two]).get()
    assert [task.order_batch for task in tasks] == [*of_two, third, third]


def test_a_batch_with_orders_is_kept() -> None:
    batch = Batch.objects.create(name="Autumn", created_at=NOW)
    a_task(order_batch=batch)
    with pytest.raises(ProtectedError):
        batch.delete()

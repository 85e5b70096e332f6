"""A shot is what the takes of one order and its retries have in common."""

from __future__ import annotations

import pytest

from generations.lifecycle import ordering, retries
from generations.lifecycle.ordering import OrderRequest
from generations.models import Status
from tests.factories import NOW, a_task, an_order

pytestmark = pytest.mark.django_db


def test_the_takes_of_an_order_share_a_shot_and_another_order_has_its_own() -> None:
    first = ordering.place([OrderRequest(an_order(), takes=2), OrderRequest(an_order())], at=NOW)
    assert first[0].shot_id == first[1].shot_id != first[2].shot_id


def test_a_retry_and_another_take_join_the_shot() -> None:
    task = a_task(Status.FAILED)
    for request in (retries.retry(task), retries.another_take(task)):
        (new,) = ordering.place([request], at=NOW)
        assert new.shot_id == task.shot_id

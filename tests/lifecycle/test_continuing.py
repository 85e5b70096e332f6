"""A continuation: the settings that it starts from, its way through orders, and when it has become long."""

from __future__ import annotations

from typing import Any

import pytest

from generations.lifecycle import continuing, ordering, retries
from generations.lifecycle.ordering import OrderRequest
from generations.models import GenerationTask, Status
from generations.providers.offers import OFFERS
from tests.factories import NOW, a_price, a_task, an_image, an_order

pytestmark = pytest.mark.django_db


def a_continuation(of: GenerationTask, **changes: Any) -> OrderRequest:
    order = an_order(mode="image-to-video")
    return OrderRequest(
        order, images={"start_image": an_image()}, continued_from=of, continued_at_seconds=4.5, **changes
    )


@pytest.mark.parametrize(
    ("model", "mode", "expected"),
    [
        ("kling-2-5-turbo-pro", "text-to-video", "image-to-video"),
        ("kling-2-5-turbo-pro", "image-to-video", "image-to-video"),
        ("kling-2-1", "master-text-to-video", "master-image-to-video"),
        ("kling-2-1", "pro-image-to-video", "pro-image-to-video"),
        ("kling-3-0-std", "text-to-video", "image-to-video"),
        ("kling-3-0-std", "motion-control", "motion-control"),
    ],
)
def test_the_own_mode_stays_or_the_same_one_for_pictures_is_taken(model: str, mode: str, expected: str) -> None:
    order = continuing.with_start_image(a_task(Status.STORED, model=model, mode=mode, aspect_ratio="16:9"))
    assert (order.model, order.mode) == (model, expected)


def test_every_mode_of_the_menu_leads_to_one_that_takes_a_frame() -> None:
    for provider, model, mode in OFFERS:
        order = continuing.with_start_image(a_task(Status.STORED, provider=provider, model=model, mode=mode))
        assert continuing.takes_a_frame(OFFERS[order.provider, order.model, order.mode]), (provider, model, mode)


def test_a_model_without_pictures_leads_to_another_of_its_provider() -> None:
    order = continuing.with_start_image(a_task(Status.STORED, model="kling-1-0", mode="text-to-video"))
    assert (order.provider, order.mode) == ("apixo", "image-to-video")
    assert order.prompt == "a lighthouse at dawn"


def test_what_is_ordered_keeps_what_it_continues_and_so_do_retries_takes_and_promotions() -> None:
    a_price("0.90", model="kling-2-6", mode="image-to-video")
    first = a_task(Status.STORED)
    (task,) = ordering.place([a_continuation(first)], at=NOW)
    promoted = [way.request for way in retries.promotions(task, at=NOW)]
    again = [retries.retry(task), retries.another_take(task), *promoted]
    assert promoted
    for request in (a_continuation(first), *again):
        assert (request.continued_from, request.continued_at_seconds) == (first, 4.5)
    assert (task.continued_from, task.continued_at_seconds) == (first, 4.5)
    assert continuing.words(again[0]) == f"Continues task {first.pk}: the start image is its frame at 4.50 s."
    assert continuing.words(OrderRequest(an_order())) == ""


def test_a_continuation_without_its_frame_is_refused() -> None:
    request = OrderRequest(an_order(), continued_from=a_task(Status.STORED), continued_at_seconds=1.0)
    assert "choose one" in ordering.problems(request)["start_image"][0]


def test_the_fifth_in_a_row_is_cautioned_about_and_not_refused() -> None:
    task = a_task(Status.STORED)
    for _ in range(3):
        task = a_task(Status.STORED, continued_from=task, continued_at_seconds=4.5)
    assert continuing.cautions([task.pk]) == continuing.cautions([]) == {}
    fourth = a_task(Status.STORED, continued_from=task, continued_at_seconds=4.5)
    assert "continuation 5 in a row" in continuing.cautions([task.pk, fourth.pk])[fourth.pk]
    assert not ordering.problems(a_continuation(fourth))

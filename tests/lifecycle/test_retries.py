"""The same once more: tried again, another take, or promoted to a dearer mode."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from generations.lifecycle import ordering, retries
from generations.lifecycle.ordering import OrderRequest
from generations.models import EntryKind, GenerationTask, LedgerEntry, Price, Status
from tests.factories import NOW, a_prompt, a_task

pytestmark = pytest.mark.django_db


def placed(request: OrderRequest, **how: Any) -> GenerationTask:
    (task,) = ordering.place([request], at=NOW, **how)
    return task


def test_trying_again_is_a_new_task_that_names_the_old_one(staff: User) -> None:
    failed = a_task(Status.FAILED, negative_prompt="fog", aspect_ratio="9:16", cfg_scale=Decimal("0.5"))
    again = placed(retries.retry(failed), by=staff)
    assert again.retry_of == failed
    assert again.order() == failed.order()
    assert LedgerEntry.objects.get(task=again).kind == EntryKind.HOLD


def test_trying_again_twice_orders_once(staff: User) -> None:
    failed = a_task(Status.FAILED)
    again = placed(retries.retry(failed), by=staff)
    with pytest.raises(ValidationError, match=f"task {again.pk} is its retry already"):
        placed(retries.retry(failed), by=staff)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.UNCONFIRMED, Status.READY, Status.STORED])
def test_only_what_came_to_nothing_is_tried_again(status: Status, staff: User) -> None:
    with pytest.raises(ValidationError):
        placed(retries.retry(a_task(status)), by=staff)


def test_another_take_of_a_stored_clip_is_a_new_order_of_the_same(staff: User) -> None:
    stored = a_task(Status.STORED, prompt=a_prompt(title="Lighthouse"))
    take = placed(retries.another_take(stored), by=staff)
    assert (take.prompt, take.retry_of, take.status) == (stored.prompt, None, Status.QUEUED)


def test_another_take_that_is_pressed_twice_is_ordered_once(staff: User) -> None:
    stored, batch = a_task(Status.STORED), uuid.uuid4()
    first = placed(retries.another_take(stored), by=staff, batch=batch)
    assert placed(retries.another_take(stored), by=staff, batch=batch) == first
    assert stored.prompt.tasks.count() == 2


FRAME = "https://example.com/frame.jpg"
STANDARD: dict[str, Any] = {
    "model": "kling-2-1", "mode": "standard-image-to-video", "start_image_url": FRAME, "price_usd": Decimal("0.20"),
}  # fmt: skip


def a_draft(**changes: Any) -> GenerationTask:
    return a_task(Status.STORED, **(STANDARD | changes))


def way_up(task: GenerationTask, mode: str) -> OrderRequest:
    ways = [way.request for way in retries.promotions(task, at=NOW)]
    return next(way for way in ways if (way.order.model, way.order.mode) == ("kling-2-1", mode))


def modes(task: GenerationTask) -> dict[str, tuple[Decimal | None, Decimal | None]]:
    ways = retries.promotions(task, at=NOW)
    return {f"{way.request.order.model} {way.request.order.mode}": (way.price, way.more) for way in ways}


def test_the_ways_up_are_the_dearer_modes_that_take_the_same_with_their_difference() -> None:
    assert modes(a_draft()) == {
        "kling-2-5-turbo-pro image-to-video": (Decimal("0.30"), Decimal("0.10")),
        "kling-2-1 pro-image-to-video": (Decimal("0.35"), Decimal("0.15")),
        "kling-2-1 master-image-to-video": (Decimal("1.00"), Decimal("0.80")),
    }


def test_a_mode_that_does_not_take_both_frames_is_no_way_up() -> None:
    both = a_draft(mode="pro-image-to-video", end_image_url=FRAME, price_usd=Decimal("0.20"))
    assert "kling-2-1 master-image-to-video" not in modes(both)


def test_words_alone_do_not_become_a_clip_from_a_frame() -> None:
    words = a_draft(mode="master-text-to-video", start_image_url="")
    Price.objects.filter(model="kling-2-5-turbo-pro").update(usd=Decimal("3.00"))
    assert set(modes(words)) == {"kling-2-5-turbo-pro text-to-video"}


def test_no_way_up_leads_to_an_older_model_and_newer_ones_may_be_of_unknown_price() -> None:
    assert modes(a_task(Status.STORED, model="kling-2-5-turbo-pro")) == {
        f"{model} text-to-video": (None, None) for model in ("kling-2-6", "kling-3-0-std", "kling-3-0-turbo")
    }
    assert retries.promotions(a_task(Status.STORED), at=NOW)[0].price_words == "price unknown"


def test_a_mode_without_a_price_is_no_way_up() -> None:
    Price.objects.filter(mode="master-image-to-video").delete()
    assert "kling-2-1 master-image-to-video" not in modes(a_draft())


def test_the_newest_models_have_no_way_up() -> None:
    assert modes(a_draft(model="kling-3-0-std", mode="image-to-video", price_usd=Decimal("1.00"))) == {}


def test_a_draft_of_unknown_price_has_ways_and_no_difference() -> None:
    assert modes(a_draft(price_usd=None))["kling-2-1 pro-image-to-video"] == (Decimal("0.35"), None)


def test_a_promoted_draft_is_a_new_order_of_the_same_prompt_and_frames_that_names_it(staff: User) -> None:
    drafted = a_draft(prompt_text="gulls", cfg_scale=Decimal("0.5"), negative_prompt="fog", duration_seconds=10)
    final = placed(way_up(drafted, "master-image-to-video"), by=staff)
    assert (final.promoted_from, final.retry_of, final.ordered_by) == (drafted, None, staff)
    assert (final.mode, final.price_usd) == ("master-image-to-video", Decimal("2.00"))
    same = ("prompt_text", "start_image_url", "cfg_scale", "negative_prompt", "duration_seconds", "prompt_id")
    assert all(getattr(final, name) == getattr(drafted, name) for name in same)
    assert LedgerEntry.objects.get(task=final).amount_usd == Decimal("2.00")


def test_a_promotion_that_is_pressed_twice_is_ordered_once(staff: User) -> None:
    drafted, batch = a_draft(), uuid.uuid4()
    first, second = (placed(way_up(drafted, "pro-image-to-video"), by=staff, batch=batch) for _ in range(2))
    assert first == second
    assert drafted.promotions.count() == 1


def test_many_are_tried_again_all_or_none(staff: User) -> None:
    tasks, batch = [a_task(Status.FAILED), a_task(Status.FAILED)], uuid.uuid4()
    with pytest.raises(ValidationError):
        ordering.place([retries.retry(task) for task in (*tasks, a_task(Status.RUNNING))], at=NOW, by=staff)
    assert not GenerationTask.objects.filter(retry_of__in=tasks).exists()
    requests = [retries.retry(task) for task in tasks]
    new = ordering.place(requests, at=NOW, by=staff, batch=batch)
    assert [task.retry_of for task in new] == tasks
    assert ordering.place(requests, at=NOW, by=staff, batch=batch) == new

"""The same once more: tried again, another take, or a draft promoted to a dearer mode. Each is a new task."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from generations.lifecycle.ordering import IMAGE_FIELDS, OrderRefused, draft, ordered_before, problems, write
from generations.models import GenerationTask, ReferenceImage, Status
from generations.money import ledger
from generations.providers import offers
from generations.providers.base import Order
from generations.providers.offers import Offer

AGAIN_FROM = (Status.FAILED, Status.CANCELED, Status.LOST)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A dearer mode that takes the same prompt and frames; in USD, `more` than the draft's own price."""

    order: Order
    price: Decimal
    more: Decimal | None


def try_again(task: GenerationTask, *, at: datetime, by: Any) -> GenerationTask:
    """Order the same once more, as a new task that names this one. Raise OrderRefused when that cannot be."""
    return try_all_again([task], at=at, by=by, batch=uuid.uuid4())[0]


def try_all_again(tasks: list[GenerationTask], *, at: datetime, by: Any, batch: uuid.UUID) -> list[GenerationTask]:
    """Order each once more, all or none; raise OrderRefused when one cannot be. What stands of it is returned."""
    batches = {task.pk: batch_of(batch, task) for task in tasks}
    with transaction.atomic():
        locked = list(GenerationTask.objects.select_for_update().filter(pk__in=batches).order_by("pk"))
        if before := ordered_before(*batches.values()):
            return before
        rows = []
        for task in locked:
            if text := again_problem(task):
                raise OrderRefused({"task": [text]})
            rows.append(_row(task, order_of(task), at=at, by=by, batch=batches[task.pk], retry_of=task))
        return write(rows, at=at, by=by)


def batch_of(batch: uuid.UUID, task: GenerationTask) -> uuid.UUID:
    """Each task that one press tries again has a batch of its own: they are not takes of each other."""
    return uuid.uuid5(batch, str(task.pk))


def again_problem(task: GenerationTask) -> str:
    """Why a task is not tried again; empty when it may be."""
    if task.status not in AGAIN_FROM:
        return f"task {task.pk} is {task.status}: only a failed one is tried again"
    if under_way := task.retries.exclude(status__in=AGAIN_FROM).first():
        return f"task {under_way.pk} already tries this one again"
    return ""


def another_take(task: GenerationTask, *, at: datetime, by: Any, batch: uuid.UUID | None = None) -> GenerationTask:
    """Order the same once more because one wants another clip of it; a batch that is there is not ordered again."""
    return _once(task, order_of(task), at=at, by=by, batch=batch)


def promote(
    task: GenerationTask, *, model: str, mode: str, at: datetime, by: Any, batch: uuid.UUID | None = None
) -> GenerationTask:
    """Order a draft's prompt and frames on a dearer mode, linked to it; raise OrderRefused if there is no way."""
    for way in promotions(task, at=at):
        if (way.order.model, way.order.mode) == (model, mode):
            return _once(task, way.order, at=at, by=by, batch=batch, promoted_from=task)
    raise OrderRefused({"mode": [f"{model} {mode} is no dearer mode that takes what task {task.pk} was made from"]})


def promotions(task: GenerationTask, *, at: datetime) -> list[Promotion]:
    """The dearer modes of its provider that take the same prompt and frames, cheapest first.

    Only those of known price: the difference is what one decides by.
    """
    own, images = order_of(task), pictures_of(task)
    found = []
    for offer in offers.OFFERS.values():
        if offer.provider != own.provider or offer.key == (own.provider, own.model, own.mode):
            continue
        order = fitted(own, offer)
        price = ledger.estimate(order, at=at)
        if price is None or (task.price_usd is not None and price <= task.price_usd):
            continue
        if not problems(order, uploads=images, delivery=task.delivery):
            found.append(Promotion(order, price, None if task.price_usd is None else price - task.price_usd))
    return sorted(found, key=lambda way: way.price)


def fitted(order: Order, offer: Offer) -> Order:
    """The order on another offer: what the other one does not know is left out, but for words and frames.

    Where those do not fit, it is no way, and `problems` says so.
    """
    return replace(
        order,
        model=offer.model,
        mode=offer.mode,
        route=order.route if order.route in offer.routes else "",
        cfg_scale=order.cfg_scale if offer.cfg_scale else None,
        sound=bool(order.sound) if offer.sound else (order.sound or None),
        aspect_ratio=order.aspect_ratio if offer.aspect_ratios else "",
    )


def order_of(task: GenerationTask) -> Order:
    """What a task was ordered with; stored images go beside it, and its callback is its own."""
    return replace(task.order(), start_image=task.start_image_url, end_image=task.end_image_url, callback_url="")


def pictures_of(task: GenerationTask) -> dict[str, ReferenceImage]:
    """The kept pictures that a task was ordered with, by field."""
    return {name: image for name in IMAGE_FIELDS if (image := getattr(task, name))}


def _once(
    task: GenerationTask, order: Order, *, at: datetime, by: Any, batch: uuid.UUID | None, **links: GenerationTask
) -> GenerationTask:
    batch = batch or uuid.uuid4()
    try:
        with transaction.atomic():
            return write([_row(task, order, at=at, by=by, batch=batch, **links)], at=at, by=by)[0]
    except IntegrityError:
        if tasks := ordered_before(batch):
            return tasks[0]
        raise


def _row(
    task: GenerationTask, order: Order, *, at: datetime, by: Any, batch: uuid.UUID, **links: GenerationTask
) -> dict[str, Any]:
    """The columns of another order with a task's frames; raise OrderRefused when something stands against it now."""
    images = pictures_of(task)
    if found := problems(order, uploads=images, delivery=task.delivery, campaign=task.campaign):
        raise OrderRefused(found)
    row = draft(order, task.prompt, images, at=at, by=by, campaign=task.campaign)
    return row | {**links, "delivery": task.delivery, "batch": batch}

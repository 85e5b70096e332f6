"""Orders: checked whole, written whole or not at all, taken back while they still wait."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from generations import wakeups
from generations.lifecycle import reachability
from generations.media.images import CleanImage
from generations.models import Campaign, DeliveryMode, GenerationTask, Prompt, ReferenceImage, Status, TaskEvent
from generations.money import ledger
from generations.providers import offers
from generations.providers.base import Order

MAX_TAKES = 100  # of one press; a slip of the finger should not empty the account
IMAGE_FIELDS = ("start_image", "end_image")
UPLOADED = "uploaded"  # stands in an order for a picture that gets its link only when the order is sent

Problems = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Upload:
    """A checked picture that came with an order, not stored yet."""

    image: CleanImage
    name: str

    @property
    def extension(self) -> str:
        return self.image.extension


class OrderRefused(Exception):
    """Nothing was written and nothing was charged; `problems` says why, by field."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("; ".join(f"{field}: {text}" for field, texts in problems.items() for text in texts))
        self.problems = problems


def problems(
    order: Order,
    *,
    uploads: Mapping[str, Upload | ReferenceImage],
    takes: int = 1,
    delivery: str = DeliveryMode.POLLING,
    campaign: Campaign | None = None,
) -> Problems:
    """Everything that stands against an order, by field: the documents' rules and this site's own."""
    found = offers.problems(
        replace(
            order,
            start_image=UPLOADED if "start_image" in uploads else order.start_image,
            end_image=UPLOADED if "end_image" in uploads else order.end_image,
        )
    )
    if "provider" not in found and (text := reachability.key_problem(order.provider)):
        found["provider"] = [text]
    if campaign and campaign.archived:
        found["campaign"] = [f"{campaign} is archived and takes no new orders"]
    if not 1 <= takes <= MAX_TAKES:
        found["takes"] = [f"1 to {MAX_TAKES} at a time, not {takes}"]
    if text := reachability.delivery_problem(order, delivery):
        found["delivery"] = [text]
    for field in IMAGE_FIELDS:
        if text := reachability.picture_problem(
            order, field, extension=up.extension if (up := uploads.get(field)) else ""
        ):
            found.setdefault(field, []).append(text)
    return found


def place(
    order: Order,
    *,
    at: datetime,
    by: Any = None,
    prompt: Prompt | None = None,
    uploads: Mapping[str, Upload] | None = None,
    takes: int = 1,
    delivery: str = DeliveryMode.POLLING,
    batch: uuid.UUID | None = None,
    campaign: Campaign | None = None,
    stops_when_approved: bool = False,
) -> list[GenerationTask]:
    """Write the tasks of an order with their holds, and ring. Raise OrderRefused, and nothing is written.

    A batch that is already there is returned as it is: a form sent twice orders once. Without a campaign of its own the
    order is of the prompt's.
    """
    uploads = uploads or {}
    if batch and (tasks := ordered_before(batch)):
        return tasks
    batch = batch or uuid.uuid4()
    whose = campaign or (prompt.campaign if prompt else None)
    found = problems(order, uploads=uploads, takes=takes, delivery=delivery, campaign=whose)
    # The hold decides; this look before it keeps those that come too late from queueing for the database's write lock.
    if not found and (texts := ledger.refusals(order, takes=takes, campaign=whose, by=by, at=at)):
        found["budget"] = texts
    if found:
        raise OrderRefused(found)
    try:
        with transaction.atomic():
            images = {name: ReferenceImage.keep(up.image, name=up.name) for name, up in uploads.items()}
            prompt = prompt or _prompt_of(order, by, campaign)
            row = draft(order, prompt, images, at=at, by=by, campaign=campaign or prompt.campaign)
            row |= {"delivery": delivery, "stops_when_approved": stops_when_approved, "batch": batch}
            return write([row | {"take": take} for take in range(1, takes + 1)], at=at, by=by)
    except IntegrityError:
        if tasks := ordered_before(batch):
            return tasks
        raise


def ordered_before(*batches: uuid.UUID) -> list[GenerationTask]:
    """What stands already of a press of the button."""
    return list(GenerationTask.objects.filter(batch__in=batches).order_by("pk"))


def cancel(task: GenerationTask, *, at: datetime, by: Any) -> bool:
    """Take back an order that has not been sent; False when it is too late, or when an earlier sending is in doubt."""
    with transaction.atomic():
        # As it is now: since it was read it may have been sent, and wait again with an outcome that nobody knows.
        task.refresh_from_db(from_queryset=GenerationTask.objects.select_for_update())
        if not task.can_be_canceled:
            return False
        moved = task.move(Status.CANCELED, "canceled before it was sent; nothing was charged", at=at, by=by)
        if moved:
            ledger.release(task, at=at, by=by, note="canceled before it was sent")
    return moved


def draft(
    order: Order,
    prompt: Prompt,
    images: Mapping[str, ReferenceImage],
    *,
    at: datetime,
    by: Any,
    campaign: Campaign | None,
) -> dict[str, Any]:
    """The columns that all takes of an order share."""
    return {
        "campaign": campaign,
        "prompt": prompt,
        "prompt_text": order.prompt,
        "negative_prompt": order.negative_prompt,
        "provider": order.provider,
        "model": order.model,
        "mode": order.mode,
        "duration_seconds": order.duration_seconds,
        "aspect_ratio": order.aspect_ratio,
        "sound": order.sound,
        "cfg_scale": order.cfg_scale,
        "route": order.route,
        "start_image": images.get("start_image"),
        "start_image_url": "" if "start_image" in images else order.start_image,
        "end_image": images.get("end_image"),
        "end_image_url": "" if "end_image" in images else order.end_image,
        "practice": settings.PRACTICE,
        "price_usd": ledger.estimate(order, at=at),
        "ordered_by": by,
        "created_at": at,
        "due_at": at,
    }


def write(rows: list[dict[str, Any]], *, at: datetime, by: Any) -> list[GenerationTask]:
    """The rows, their first events and their holds; the ring commits with them."""
    tasks = [GenerationTask.objects.create(**row) for row in rows]
    TaskEvent.objects.bulk_create(
        TaskEvent(task=task, at=at, by=by, was=Status.QUEUED, now=Status.QUEUED, reason="ordered") for task in tasks
    )
    try:
        ledger.hold_all(tasks, at=at, by=by)
    except ValidationError as error:
        raise OrderRefused(error.message_dict) from error
    wakeups.wake_conductor()
    return tasks


def _prompt_of(order: Order, by: Any, campaign: Campaign | None) -> Prompt:
    """The campaign's kept prompt of these very words, or a new one."""
    words = {"text": order.prompt, "negative_prompt": order.negative_prompt, "campaign": campaign}
    same = Prompt.objects.filter(**words).order_by("archived", "-id")
    return same.first() or Prompt.objects.create(**words, created_by=by)

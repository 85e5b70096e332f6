"""Orders: checked whole, written whole or not at all, taken back while they still wait."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from generations import costs, doorbell, offers
from generations.media import CleanImage
from generations.models import DeliveryMode, GenerationTask, Prompt, ReferenceImage, Status, TaskEvent
from generations.providers.base import Order

MAX_TAKES = 100  # of one press; a slip of the finger should not empty the account
IMAGE_FIELDS = ("start_image", "end_image")
UPLOADED = "uploaded"  # stands in an order for a picture that gets its link only when the order is sent
AGAIN_FROM = (Status.FAILED, Status.CANCELED, Status.LOST)

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
) -> Problems:
    """Everything that stands against an order, by field: the documents' rules and this site's own."""
    found = offers.problems(
        replace(
            order,
            start_image=UPLOADED if "start_image" in uploads else order.start_image,
            end_image=UPLOADED if "end_image" in uploads else order.end_image,
        )
    )
    if "provider" not in found and not settings.PRACTICE and not _key(order.provider):
        found["provider"] = [f"{_key_name(order.provider)} is not set, so nothing can be ordered there"]
    if not 1 <= takes <= MAX_TAKES:
        found["takes"] = [f"1 to {MAX_TAKES} at a time, not {takes}"]
    if text := _delivery_problem(order, delivery):
        found["delivery"] = [text]
    for field in IMAGE_FIELDS:
        text = _picture_problem(order, field, upload=uploads.get(field))
        if text:
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
) -> list[GenerationTask]:
    """Write the tasks of an order with their holds, and ring. Raise OrderRefused before anything is written.

    A batch that is already there is returned as it is: a form sent twice orders once.
    """
    uploads = uploads or {}
    batch = batch or uuid.uuid4()
    found = problems(order, uploads=uploads, takes=takes, delivery=delivery)
    if found:
        raise OrderRefused(found)
    try:
        with transaction.atomic():
            images = {name: ReferenceImage.keep(up.image, name=up.name) for name, up in uploads.items()}
            draft = _draft(order, prompt or _prompt_of(order, by), images, at=at, by=by)
            draft["delivery"] = delivery
            return _write(draft, batch=batch, takes=takes, at=at, by=by)
    except IntegrityError:
        if tasks := _ordered_before(batch):
            return tasks
        raise


def _ordered_before(batch: uuid.UUID) -> list[GenerationTask]:
    return list(GenerationTask.objects.filter(batch=batch).order_by("take"))


def cancel(task: GenerationTask, *, at: datetime, by: Any) -> bool:
    """Take back an order that has not been sent; False when it is too late, or when an earlier sending is in doubt."""
    if not task.can_be_canceled:
        return False
    with transaction.atomic():
        moved = task.move(Status.CANCELED, "canceled before it was sent; nothing was charged", at=at, by=by)
        if moved:
            costs.release(task, at=at, by=by, note="canceled before it was sent")
    return moved


def try_again(task: GenerationTask, *, at: datetime, by: Any) -> GenerationTask:
    """Order the same once more, as a new task that names this one. Raise OrderRefused when that cannot be."""
    with transaction.atomic():
        locked = GenerationTask.objects.select_for_update().get(pk=task.pk)
        if locked.status not in AGAIN_FROM:
            raise OrderRefused({"task": [f"task {task.pk} is {locked.status}: only a failed one is tried again"]})
        if under_way := locked.retries.exclude(status__in=AGAIN_FROM).first():
            raise OrderRefused({"task": [f"task {under_way.pk} already tries this one again"]})
        return _copy(locked, at=at, by=by, retry_of=locked, batch=uuid.uuid4())


def another_take(task: GenerationTask, *, at: datetime, by: Any, batch: uuid.UUID | None = None) -> GenerationTask:
    """Order the same once more because one wants another clip of it; a batch that is there is not ordered again."""
    batch = batch or uuid.uuid4()
    try:
        with transaction.atomic():
            return _copy(task, at=at, by=by, retry_of=None, batch=batch)
    except IntegrityError:
        if tasks := _ordered_before(batch):
            return tasks[0]
        raise


def _copy(
    task: GenerationTask, *, at: datetime, by: Any, retry_of: GenerationTask | None, batch: uuid.UUID
) -> GenerationTask:
    images = {name: image for name in IMAGE_FIELDS if (image := getattr(task, name))}
    order = replace(task.order(), start_image=task.start_image_url, end_image=task.end_image_url)
    if found := problems(order, uploads=images, delivery=task.delivery):
        raise OrderRefused(found)
    draft = _draft(order, task.prompt, images, at=at, by=by)
    draft |= {"retry_of": retry_of, "delivery": task.delivery}
    return _write(draft, batch=batch, takes=1, at=at, by=by)[0]


def _draft(
    order: Order, prompt: Prompt, images: Mapping[str, ReferenceImage], *, at: datetime, by: Any
) -> dict[str, Any]:
    """The columns that all takes of an order share."""
    return {
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
        "price_usd": costs.estimate(order, at=at),
        "ordered_by": by,
        "created_at": at,
        "due_at": at,
    }


def _write(draft: dict[str, Any], *, batch: uuid.UUID, takes: int, at: datetime, by: Any) -> list[GenerationTask]:
    """The rows, their first events and their holds; the ring commits with them."""
    tasks = [GenerationTask.objects.create(**draft, batch=batch, take=take) for take in range(1, takes + 1)]
    TaskEvent.objects.bulk_create(
        TaskEvent(task=task, at=at, by=by, was=Status.QUEUED, now=Status.QUEUED, reason="ordered") for task in tasks
    )
    for task in tasks:
        costs.hold(task, at=at, by=by)
    doorbell.ring()
    return tasks


def _prompt_of(order: Order, by: Any) -> Prompt:
    """The kept prompt of these very words, or a new one."""
    same = Prompt.objects.filter(text=order.prompt, negative_prompt=order.negative_prompt).order_by("archived", "-id")
    return same.first() or Prompt.objects.create(
        text=order.prompt, negative_prompt=order.negative_prompt, created_by=by
    )


def _picture_problem(order: Order, field: str, *, upload: Upload | ReferenceImage | None) -> str:
    """Why the provider could not fetch a picture, or would not take it; empty when it can and does."""
    near = _is_private(_base_url(order.provider))  # a provider on this machine reaches this machine
    if upload:
        offer = offers.find(order.provider, order.model, order.mode)
        if offer and upload.extension not in offer.image_formats:
            return f"{order.provider} takes {offers.words(offer.image_formats)} here, not {upload.extension}"
        if not settings.PUBLIC_URL:
            return (
                "the provider fetches the picture from this site, and PUBLIC_URL is not set; "
                "set it, or give a public URL of the picture"
            )
        if _is_private(settings.PUBLIC_URL) and not near:
            return f"the provider cannot reach {settings.PUBLIC_URL}; set a public PUBLIC_URL, or give a public URL"
        return ""
    url = getattr(order, field)
    if not url:
        return ""
    if not _is_web_address(url):
        return "not a full http(s) URL of at most 2000 characters"
    if _is_private(url) and not near:
        return "a private or local address, which the provider cannot reach"
    return ""


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and len(url) <= 2000
    except ValueError:  # a bracket without its pair, a port that is none
        return False


def default_delivery() -> DeliveryMode:
    """Callbacks where the internet reaches this site, polling elsewhere."""
    return DeliveryMode.CALLBACK if settings.PUBLIC_URL.startswith("https://") else DeliveryMode.POLLING


def _delivery_problem(order: Order, delivery: str) -> str:
    if delivery not in DeliveryMode.values:
        return f"polling or callback, not {delivery or 'an empty one'}"
    if delivery == DeliveryMode.POLLING or settings.PUBLIC_URL.startswith("https://"):
        return ""
    if not settings.PUBLIC_URL:
        return "a callback comes to this site, and PUBLIC_URL is not set; set it, or choose polling"
    if not (_is_loopback(settings.PUBLIC_URL) and _is_private(_base_url(order.provider))):
        return f"a callback needs an https PUBLIC_URL, not {settings.PUBLIC_URL}; choose polling"
    return ""


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host


def _base_url(provider: str) -> str:
    return getattr(settings, f"{provider.upper()}_BASE_URL", "")


def _key_name(provider: str) -> str:
    return f"{provider.upper()}_API_KEY"


def _key(provider: str) -> str:
    return getattr(settings, _key_name(provider), "")

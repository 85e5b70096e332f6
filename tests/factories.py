"""Rows for tests: a test names what it is about, and gets the rest."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from generations.lifecycle.saving import ORDERED
from generations.media.images import CleanImage
from generations.models import (
    Budget,
    Campaign,
    GenerationTask,
    LedgerEntry,
    Price,
    Prompt,
    ReferenceImage,
    Shot,
    Status,
    Video,
)
from generations.models.statuses import ACTIVE
from generations.models.videos import folded_words
from generations.money import ledger, limits
from generations.providers.base import Order

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
numbers = itertools.count(1)


def an_order(**changes: Any) -> Order:
    """A good order of Kling 2.5, which has a published price."""
    return order_of(
        **{
            "provider": "apixo",
            "model": "kling-2-5-turbo-pro",
            "mode": "text-to-video",
            "prompt": "a lighthouse at dawn",
            "duration_seconds": 5,
            **changes,
        }
    )


def order_of(*, provider: str, model: str, mode: str, callback_url: str = "", **chosen: Any) -> Order:
    """An order of these parameters; what is None or empty was not chosen. Pictures by their fields' names."""
    return but(Order(provider=provider, model=model, mode=mode, callback_url=callback_url), **chosen)


def but(order: Order, **changes: Any) -> Order:
    """The order with other parameters, or of another provider, model or mode."""
    own = {name: changes.pop(name) for name in ("provider", "model", "mode", "callback_url") if name in changes}
    pictures = [changes.pop(name, getattr(order, name)) for name in ("start_image", "end_image")]
    if "duration_seconds" in changes:
        changes["duration"] = changes.pop("duration_seconds")
    kept = {name: None if value == "" and name != "prompt" else value for name, value in changes.items()}
    return replace(order, **own).with_images(*pictures).but(**kept)


def a_prompt(**changes: Any) -> Prompt:
    prompt = Prompt.objects.create(**({"text": "a lighthouse at dawn"} | changes))
    prompt.keep(at=NOW, by=None)
    return prompt


def a_task(status: Status = Status.QUEUED, **changes: Any) -> GenerationTask:
    """A task in a status, with what such a task has: a hold, an id, URLs."""
    fields: dict[str, Any] = {
        "prompt": changes.pop("prompt", None) or a_prompt(),
        "prompt_text": "a lighthouse at dawn",
        "provider": "apixo",
        "model": "kling-2-5-turbo-pro",
        "mode": "text-to-video",
        "duration_seconds": 5,
        "price_usd": Decimal("0.30"),
        "practice": True,
        "created_at": NOW,
        "status": status,
        "due_at": NOW if status in ACTIVE else None,
    }
    if status not in (Status.QUEUED, Status.CANCELED):
        fields |= {"submitted_at": NOW, "attempts": 1, "send_count": 1}
    if status in (Status.RUNNING, Status.READY, Status.STORED, Status.LOST):
        fields["remote_id"] = f"remote-{next(numbers)}"
    if status in (Status.READY, Status.STORED):
        fields |= {
            "finished_at": NOW,
            "result_urls": ["http://127.0.0.1:9/clip.mp4"],
            "source_expires_at": NOW + timedelta(days=15),
        }
    if "shot" not in changes:
        fields["shot"] = Shot.objects.create()
    task = GenerationTask.objects.create(**{"parameters": frozen_of(fields | changes), **fields, **changes})
    ledger.hold(task, at=NOW)
    if status in (Status.READY, Status.STORED, Status.LOST):
        ledger.charge(task, at=NOW, note="the clip was made")
    if status in (Status.FAILED, Status.CANCELED):
        ledger.release(task, at=NOW, note="nothing was made")
    return task


def frozen_of(columns: dict[str, Any]) -> dict[str, Any]:
    """What an order of these columns keeps of its parameters."""
    names = ("sound", "aspect_ratio", "negative_prompt", "cfg_scale", "route")
    chosen = {name: columns[name] for name in names if columns.get(name) not in (None, "")}
    return an_order(prompt=columns["prompt_text"], duration_seconds=columns["duration_seconds"], **chosen).frozen()


def a_continuation(status: Status = Status.QUEUED) -> GenerationTask:
    """A task that starts from a frame of another one's clip."""
    before, frame = a_task(Status.STORED), an_image()
    return a_task(status, mode="image-to-video", start_image=frame, continued_from=before, continued_at_seconds=4.5)


def a_price(usd: str, **changes: Any) -> Price:
    """What a clip of Kling 2.5 costs; tests that commit have an empty table of prices."""
    order = an_order()
    fields: dict[str, Any] = {
        "provider": order.provider,
        "model": order.model,
        "mode": order.mode,
        "duration_seconds": order.duration_seconds,
        "usd": Decimal(usd),
        "valid_from": date(2026, 1, 1),
        "source": "a test",
        "is_free": not Decimal(usd),
    }
    return Price.objects.create(**(fields | changes))


def a_video(task: GenerationTask | None = None, *, content: bytes = b"not really a clip", **changes: Any) -> Video:
    """A stored clip; its file is there, and is only as much of an MP4 as `content` is."""
    task = task or a_task(Status.STORED)
    number = next(numbers)
    fields: dict[str, Any] = {
        "task": task,
        "position": 0,
        "title": "A lighthouse at dawn",
        "file": f"videos/2026/{number:032x}.mp4",
        "source_url": "http://127.0.0.1:9/clip.mp4",
        "sha256": f"{number:064x}",
        "size_bytes": len(content),
        "duration_seconds": 5.0,
        "width": 1280,
        "height": 720,
        "fps": 24.0,
        "has_audio": False,
        "created_at": NOW,
        "decoded_at": NOW,
        **{name: getattr(task, name) for name in ORDERED},
    }
    fields |= changes
    words = folded_words(task, fields["title"], fields.get("description", ""))
    video = Video.objects.create(**{"words": words, **fields})
    path = video.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return video


def a_campaign(name: str = "Autumn", **changes: Any) -> Campaign:
    return Campaign.objects.create(**({"name": name, "slug": name.lower().replace(" ", "-")} | changes))


def a_budget(limit: str, **changes: Any) -> Budget:
    """A hard budget of the whole site's practice money, in total; a test names what differs."""
    fields: dict[str, Any] = {"scope": "site", "period": "total", "limit_usd": Decimal(limit), "at": NOW}
    return limits.set_limit(**(fields | changes))


def counters(budget: Budget, at: datetime = NOW) -> tuple[str, str, str]:
    """Limit, held and spent of a budget's present period."""
    period = Budget.objects.get(pk=budget.pk).period_at(at)
    return f"{period.limit_usd:.2f}", f"{period.held_usd:.2f}", f"{period.spent_usd:.2f}"


def due(task: GenerationTask) -> datetime:
    """When a task that has a time on it is due."""
    assert task.due_at is not None
    return task.due_at


def last_reason(task: GenerationTask) -> str:
    """Why a task made its last move."""
    event = task.events.last()
    assert event is not None
    return event.reason


def an_image(content: bytes = b"a picture") -> ReferenceImage:
    return ReferenceImage.store(CleanImage(content, "png", 400, 300), name="bottle.png")


def configure(settings: Any, *names: str, **changes: Any) -> None:
    """Change the configuration of some providers, or of all: `configure(settings, "apixo", api_key="key")`."""
    settings.PROVIDERS = settings.PROVIDERS | {
        name: replace(settings.PROVIDERS[name], **changes) for name in names or settings.PROVIDERS
    }


def kinds_of(task: GenerationTask) -> list[str]:
    """The kinds of a task's ledger entries, oldest first."""
    return list(LedgerEntry.objects.filter(task=task).order_by("id").values_list("kind", flat=True))

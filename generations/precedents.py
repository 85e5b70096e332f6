"""What our own rows know of an order before it is placed: refused before, or owned already."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.template.defaultfilters import date as date_filter
from django.utils.timezone import localtime

from generations.formats import usd
from generations.models import GenerationTask, Kind, LedgerEntry, Review, Status, Video
from generations.ordering import IMAGE_FIELDS
from generations.providers.base import Order

REFUSED = ("content", "input")  # the kinds of failure that the same input meets again


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that stands against no order, and that a person should know before paying; `task` is where it shows."""

    key: str
    text: str
    task: int | None = None

    def __str__(self) -> str:
        return f"{self.text} (task {self.task})" if self.task else self.text


def of(order: Order, pictures: dict[str, str], *, price_usd: Decimal | None) -> list[Remark]:
    """What is known of an order with these pictures (field -> SHA-256, or address)."""
    same = GenerationTask.objects.of_this_site().filter(**_input(order, pictures))
    return [*_refused(same), *_owned(same.filter(**_settings(order)), price_usd)]


def _input(order: Order, pictures: dict[str, str]) -> dict[str, Any]:
    columns: dict[str, Any] = {"prompt_text": order.prompt, "negative_prompt": order.negative_prompt}
    for name in IMAGE_FIELDS:
        if pictures[name] == getattr(order, name):
            columns |= {f"{name}_url": pictures[name], f"{name}__isnull": True}
        else:
            columns[f"{name}__sha256"] = pictures[name]
    return columns


def _settings(order: Order) -> dict[str, Any]:
    names = ("provider", "model", "mode", "duration_seconds", "aspect_ratio", "sound", "cfg_scale", "route")
    return {name: getattr(order, name) for name in names}


def _refused(same: Any) -> list[Remark]:
    task = same.filter(status=Status.FAILED, error_kind__in=REFUSED).order_by("-id").first()
    if task is None:
        return []
    day = date_filter(localtime(task.finished_at or task.created_at), "j M Y")
    words = " ".join(part for part in (task.error_code, task.error_message) if part) or "without a word"
    text = f"{task.provider} refused the same words and pictures on {day}: {words}"
    return [Remark("refused", text, task.pk)]


def _owned(same: Any, price_usd: Decimal | None) -> list[Remark]:
    stored = list(same.filter(status=Status.STORED).values_list("pk", flat=True))
    if not stored:
        return []
    kept = Video.objects.filter(task__in=stored, review=Review.APPROVED).count()
    paid = LedgerEntry.objects.filter(task__in=stored, kind__in=[Kind.CHARGE, Kind.ADJUST])
    spent = paid.aggregate(usd=Sum("amount_usd"))["usd"]
    takes = "1 take" if len(stored) == 1 else f"{len(stored)} takes"
    another = f"costs {usd(price_usd)}" if price_usd is not None else "costs an unknown price"
    text = f"You have {takes} of this, kept {kept}, {usd(spent)}: another take {another}."
    return [Remark("owned", text, stored[-1] if len(stored) == 1 else None)]

"""What our own rows know of an order before it is placed: refused before, or owned already."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.template.defaultfilters import date as date_filter
from django.utils.timezone import localtime

from generations.formats import usd
from generations.lifecycle.ordering import IMAGE_FIELDS
from generations.models import EntryKind, GenerationTask, LedgerEntry, Review, Status, Video
from generations.models.tasks import BEGINNING_LENGTH
from generations.providers.base import Order

SETTINGS = ("provider", "model", "mode", "duration_seconds", "aspect_ratio", "sound", "cfg_scale", "route")
REFUSED = ("content", "input")  # the kinds of failure that the same input meets again


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that stands against no order, and that a person should know before paying; `task` is where it shows."""

    key: str
    text: str
    task: int | None = None

    def __str__(self) -> str:
        return f"{self.text} (task {self.task})" if self.task else self.text


def of(order: Order, pictures: dict[str, str], *, price_usd: Decimal | None) -> list[Notice]:
    """What is known of an order with these pictures (field -> SHA-256, or address)."""
    same = [task for task in _of_words(order.prompt) if _is_input_of(task, order, pictures)]
    return [*_refused(same), *_owned([task for task in same if _is_alike(task, order)], price_usd)]


def _of_words(words: str) -> list[GenerationTask]:
    """Orders of these words, the latest first; by nothing else, or SQLite takes another index and reads far more."""
    ours = GenerationTask.objects.of_this_site().filter(beginning=words[:BEGINNING_LENGTH], prompt_text=words)
    return list(ours.select_related("start_image", "end_image").order_by("-id"))


def _is_input_of(task: GenerationTask, order: Order, pictures: dict[str, str]) -> bool:
    """Whether it was made from the same words and pictures."""
    own = [image.sha256 if (image := getattr(task, name)) else getattr(task, f"{name}_url") for name in IMAGE_FIELDS]
    return task.negative_prompt == order.negative_prompt and own == [pictures[name] for name in IMAGE_FIELDS]


def _is_alike(task: GenerationTask, order: Order) -> bool:
    return all(getattr(task, name) == getattr(order, name) for name in SETTINGS)


def _refused(same: list[GenerationTask]) -> list[Notice]:
    task = next((task for task in same if task.status == Status.FAILED and task.error_kind in REFUSED), None)
    if task is None:
        return []
    day = date_filter(localtime(task.finished_at or task.created_at), "j M Y")
    words = " ".join(part for part in (task.error_code, task.error_message) if part) or "without a word"
    text = f"{task.provider} refused the same words and pictures on {day}: {words}"
    return [Notice("refused", text, task.pk)]


def _owned(same: list[GenerationTask], price_usd: Decimal | None) -> list[Notice]:
    stored = [task.pk for task in same if task.status == Status.STORED]
    if not stored:
        return []
    kept = Video.objects.filter(task__in=stored, review=Review.APPROVED).count()
    paid = LedgerEntry.objects.filter(task__in=stored, kind__in=[EntryKind.CHARGE, EntryKind.ADJUST])
    spent = paid.aggregate(usd=Sum("amount_usd"))["usd"]
    takes = "1 take" if len(stored) == 1 else f"{len(stored)} takes"
    another = f"costs {usd(price_usd)}" if price_usd is not None else "costs an unknown price"
    text = f"You have {takes} of this, kept {kept}, {usd(spent)}: another take {another}."
    return [Notice("owned", text, stored[-1] if len(stored) == 1 else None)]

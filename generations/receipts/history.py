"""Compare an order with earlier ones: the provider refused the same before, or we have such takes already."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.template.defaultfilters import date as date_filter
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generations.formats import usd
from generations.lifecycle.ordering import SETTINGS, OrderRequest, Upload
from generations.models import GenerationTask, LedgerEntry, ReferenceImage, Review, Status, Video
from generations.models.tasks import BEGINNING_LENGTH
from generations.providers.base import IMAGE_FIELDS, Order
from generations.providers.offers import provider_name

REFUSED = ("content", "input")  # the kinds of failure that the same input repeats


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning that does not stop an order; `task` is the task that it is about."""

    key: str
    text: str
    task: int | None = None

    def __str__(self) -> str:
        return _("{text} (task {number})").format(text=self.text, number=self.task) if self.task else self.text


def of(request: OrderRequest, *, price_usd: Decimal | None, is_minimum: bool = False) -> list[Notice]:
    """Return a notice if the same was refused before, and one for takes that we have; `price_usd` is of one take."""
    order, pictures = request.order, _pictures(request)
    another = (
        _("Another take has no known price.")
        if price_usd is None
        else _("Another take costs {price}.").format(price=usd(price_usd, is_minimum=is_minimum))
    )
    same = [task for task in _of_words(order.prompt) if _is_input_of(task, order, pictures)]
    return [*_refused(same), *_owned([task for task in same if _is_alike(task, order)], another)]


def _pictures(request: OrderRequest) -> dict[str, str]:
    """Return, by field, an image's SHA-256, or its URL if the site has no file."""
    images = {name: _sha256(image) for name, image in request.images.items()}
    return {name: images.get(name) or getattr(request.order, name) for name in IMAGE_FIELDS}


def _sha256(image: Upload | ReferenceImage) -> str:
    return image.sha256 if isinstance(image, ReferenceImage) else hashlib.sha256(image.image.content).hexdigest()


def _of_words(words: str) -> list[GenerationTask]:
    """Return orders of these words, latest first.

    Filters by nothing else, or SQLite uses another index and reads far more.
    """
    ours = GenerationTask.objects.of_this_site().filter(beginning=words[:BEGINNING_LENGTH], prompt_text=words)
    return list(ours.select_related("start_image", "end_image").order_by("-id"))


def _is_input_of(task: GenerationTask, order: Order, pictures: dict[str, str]) -> bool:
    """Return whether a task was made from the same words, images and video."""
    own = [image.sha256 if (image := getattr(task, name)) else getattr(task, f"{name}_url") for name in IMAGE_FIELDS]
    same_texts = task.negative_prompt == order.negative_prompt and task.parameters.get("video", "") == order.text(
        "video"
    )
    return same_texts and own == [pictures[name] for name in IMAGE_FIELDS]


def _is_alike(task: GenerationTask, order: Order) -> bool:
    chosen = {name: value for name, value in order.frozen().items() if name != "images"}
    same_settings = all(getattr(task, name) == getattr(order, name) for name in SETTINGS)
    return same_settings and task.parameters.items() >= chosen.items()


def _refused(same: list[GenerationTask]) -> list[Notice]:
    task = next((task for task in same if task.status == Status.FAILED and task.error_kind in REFUSED), None)
    if task is None:
        return []
    day = date_filter(localtime(task.finished_at or task.created_at), "j M Y")
    why = " ".join(part for part in (task.error_code, task.error_message) if part) or _("without giving a reason")
    words = _("{provider} refused the same words and pictures on {day}: {why}")
    text = words.format(provider=provider_name(task.provider), day=day, why=why)
    return [Notice("refused", text, task.pk)]


def _owned(same: list[GenerationTask], another: str) -> list[Notice]:
    stored = [task.pk for task in same if task.status == Status.STORED]
    if not stored:
        return []
    approved = Video.objects.filter(task__in=stored, review=Review.APPROVED).count()
    paid = LedgerEntry.objects.spent().filter(task__in=stored)
    spent = usd(paid.aggregate(usd=Sum("amount_usd"))["usd"], is_minimum=paid.at_starting_price().exists())
    words = ngettext(
        "You have {count} take of this, {approved} approved: {spent} spent. {another}",
        "You have {count} takes of this, {approved} approved: {spent} spent. {another}",
        len(stored),
    )
    text = words.format(count=len(stored), approved=approved, spent=spent, another=another)
    return [Notice("owned", text, stored[-1] if len(stored) == 1 else None)]

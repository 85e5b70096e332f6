"""Compare an order with earlier ones: the provider refused the same before, or we have such takes already."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum
from django.template.defaultfilters import date as date_filter
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generations.formats import usd
from generations.lifecycle.ordering import SETTINGS, OrderRequest, Upload
from generations.models import GenerationTask, LedgerEntry, ReferenceImage, Review, Status, Video
from generations.models.prices import Quote
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


@dataclass(frozen=True, slots=True)
class _Kept:
    """What became of a stored task: its approved clips, what was spent in USD, and whether that is the least."""

    approved: int = 0
    spent: Decimal | None = None
    is_minimum: bool = False


def of_all(asked: Sequence[tuple[OrderRequest, Quote]]) -> list[list[Notice]]:
    """Return for each request, with the quote of one take, whether the same was refused before and which takes we have.

    It takes as many queries for many requests as for one.
    """
    by_words = _of_words({request.order.prompt for request, _quote in asked})
    refused, owned = [], []
    for request, _quote in asked:
        order, pictures = request.order, _pictures(request)
        same = [task for task in by_words.get(order.prompt, ()) if _is_input_of(task, order, pictures)]
        refused.append(_refused(same))
        owned.append([task.pk for task in same if task.status == Status.STORED and _is_alike(task, order)])
    kept = _kept({pk for stored in owned for pk in stored})
    return [
        [*before, *_owned(stored, kept, quote)]
        for (_request, quote), before, stored in zip(asked, refused, owned, strict=True)
    ]


def _pictures(request: OrderRequest) -> dict[str, str]:
    """Return, by field, an image's SHA-256, or its URL if the site has no file."""
    images = {name: _sha256(image) for name, image in request.images.items()}
    return {name: images.get(name) or getattr(request.order, name) for name in IMAGE_FIELDS}


def _sha256(image: Upload | ReferenceImage) -> str:
    return image.sha256 if isinstance(image, ReferenceImage) else hashlib.sha256(image.image.content).hexdigest()


def _of_words(texts: set[str]) -> dict[str, list[GenerationTask]]:
    """Return the orders of each of these texts, latest first.

    Filters by nothing else, or SQLite uses another index and reads far more.
    """
    beginnings = {words[:BEGINNING_LENGTH] for words in texts}
    ours = GenerationTask.objects.of_this_site().filter(beginning__in=beginnings, prompt_text__in=texts)
    found: dict[str, list[GenerationTask]] = {}
    for task in ours.select_related("start_image", "end_image").order_by("-id"):
        found.setdefault(task.prompt_text, []).append(task)
    return found


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


def _kept(stored: set[int]) -> dict[int, _Kept]:
    if not stored:
        return {}
    chosen = Video.objects.filter(task__in=stored, review=Review.APPROVED).order_by().values_list("task")
    approved = dict(chosen.annotate(n=Count("pk")))
    paid = LedgerEntry.objects.spent().filter(task__in=stored).order_by()
    spent = dict(paid.values_list("task").annotate(usd=Sum("amount_usd")))
    least = set(paid.at_starting_price().values_list("task", flat=True))
    return {pk: _Kept(approved.get(pk, 0), spent.get(pk), pk in least) for pk in stored}


def _owned(stored: list[int], kept: dict[int, _Kept], quote: Quote) -> list[Notice]:
    if not stored:
        return []
    takes = [kept[pk] for pk in stored]
    known = [take.spent for take in takes if take.spent is not None]
    is_minimum = any(take.is_minimum for take in takes)
    another = _("Another take has no known price.")
    if quote.usd is not None:
        another = _("Another take costs {price}.").format(price=usd(quote.usd, is_minimum=quote.is_minimum))
    words = ngettext(
        "You have {count} take of this, {approved} approved: {spent} spent. {another}",
        "You have {count} takes of this, {approved} approved: {spent} spent. {another}",
        len(stored),
    )
    text = words.format(
        count=len(stored), approved=sum(take.approved for take in takes), another=another,
        spent=usd(sum(known, Decimal(0)) if known else None, is_minimum=is_minimum),
    )  # fmt: skip
    return [Notice("owned", text, stored[-1] if len(stored) == 1 else None)]

"""Place orders: check a request, write its tasks and holds, and cancel what was not sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from generations.lifecycle import reachability
from generations.media.images import CleanImage
from generations.models import (
    Action,
    AuditEntry,
    Batch,
    Campaign,
    DeliveryMode,
    GenerationTask,
    Person,
    Prompt,
    ReferenceImage,
    Shot,
    Status,
    TaskEvent,
)
from generations.models.prices import Quote
from generations.models.prompts import beginning
from generations.money import ledger
from generations.providers import offers
from generations.providers.base import IMAGE_FIELDS, Order

MAX_TAKES = 10_000  # of one order
MANY_TAKES = 500  # a larger order is warned about, and a terminal asks again: it may be a typing error
SETTINGS = ("provider", "model", "mode", "duration_seconds", "aspect_ratio", "sound", "cfg_scale", "route")
RETRIED_FROM = (Status.FAILED, Status.CANCELED, Status.LOST)
UPLOADED = "uploaded"  # stands for an image that gets its URL when the order is sent

Problems = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Upload:
    """A verified image that came with an order, not stored yet."""

    image: CleanImage
    name: str

    @property
    def extension(self) -> str:
        return self.image.extension


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One order of one or more takes, before anything is written.

    Without a prompt, the campaign's prompt of the same words is used, or a new one is created.
    """

    order: Order
    _: KW_ONLY
    takes: int = 1
    delivery: str = DeliveryMode.POLLING
    images: Mapping[str, Upload | ReferenceImage] = field(default_factory=dict)
    campaign: Campaign | None = None
    prompt: Prompt | None = None
    retry_of: GenerationTask | None = None
    take_of: GenerationTask | None = None
    promoted_from: GenerationTask | None = None
    replaces: GenerationTask | None = None
    continued_from: GenerationTask | None = None  # its clip has the start image
    continued_at_seconds: float | None = None  # where in that clip; set with `continued_from`
    stops_when_approved: bool = False
    template: str = ""  # the text with variables, where the order's own has their values: the prompt keeps it

    @property
    def words(self) -> tuple[str, str]:
        """The text that its prompt keeps, and the negative prompt."""
        return self.template or self.order.prompt, self.order.negative_prompt

    @property
    def with_uploads(self) -> Order:
        """The order with a word in the place of each picture that has no address yet."""
        start, end = (UPLOADED if name in self.images else getattr(self.order, name) for name in IMAGE_FIELDS)
        return self.order.with_images(start, end)


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What the batch of several clips is called, and whether one approved clip cancels all of it that still waits."""

    name: str = ""
    stops_when_approved: bool = False


UNNAMED = BatchPlan()


def problems(request: OrderRequest, *, retries: Mapping[int, int] | None = None) -> Problems:
    """Return why a request cannot be ordered, by field: the offer's rules and this site's own.

    `retries` are `retries_of` many, where many requests are checked together.
    """
    order = request.with_uploads
    wrong = offers.problems(order)
    if "provider" not in wrong and (text := reachability.key_problem(order.provider)):
        wrong["provider"] = [text]
    if text := _campaign_problem(request):
        wrong["campaign"] = [text]
    if request.retry_of and (text := retry_problem(request.retry_of, retries)):
        wrong["task"] = [text]
    if request.continued_from and "start_image" not in request.images:
        text = _("a continuation starts from a frame of the clip: choose one")
        wrong.setdefault("start_image", []).append(text)
    if request.replaces and not request.replaces.can_be_canceled:
        wrong["task"] = [was_sent(request.replaces)]
    if not 1 <= request.takes <= MAX_TAKES:
        text = _("1 to {most} at a time, not {count}")
        wrong["takes"] = [text.format(most=f"{MAX_TAKES:,}", count=f"{request.takes:,}")]
    if text := reachability.delivery_problem(order, request.delivery):
        wrong["delivery"] = [text]
    if "video" not in wrong and (text := reachability.address_problem(order.text("video"), order.provider)):
        wrong["video"] = [text]
    for name in IMAGE_FIELDS:
        extension = image.extension if (image := request.images.get(name)) else ""
        if text := reachability.picture_problem(request.order, name, extension=extension):
            wrong.setdefault(name, []).append(text)
    return wrong


def retries_of(tasks: Iterable[GenerationTask]) -> dict[int, int]:
    """Return the number of the newest retry that may still make its clip, of each of these tasks that has one."""
    rows = GenerationTask.objects.filter(retry_of__in=tasks).exclude(status__in=RETRIED_FROM)
    return {task: pk for task, pk in rows.order_by("pk").values_list("retry_of", "pk") if task}


def retry_problem(task: GenerationTask, retries: Mapping[int, int] | None = None) -> str:
    """Return why a task cannot be retried; empty when it can. Without `retries`, they are read now."""
    if task.status not in RETRIED_FROM:
        text = _("task {number} is {status}: only a failed task can be tried again")
        return text.format(number=task.pk, status=task.get_status_display().lower())
    if other := (retries_of([task]) if retries is None else retries).get(task.pk):
        return _("task {number} is its retry already").format(number=other)
    return ""


def was_sent(task: GenerationTask) -> str:
    """Say that an order can no longer be changed."""
    text = _("task {number} was sent meanwhile, or was canceled: it can no longer be changed, and stays as it is")
    return text.format(number=task.pk)


def _campaign_problem(request: OrderRequest) -> str:
    archived = request.campaign and request.campaign.archived
    text = _("{campaign} is archived and takes no new orders")
    return text.format(campaign=request.campaign) if archived else ""


def place(
    requests: Sequence[OrderRequest],
    *,
    at: datetime,
    by: Person | None = None,
    batch: uuid.UUID | None = None,
    shown: Sequence[Decimal | None] | None = None,
    plan: BatchPlan = UNNAMED,
) -> list[GenerationTask]:
    """Write the tasks of all requests with their holds, and cancel those that they replace.

    `problems` must have found the requests good. Only what others may have changed since is checked again, in the same
    transaction: retries, archived campaigns, prices and budgets. A batch that was ordered before is returned unchanged.
    `shown` is the price in USD of one take of each request, as a person confirmed it. Several clips make a batch, but
    for those that are ordered again: they join theirs.

    Raises: ValidationError at `task`, `campaign`, `price` or `budget`, with nothing written.
    """
    batch = batch or uuid.uuid4()
    # Several requests are not takes of one order.
    batches = [batch] if len(requests) == 1 else [uuid.uuid5(batch, str(n)) for n in range(len(requests))]
    try:
        with transaction.atomic():
            retried = [request.retry_of.pk for request in requests if request.retry_of]
            locked = list(GenerationTask.objects.select_for_update().filter(pk__in=retried).order_by("pk"))
            if before := _ordered_before(batches):
                return before
            _refuse_changes(requests, locked)
            _cancel_replaced(requests, at=at, by=by)
            quotes = [ledger.estimate(request.order, at=at) for request in requests]
            if shown is not None and [quote.usd for quote in quotes] != list(shown):
                raise ValidationError({"price": [_("The price has just changed. Order again.")]})
            order_batches = _order_batches(requests, plan, at=at, by=by)
            return _write(requests, quotes, batches, order_batches, at=at, by=by)
    except IntegrityError:
        if before := _ordered_before(batches):
            return before
        raise


def _ordered_before(batches: list[uuid.UUID]) -> list[GenerationTask]:
    return list(GenerationTask.objects.filter(batch__in=batches).order_by("pk"))


def _refuse_changes(requests: Sequence[OrderRequest], retried: list[GenerationTask]) -> None:
    """Check that no task was retried and no campaign archived meanwhile. Raises: ValidationError."""
    for task in retried:
        if text := retry_problem(task):
            raise ValidationError({"task": [text]})
    for request in requests:
        if text := _campaign_problem(request):
            raise ValidationError({"campaign": [text]})


def _cancel_replaced(requests: Sequence[OrderRequest], *, at: datetime, by: Person | None) -> None:
    """Cancel the waiting orders that these stand in for, which frees their money. Raises: ValidationError."""
    for task in {request.replaces.pk: request.replaces for request in requests if request.replaces}.values():
        if not cancel(task, at=at, by=by, why="canceled before it was sent, for the order that it was changed into"):
            raise ValidationError({"task": [was_sent(task)]})


def _write(
    requests: Sequence[OrderRequest],
    quotes: list[Quote],
    batches: list[uuid.UUID],
    order_batches: list[Batch | None],
    *,
    at: datetime,
    by: Person | None,
) -> list[GenerationTask]:
    """Write tasks, first events and holds."""
    tasks = []
    for request, quote, batch, order_batch in zip(requests, quotes, batches, order_batches, strict=True):
        tasks += _tasks(request, quote, order_batch, batch=batch, at=at, by=by)
    TaskEvent.objects.bulk_create(
        TaskEvent(task=task, at=at, by=by, was=Status.QUEUED, now=Status.QUEUED, reason=_why(task)) for task in tasks
    )
    ledger.hold_all(tasks, at=at, by=by)
    known = [task.price_usd for task in tasks if task.price_usd is not None]
    made = next(iter(filter(None, order_batches)), tasks[0])
    clips = "1 clip" if len(tasks) == 1 else f"{len(tasks)} clips, tasks {tasks[0].pk} to {tasks[-1].pk}"
    total = sum(known, Decimal(0)) if known else None
    AuditEntry.objects.record(Action.ORDERED, made, clips, at=at, by=by, amount_usd=total)
    return tasks


def _why(task: GenerationTask) -> str:
    return f"ordered in the place of task {task.replaces_id}, which was changed" if task.replaces_id else "ordered"


def _order_batches(
    requests: Sequence[OrderRequest], plan: BatchPlan, *, at: datetime, by: Person | None
) -> list[Batch | None]:
    """Return the batch of each request: that of the task that is ordered again, or a new one for several clips."""
    again = [request.retry_of or request.replaces for request in requests]
    joined = Batch.objects.in_bulk({task.order_batch_id for task in again if task and task.order_batch_id})
    own = [joined.get(task.order_batch_id) if task and task.order_batch_id else None for task in again]
    new = [request for request, batch in zip(requests, own, strict=True) if batch is None]
    if sum(request.takes for request in new) < 2:
        return list(own)
    name = plan.name or beginning(new[0].order.prompt) or offers.title(new[0].order)
    made = Batch.objects.create(name=name, stops_when_approved=plan.stops_when_approved, created_at=at, by=by)
    return [batch or made for batch in own]


def _tasks(
    request: OrderRequest,
    quote: Quote,
    order_batch: Batch | None,
    *,
    batch: uuid.UUID,
    at: datetime,
    by: Person | None,
) -> list[GenerationTask]:
    order = request.order
    images = {name: stored(image) for name, image in request.images.items()}
    columns = {
        **{name: getattr(order, name) for name in SETTINGS},
        **{f"{name}_url": "" if name in images else getattr(order, name) for name in IMAGE_FIELDS},
        **images,
        "campaign": request.campaign,
        "prompt": request.prompt or _prompt_of(request, at=at, by=by),
        "parameters": {name: value for name, value in order.frozen().items() if name != "images"},
        "prompt_text": order.prompt,
        "negative_prompt": order.negative_prompt,
        "delivery": request.delivery,
        "shot": _shot_of(request),
        "retry_of": request.retry_of,
        "promoted_from": request.promoted_from,
        "replaces": request.replaces,
        "order_batch": order_batch,
        "continued_from": request.continued_from,
        "continued_at_seconds": request.continued_at_seconds,
        "stops_when_approved": request.stops_when_approved,
        "practice": settings.PRACTICE,
        "price_usd": quote.usd,
        "price_is_minimum": quote.is_minimum,
        "batch": batch,
        "ordered_by": by,
        "created_at": at,
        "due_at": at,
    }
    return GenerationTask.objects.bulk_create(
        GenerationTask(**columns, take=take) for take in range(1, request.takes + 1)
    )


def _shot_of(request: OrderRequest) -> Shot:
    """Return the shot of the task that is retried or taken once more, or a new one."""
    earlier = request.retry_of or request.take_of
    return earlier.shot if earlier else Shot.objects.create()


def stored(image: Upload | ReferenceImage) -> ReferenceImage:
    """Return the row of a request's image; store an upload. Raises: OSError when the disk refuses it."""
    return image if isinstance(image, ReferenceImage) else ReferenceImage.store(image.image, name=image.name)


def _prompt_of(request: OrderRequest, *, at: datetime, by: Person | None) -> Prompt:
    """Return the campaign's prompt of the same words, or a new one."""
    order = request.order
    title = "" if order.prompt.strip() else offers.title(order)  # an order without words is named after what makes it
    text, unwanted = request.words
    words = {"text": text, "negative_prompt": unwanted, "campaign": request.campaign}
    words |= {"title": title} if title else {}
    if same := Prompt.objects.filter(**words).order_by("archived", "-id").first():
        return same
    prompt = Prompt.objects.create(**words, created_by=by)
    prompt.keep(at=at, by=by)
    return prompt


def cancel(task: GenerationTask, *, at: datetime, by: Person | None, why: str = "canceled before it was sent") -> bool:
    """Cancel an order that was not sent; return False when it was sent or may have been accepted."""
    with transaction.atomic():
        # Read again: it may have been sent meanwhile, and wait again with an unknown outcome.
        task.refresh_from_db(from_queryset=GenerationTask.objects.select_for_update())
        if not task.can_be_canceled:
            return False
        moved = task.move(Status.CANCELED, f"{why}; nothing was charged", at=at, by=by)
        if moved:
            ledger.release(task, at=at, by=by, note=why)
            AuditEntry.objects.record(
                Action.CANCELED, task, why, at=at, by=by, amount_usd=task.price_usd, practice=task.practice
            )
    return moved

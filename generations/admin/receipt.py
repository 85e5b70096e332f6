"""The receipt page: what an order costs, warnings and problems, and the confirmation that places it.

A form that is posted leads to its receipt at an address of its own, which the session keeps as it was shown.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from generations import clock
from generations.admin import navigation, prices
from generations.admin.base import keeping, person_of
from generations.admin.task_actions import may_order, of_practice
from generations.formats import as_price, usd
from generations.lifecycle import continuing, ordering
from generations.lifecycle.ordering import MANY_TAKES, BatchPlan, OrderRequest
from generations.models import GenerationTask, ReferenceImage
from generations.money.budgets import Outlook
from generations.providers import offers
from generations.providers.base import IMAGE_FIELDS, Order
from generations.providers.words import label
from generations.receipts import preflight, signed
from generations.receipts.preflight import Line, Receipt
from generations.receipts.signed import NotAccepted

FIELD = "receipt"  # of the form: the signed receipt
SURE = "sure"  # of the form: the tick under an order of very many clips
NOT_OF_THE_FORM = (FIELD, SURE, "csrfmiddlewaretoken")
KEPT, MOST_KEPT, MOST_LINES = "receipts", 20, 400  # of a session: what its newest receipts show, by batch
LIST = "admin:generations_generationtask_changelist"
NOTHING = _("Nothing was ordered. Nothing was charged.")
PICTURES = {"start_image": _("Start image"), "end_image": _("End image")}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidAction:
    """A button that costs money: what it orders, and the texts of its receipt page.

    `hidden` are the form fields that repeat the request.
    """

    title: str
    requests: list[OrderRequest]
    batch: uuid.UUID
    back: list[tuple[str, str]]
    change_url: str = ""  # empty where the posted form is changed: it is filled in from the receipt
    leave_url: str = ""
    hidden: list[tuple[str, str]]
    spend_at_most: Decimal | None = None
    note: str = ""
    plan: BatchPlan = field(default_factory=BatchPlan)


@dataclass(frozen=True, slots=True)
class Refused:
    """A confirmation that ordered nothing: why, its batch, and what the person had seen."""

    why: list[str]
    batch: uuid.UUID | None = None
    seen: dict[str, Any] | None = None


def confirm(request: HttpRequest, *, filters: str = "") -> HttpResponse | Refused | None:
    """Place what the request's signed receipt says; None when it carries no receipt.

    `filters` are those of the list of tasks that it came from, to which one comes back.
    """
    if FIELD not in request.POST:
        return None
    at, by = clock.now(), person_of(request)
    fields = [
        (name, str(value)) for name, values in request.POST.lists() if name not in NOT_OF_THE_FORM for value in values
    ]
    form = signed.digest(request.path, fields)
    try:
        receipt = signed.read(request.POST[FIELD], by=by, form=form, at=at)
    except NotAccepted as error:
        return Refused([str(error)], error.batch)
    clips_asked = sum(asked.takes for asked in receipt.requests)
    if clips_asked > MANY_TAKES and SURE not in request.POST:
        why = gettext("These are {n} clips. Tick the box beside the button to order so many.")
        return Refused([why.format(n=f"{clips_asked:,}")], receipt.batch, receipt.seen)
    try:
        tasks = ordering.place(
            receipt.requests, at=at, by=by, batch=receipt.batch, shown=receipt.prices, plan=receipt.plan
        )
    except ValidationError as error:
        return Refused(error.messages, receipt.batch, receipt.seen)
    _tell(request, tasks, is_new=tasks[0].created_at == at)
    filters = filters or request.GET.get("_changelist_filters", "")
    url = _url(tasks, filters)
    if shown := kept(request, receipt.batch):
        shown["ordered"] = url
        request.session.modified = True
    if filters and "?id__in=" in url:  # a list shows one or the other: what was ordered, or what its filters leave
        see = ngettext("See the task", "See the tasks", len(tasks))
        messages.info(request, format_html('<a href="{}">{}</a>', url, see))
        return redirect(f"{reverse(LIST)}?{filters}")
    return redirect(url)


def inspect(request: HttpRequest, action: PaidAction) -> Receipt:
    by, at = person_of(request), clock.now()
    return preflight.inspect(action.requests, by=by, at=at, spend_at_most=action.spend_at_most)


def show(request: HttpRequest, action: PaidAction, receipt: Receipt, refused: Refused | None = None) -> HttpResponse:
    """Lead to a receipt and, after a confirmation that ordered nothing, why; one with problems cannot be confirmed."""
    form, at = signed.digest(request.path, action.hidden), clock.now()
    batch = (refused and refused.batch) or action.batch
    token = signed.sign(receipt, by=person_of(request), form=form, batch=batch, at=at, plan=action.plan)
    shown = {
        "title": action.title,
        "at": at.timestamp(),
        "form_url": request.get_full_path(),
        "hidden": action.hidden,
        "back": action.back,
        "leave_url": action.leave_url,
        "change_url": action.change_url or f"{request.path}?{FIELD}={batch}",
        "note": action.note,
        "takes": receipt.takes,
        "trimmed": receipt.trimmed.text if receipt.trimmed else "",
        "balances": receipt.balances,
        "lines": [_words(request, line) for line in (*receipt.lines, *receipt.left_out)],
        "many": len(action.requests) > 1,
        "numbered": not any(asked.retry_of for asked in action.requests),
        "stops_batch": action.plan.stops_when_approved and receipt.takes > 1,
        "stops_when_approved": any(asked.stops_when_approved for asked in action.requests),
        "problems": [text for texts in receipt.problems.values() for text in texts],
        "notices": [(notice.text, notice.task, _task_url(notice.task)) for notice in receipt.all_notices],
        "budgets": [_budget(outlook) for outlook in receipt.outlooks],
        "total": total(receipt),
        "is_minimum": receipt.is_minimum,
        "button": _button(receipt),
        "sure": _sure(receipt),
        "token": "" if receipt.problems else token,
        "why": _why(refused, receipt) if refused else [],
        "practice": settings.PRACTICE,
    }
    _keep(request, batch, shown)
    return redirect("admin:generations_receipt", batch)


@require_safe
def page(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Show a receipt as it was made, without its button once confirmed or after an hour.

    Raises: PermissionDenied without the right to order, Http404 for a receipt of another session.
    """
    if not may_order(request):
        raise PermissionDenied
    shown = kept(request, batch)
    if shown is None:
        raise Http404("This receipt is not one of this session")
    too_old = clock.now().timestamp() > shown["at"] + signed.MAX_AGE.total_seconds()
    came_from = urlsplit(shown["back"][0][1]).path  # the sidebar marks where the order began
    sections = navigation.sections(request, below=came_from)
    context = {**admin.site.each_context(request), "sections": sections, **shown, "too_old": too_old}
    return render(request, "admin/generations/receipt.html", context)


def kept(request: HttpRequest, batch: object) -> dict[str, Any] | None:
    """Return what a receipt of this session showed, and whether it was ordered; None if it has no such receipt."""
    receipts: dict[str, Any] = request.session.get(KEPT, {})
    return receipts.get(str(batch))


def _keep(request: HttpRequest, batch: uuid.UUID, shown: dict[str, Any]) -> None:
    """Keep what a receipt shows in the session, in the place of the oldest ones."""
    others = {key: value for key, value in request.session.get(KEPT, {}).items() if key != str(batch)}
    newest = [*others.items(), (str(batch), shown)][-MOST_KEPT:]
    while len(newest) > 1 and sum(len(each["lines"]) for _, each in newest) > MOST_LINES:
        newest.pop(0)
    request.session[KEPT] = dict(newest)


def _button(receipt: Receipt) -> str:
    text = ngettext("Order {n} clip, {total}", "Order {n} clips, {total}", receipt.takes)
    return text.format(n=receipt.takes, total=total(receipt))


def _sure(receipt: Receipt) -> str:
    """Return what a person must tick before so many clips are ordered; empty for a usual number."""
    if receipt.takes <= MANY_TAKES:
        return ""
    return gettext("Yes, order {n} clips, {total}").format(n=f"{receipt.takes:,}", total=total(receipt))


def _why(refused: Refused, receipt: Receipt) -> list[str]:
    return (signed.changes(refused.seen, receipt) if refused.seen else []) or refused.why


def clips(number: int) -> str:
    return ngettext("{n} clip", "{n} clips", number).format(n=number)


def total(receipt: Receipt) -> str:
    """Return the sum as text, `$1.05`, and the number of clips of unknown price that it leaves out."""
    if not receipt.unpriced:
        return as_price(receipt.known_usd, is_minimum=receipt.is_minimum)
    if receipt.unpriced == receipt.takes:
        return usd(None)
    known = as_price(receipt.known_usd, is_minimum=receipt.is_minimum)
    text = ngettext("{sum} and {n} of unknown price", "{sum} and {n} of unknown price", receipt.unpriced)
    return text.format(sum=known, n=receipt.unpriced)


def _words(request: HttpRequest, line: Line) -> dict[str, Any]:
    """Return a line of the receipt as the page shows it."""
    order = line.request.order
    names = [offers.provider_name(order.provider), offers.model_name(order.model), offers.mode_name(order.mode)]
    facts = [*names, *offers.facts(order)]
    many = line.takes > 1 and line.price_usd
    sum_words = f"{usd(line.price_usd, is_minimum=line.is_minimum)} × {line.takes}" if many else ""
    return {
        "task": str(line.request.retry_of or ""),
        "task_url": line.request.retry_of.get_absolute_url() if line.request.retry_of else "",
        "number": line.number or "",
        "takes": line.takes or "",
        "prompt": order.prompt,
        "continues": continuing.words(line.request),
        "continues_url": line.request.continued_from.get_absolute_url() if line.request.continued_from else "",
        "facts": ", ".join(facts),
        "negative_prompt": order.negative_prompt,
        "inputs": [*_pictures(line.request), *_texts(order)],
        "sum": sum_words,
        "total": as_price(line.total_usd, is_minimum=line.is_minimum),
        "add_price": prices.add_url(request, order) if line.price_usd is None else "",
        "campaign": str(line.request.campaign or ""),
        "problems": [_named(name, text) for name, texts in line.problems.items() for text in texts],
    }


def _named(field: str, problem: str) -> str:
    """Return why a line is left out; among several lines no field stands beside it."""
    is_missing = problem == gettext("is required")
    return gettext("{field} is required").format(field=label(field)) if is_missing else problem


def _pictures(asked: OrderRequest) -> Iterator[dict[str, str]]:
    """Yield the name of each picture, and its stored file or its address."""
    for name in IMAGE_FIELDS:
        image, words = asked.images.get(name), str(PICTURES[name])
        if isinstance(image, ReferenceImage):
            yield {"name": words, "file": image.file.url, "text": ""}
        elif address := getattr(asked.order, name):
            yield {"name": words, "file": "", "text": address}


def _texts(order: Order) -> Iterator[dict[str, str]]:
    """Yield the other texts of an order, such as the address of its video, by their names."""
    for name in offers.texts(order):
        if name not in ("prompt", "negative_prompt"):
            yield {"name": label(name), "file": "", "text": order.text(name)}


def _budget(outlook: Outlook) -> dict[str, Any]:
    """Return the four numbers of a budget, and what this order leaves of it."""
    after = None if outlook.numbers.estimated is None else outlook.period.remaining_usd - outlook.numbers.estimated
    return {
        "name": str(outlook.period),
        "hard": outlook.period.hard,
        "numbers": outlook.numbers.named(),
        "after": usd(after),
        "refused": bool(outlook.refusal),
        "passed": after is not None and after < 0,
    }


def _task_url(pk: int | None) -> str:
    return reverse("admin:generations_generationtask_change", args=[pk]) if pk else ""


def _tell(request: HttpRequest, tasks: list[GenerationTask], *, is_new: bool) -> None:
    one = len(tasks) == 1
    if is_new:
        text = ngettext("{n} clip ordered.", "{n} clips ordered.", len(tasks))
        text = gettext("1 clip ordered as task {task}.") if one else text
        messages.success(request, f"{text.format(n=len(tasks), task=tasks[0].pk)} {reserved(tasks)}.")
    else:
        text = gettext("This receipt was confirmed before and its order stands: nothing was ordered twice.")
        if one:
            text = gettext(
                "This receipt was confirmed before and its order stands as task {task}: nothing was ordered twice."
            )
        messages.warning(request, text.format(task=tasks[0].pk))


def _url(tasks: list[GenerationTask], filters: str) -> str:
    """Return the address of the task that was ordered, of the batch of all of them, or of their list."""
    if len(tasks) == 1:
        return f"{tasks[0].get_absolute_url()}{keeping(filters)}"
    found = {task.order_batch for task in tasks}
    if len(found) == 1 and (batch := found.pop()):
        return f"{batch.get_absolute_url()}{keeping(filters)}"
    which = ",".join(str(task.pk) for task in tasks)
    return f"{reverse(LIST)}?id__in={which}"


def reserved(tasks: list[GenerationTask]) -> str:
    """Say what is reserved for tasks that were ordered together: `$0.70 reserved`."""
    known = [task.price_usd for task in tasks if task.price_usd is not None]
    unknown, practice = len(tasks) - len(known), tasks[0].practice
    money = of_practice(tasks[0], usd(sum(known, Decimal(0))))
    if not unknown:
        text = gettext("{money} reserved")
        if any(task.price_is_minimum for task in tasks):
            text = ngettext(
                "{money} reserved; the clip may cost more", "{money} reserved; the clips may cost more", len(tasks)
            )
    elif not known:
        text = gettext("The price is unknown: what it costs will show in the provider's balance")
        if practice:
            text = gettext("The price is unknown; practice costs no real money")
    elif practice:
        text = gettext("{money} reserved; the price of {n} is unknown; practice costs no real money")
    else:
        text = gettext(
            "{money} reserved; the price of {n} is unknown: what it costs will show in the provider's balance"
        )
    return text.format(money=money, n=unknown)

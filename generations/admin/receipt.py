"""The receipt page: what a press would cost and what stands against it, and the only way from there to an order."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from generations import clock
from generations.formats import usd
from generations.lifecycle.ordering import OrderRefused, Problems, ordered_before
from generations.models import GenerationTask
from generations.money.budgets import Outlook
from generations.receipts import signed
from generations.receipts.preflight import Changed, Line, OrderRequest, Receipt, inspect_all, place
from generations.receipts.signed import NotAccepted

FIELD = "receipt"  # of the form: the signed statement
NOTHING = "Nothing was ordered. Nothing was charged."


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidAction:
    """A button that costs money: what it asks for, how that is ordered, and what its page says around it.

    `hidden` are the fields that ask for the same again; `batches` are the orders that one press makes of a batch.
    """

    title: str
    door: str
    wishes: list[OrderRequest]
    order: Callable[[Receipt, uuid.UUID, datetime], list[GenerationTask]]
    batches: Callable[[uuid.UUID], list[uuid.UUID]] = lambda batch: [batch]
    batch: uuid.UUID
    back: list[tuple[str, str]]
    change_url: str = ""  # empty where the form's own fields are changed
    leave_url: str = ""
    hidden: list[tuple[str, str]]
    spend_at_most: Decimal | None = None
    stops_when_approved: bool = False
    note: str = ""
    on_problems: Callable[[Problems], HttpResponse] | None = None

    @property
    def what(self) -> str:
        most = str(self.spend_at_most or "")
        return signed.digest(self.door, self.wishes, most=most, stops=self.stops_when_approved)

    def inspect(self, request: HttpRequest, at: datetime) -> Receipt:
        return inspect_all(self.wishes, by=request.user, at=at, spend_at_most=self.spend_at_most)


def answer(request: HttpRequest, press: PaidAction) -> HttpResponse:
    """Show the receipt of a press; order what it says when it comes back confirmed, and nothing else has changed."""
    at = clock.now()
    if FIELD not in request.POST:
        receipt = press.inspect(request, at)
        if receipt.problems and press.on_problems:
            return press.on_problems(receipt.problems)
        return _show(request, press, receipt, batch=press.batch, at=at)
    try:
        statement = signed.read(request.POST[FIELD], by=request.user, what=press.what, at=at)
    except NotAccepted as error:
        receipt, batch = press.inspect(request, at), error.batch or press.batch
        return _show(request, press, receipt, batch=batch, at=at, why=[str(error)])
    if before := ordered_before(*press.batches(statement.batch)):
        return _ordered_before(request, before)
    return _confirmed(request, press, statement, at=at)


def _confirmed(
    request: HttpRequest, press: PaidAction, statement: signed.SignedReceipt, *, at: datetime
) -> HttpResponse:
    receipt = press.inspect(request, at)
    why = signed.changes(statement.seen, receipt)
    if not why:
        try:
            tasks = place(receipt, lambda: press.order(receipt, statement.batch, at), at=at)
        except (OrderRefused, Changed):  # someone was first, within the last moment: look once more
            at = clock.now()
            receipt = press.inspect(request, at)
            why = signed.changes(statement.seen, receipt) or ["Something changed while this was ordered."]
        else:
            return _ordered(request, tasks) if tasks[0].created_at == at else _ordered_before(request, tasks)
    return _show(request, press, receipt, batch=statement.batch, at=at, why=why)


def _show(
    request: HttpRequest,
    press: PaidAction,
    receipt: Receipt,
    *,
    batch: uuid.UUID,
    at: datetime,
    why: list[str] | None = None,
) -> HttpResponse:
    token = signed.sign(receipt, by=request.user, what=press.what, batch=batch, at=at)
    context = {
        **admin.site.each_context(request),
        "title": press.title,
        "press": press,
        "receipt": receipt,
        "lines": [_words(line) for line in (*receipt.lines, *receipt.left_out)],
        "many": len(press.wishes) > 1,
        "problems": [text for texts in receipt.problems.values() for text in texts],
        "remarks": [(remark, _task_url(remark.task)) for remark in receipt.all_remarks],
        "budgets": [_budget(look) for look in receipt.outlooks],
        "total": total(receipt),
        "button": f"Order {clips(receipt.takes)}, {total(receipt)}",
        "token": token,
        "why": why or [],
        "practice": settings.PRACTICE,
    }
    return render(request, "admin/generations/receipt.html", context)


def clips(number: int) -> str:
    return "1 clip" if number == 1 else f"{number} clips"


def total(receipt: Receipt) -> str:
    """`$1.05`; what is not known is never left out of a sum without a word."""
    if not receipt.unpriced:
        return usd(receipt.known_usd)
    if receipt.unpriced == receipt.takes:
        return usd(None)
    return f"{usd(receipt.known_usd)} and {receipt.unpriced} of unknown price"


def _words(line: Line) -> dict[str, Any]:
    """A line of the receipt as the page shows it."""
    order = line.wish.order
    facts = [order.provider, order.model, order.mode, f"{order.duration_seconds} s", order.aspect_ratio]
    facts.append({True: "with sound", False: "silent", None: ""}[order.sound])
    sum_words = f"{usd(line.price_usd)} × {line.takes}" if line.takes > 1 and line.price_usd is not None else ""
    return {
        "task": line.wish.again,
        "prompt": order.prompt,
        "facts": ", ".join(fact for fact in facts if fact),
        "sum": sum_words,
        "total": usd(line.total_usd),
        "campaign": line.wish.campaign,
        "problems": [text for texts in line.problems.values() for text in texts],
    }


def _budget(look: Outlook) -> dict[str, Any]:
    """The four numbers of a budget, and what this order leaves of it."""
    after = None if look.numbers.estimated is None else look.period.remaining_usd - look.numbers.estimated
    return {
        "period": look.period,
        "numbers": look.numbers.named(),
        "after": usd(after) if after is not None else "unknown: price unavailable",
        "refused": bool(look.refusal),
        "passed": after is not None and after < 0,
    }


def _task_url(pk: int | None) -> str:
    return reverse("admin:generations_generationtask_change", args=[pk]) if pk else ""


def _ordered(request: HttpRequest, tasks: list[GenerationTask]) -> HttpResponse:
    name = f" as task {tasks[0].pk}" if len(tasks) == 1 else ""
    messages.success(request, f"{clips(len(tasks))} ordered{name}. {reserved(tasks)}.")
    return _go(tasks)


def _ordered_before(request: HttpRequest, tasks: list[GenerationTask]) -> HttpResponse:
    name = f" as task {tasks[0].pk}" if len(tasks) == 1 else ""
    text = f"This receipt was confirmed before and its order stands{name}: nothing was ordered twice."
    messages.warning(request, text)
    return _go(tasks)


def _go(tasks: list[GenerationTask]) -> HttpResponse:
    if len(tasks) == 1:
        return redirect(tasks[0])
    batches = {task.batch for task in tasks}
    which = f"batch={tasks[0].batch}" if len(batches) == 1 else "id__in=" + ",".join(str(task.pk) for task in tasks)
    return redirect(f"{reverse('admin:generations_generationtask_changelist')}?{which}")


def reserved(tasks: list[GenerationTask]) -> str:
    """`$0.70 reserved`: what is held now for tasks that were ordered together."""
    known = [task.price_usd for task in tasks if task.price_usd is not None]
    mark = " of practice money" if tasks[0].practice else ""
    held = f"{usd(sum(known, Decimal(0)))}{mark} reserved"
    if len(known) == len(tasks):
        return held
    unknown = (
        "The price is unavailable" if not known else f"{held}; the price of {len(tasks) - len(known)} is unavailable"
    )
    if tasks[0].practice:
        return f"{unknown}; practice costs no real money"
    return f"{unknown}: what it costs will show in the provider's balance"

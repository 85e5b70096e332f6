"""Orders of what was ordered before: try one again, or many; another take. Each shows its receipt first."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from generations import clock
from generations.admin import receipt, task_actions
from generations.admin.receipt import PaidAction
from generations.formats import usd
from generations.lifecycle import retries
from generations.lifecycle.retries import Promotion
from generations.models import GenerationTask
from generations.receipts.preflight import OrderRequest, Receipt

Person = AbstractBaseUser | AnonymousUser


def wish(task: GenerationTask, *, again: bool) -> OrderRequest:
    """The same order once more."""
    return OrderRequest(
        order=retries.order_of(task),
        delivery=task.delivery,
        images=retries.pictures_of(task),
        campaign=task.campaign,
        again=task if again else None,
    )


def again(tasks: list[GenerationTask], *, by: Person, hidden: list[tuple[str, str]]) -> PaidAction:
    """Try failed ones again: all that the receipt names, or none."""

    def order(of: Receipt, batch: uuid.UUID, at: datetime) -> list[GenerationTask]:
        chosen = [line.wish.again for line in of.lines if line.wish.again]
        return retries.try_all_again(chosen, at=at, by=by, batch=batch)

    one = tasks[0] if len(tasks) == 1 else None
    return PaidAction(
        title=f"Receipt: {one} again" if one else f"Receipt: {len(tasks)} tasks again",
        door="again",
        wishes=[wish(task, again=True) for task in tasks],
        order=order,
        batches=lambda batch: [retries.batch_of(batch, task) for task in tasks],
        batch=uuid.uuid4(),
        back=_back(one),
        change_url=_like(one) if one else "",
        leave_url="" if one else reverse("admin:generations_generationtask_changelist"),
        hidden=hidden,
    )


def take(task: GenerationTask, *, by: Person) -> PaidAction:
    """One more clip with the very same settings."""

    def order(of: Receipt, batch: uuid.UUID, at: datetime) -> list[GenerationTask]:
        return [retries.another_take(task, at=at, by=by, batch=batch)]

    return PaidAction(
        title=f"Receipt: another take of {task}",
        door=f"take {task.pk}",
        wishes=[wish(task, again=False)],
        order=order,
        batch=uuid.uuid4(),
        back=_back(task),
        change_url=_like(task),
        hidden=[],
    )


class PromoteForm(forms.Form):
    """Which dearer mode; a page that is older than the prices names one that is gone."""

    to = forms.ChoiceField(label="The dearer mode")

    def __init__(self, ways: list[Promotion], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ways = {f"{way.order.model} {way.order.mode}": way for way in ways}
        choices = [(name, f"{name}: {usd(way.price)}{_more(way)}") for name, way in self.ways.items()]
        cast(forms.ChoiceField, self.fields["to"]).choices = choices


def promote(task: GenerationTask, way: Promotion, *, by: Person) -> PaidAction:
    """The same prompt and frames on a dearer mode."""

    def order(of: Receipt, batch: uuid.UUID, at: datetime) -> list[GenerationTask]:
        return [retries.promote(task, model=way.order.model, mode=way.order.mode, at=at, by=by, batch=batch)]

    more = f": {usd(way.more)} more than {task} cost" if way.more is not None else ""
    return PaidAction(
        title=f"Receipt: {task} promoted",
        door=f"promote {task.pk}",
        wishes=[replace(wish(task, again=False), order=way.order)],
        order=order,
        batch=uuid.uuid4(),
        back=_back(task),
        change_url=_like(task),
        hidden=[("to", f"{way.order.model} {way.order.mode}")],
        note=f"The prompt and the frames of {task}, on a dearer mode{more}.",
    )


def _promoted(request: HttpRequest, task: GenerationTask) -> PaidAction | None:
    form = PromoteForm(retries.promotions(task, at=clock.now()), request.POST)
    return promote(task, form.ways[form.cleaned_data["to"]], by=request.user) if form.is_valid() else None


PRESSES: dict[str, Callable[[HttpRequest, GenerationTask], PaidAction | None]] = {
    "again": lambda request, task: again([task], by=request.user, hidden=[]),
    "take": lambda request, task: take(task, by=request.user),
    "promote": _promoted,
}


@require_POST
def door(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The URL of each of a task's paid buttons: first the receipt, then the order, by POST only."""
    if not task_actions.may_order(request):
        raise PermissionDenied
    task = get_object_or_404(GenerationTask, pk=pk)
    press = PRESSES[name](request, task)
    if press is None:
        messages.error(request, f"That is no dearer mode for {task} any more. {receipt.NOTHING}")
        return redirect(task)
    return receipt.answer(request, press)


def _more(way: Promotion) -> str:
    return "" if way.more is None else f", {usd(way.more)} more"


def _back(task: GenerationTask | None) -> list[tuple[str, str]]:
    tasks = ("Tasks", reverse("admin:generations_generationtask_changelist"))
    return [tasks, (str(task), task.get_absolute_url())] if task else [tasks]


def _like(task: GenerationTask) -> str:
    return f"{reverse('admin:generations_prompt_generate', args=[task.prompt_id])}?like={task.pk}"

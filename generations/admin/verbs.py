"""What a person can do to a task: each door calls one verb of the lifecycle and says what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from generations import ordering, submitting, watching
from generations.formats import usd
from generations.models import GenerationTask
from generations.ordering import OrderRefused
from generations.submitting import NotAnId

TOO_LATE = "Task {} has moved on: someone, or the worker, was first. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a verb: a message, its level, and the task to go to."""

    level: int
    text: str
    task: GenerationTask


class ConfirmForm(forms.Form):
    """The provider's id of an order whose answer was lost."""

    remote_id = forms.CharField(
        label="The provider's task id",
        widget=forms.TextInput(attrs={"pattern": r"[A-Za-z0-9_.\-]{1,200}", "maxlength": 200, "autocomplete": "off"}),
    )


class AbandonForm(forms.Form):
    """How a person knows that nothing was accepted."""

    why = forms.CharField(
        label="How do you know?",
        max_length=250,
        widget=forms.TextInput(attrs={"placeholder": "not in the provider's list of tasks", "autocomplete": "off"}),
    )


class TakeForm(forms.Form):
    """One press of "Another take": sent twice, it orders once."""

    batch = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


def of_practice(task: GenerationTask) -> str:
    return " of practice money" if task.practice else ""


def cancel(request: HttpRequest, task: GenerationTask) -> Said:
    if not ordering.cancel(task, at=timezone.now(), by=request.user):
        return Said(messages.WARNING, TOO_LATE.format(task.pk), task)
    freed = f"{usd(task.price_usd)}{of_practice(task)} is free again" if task.price_usd is not None else "It is free"
    return Said(messages.SUCCESS, f"Task {task.pk} is canceled. {freed}; nothing was charged.", task)


def poll(request: HttpRequest, task: GenerationTask) -> Said:
    if not watching.poke(task, at=timezone.now(), by=request.user):
        return Said(messages.WARNING, TOO_LATE.format(task.pk), task)
    return Said(messages.SUCCESS, f"Task {task.pk} is looked at now.", task)


def again(request: HttpRequest, task: GenerationTask) -> Said:
    return _ordered(task, lambda: ordering.try_again(task, at=timezone.now(), by=request.user))


def take(request: HttpRequest, task: GenerationTask) -> Said:
    form = TakeForm(request.POST)
    batch = form.cleaned_data["batch"] if form.is_valid() else None
    at = timezone.now()
    said = _ordered(task, lambda: ordering.another_take(task, at=at, by=request.user, batch=batch))
    if said.level == messages.SUCCESS and not is_new(said.task, at=at):
        text = f"This was ordered before, as task {said.task.pk}: nothing was ordered twice."
        return Said(messages.WARNING, text, said.task)
    return said


def confirm(request: HttpRequest, task: GenerationTask) -> Said:
    form = ConfirmForm(request.POST)
    remote_id = form.cleaned_data["remote_id"] if form.is_valid() else ""
    try:
        done = submitting.confirm(task, remote_id, at=timezone.now(), by=request.user)
    except NotAnId as error:
        return Said(messages.ERROR, f"The id was not attached: {error}. Nothing was changed.", task)
    if not done:
        return Said(messages.WARNING, TOO_LATE.format(task.pk), task)
    return Said(messages.SUCCESS, f"Task {task.pk} is {remote_id} at {task.provider}; the next look proves it.", task)


def abandon(request: HttpRequest, task: GenerationTask) -> Said:
    form = AbandonForm(request.POST)
    if not form.is_valid():
        return Said(messages.ERROR, f"A reason is needed: {_first_error(form)}. Nothing was changed.", task)
    if not submitting.abandon(task, form.cleaned_data["why"], at=timezone.now(), by=request.user):
        return Said(messages.WARNING, TOO_LATE.format(task.pk), task)
    return Said(messages.SUCCESS, f"Task {task.pk} is closed as not accepted; what it held is free again.", task)


VERBS: dict[str, Callable[[HttpRequest, GenerationTask], Said]] = {
    "cancel": cancel,
    "poll": poll,
    "again": again,
    "take": take,
    "confirm": confirm,
    "abandon": abandon,
}


def may_order(request: HttpRequest) -> bool:
    """Who may spend money, and decide about what was spent."""
    return bool(request.user.has_perm("generations.order_clips"))


@require_POST
def door(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """The URL of every verb: for staff who may order, by POST only."""
    if not may_order(request):
        raise PermissionDenied
    said = VERBS[verb](request, get_object_or_404(GenerationTask, pk=pk))
    messages.add_message(request, said.level, said.text)
    return redirect(said.task)


def reserved(tasks: list[GenerationTask]) -> str:
    """`$0.70 reserved`, for tasks that were ordered together and so at one price."""
    price, mark = tasks[0].price_usd, of_practice(tasks[0])
    if price is None and tasks[0].practice:
        return (
            "Its price is unavailable; practice costs no real money"
            if len(tasks) == 1
            else ("Their price is unavailable; practice costs no real money")
        )
    if price is None:
        return "The price is unavailable: what it costs will show in the provider's balance"
    return f"{usd(price * len(tasks))}{mark} reserved"


def is_new(task: GenerationTask, *, at: datetime) -> bool:
    """Whether the press at this moment made the task, and not an earlier one of the same form."""
    return task.created_at == at


def _ordered(task: GenerationTask, order: Callable[[], GenerationTask]) -> Said:
    try:
        new = order()
    except OrderRefused as error:
        text = "; ".join(text for texts in error.problems.values() for text in texts)
        return Said(messages.ERROR, f"Nothing was ordered. Nothing was charged. {text[:1].upper()}{text[1:]}.", task)
    return Said(messages.SUCCESS, f"1 clip ordered as task {new.pk}. {reserved([new])}.", new)


def _first_error(form: forms.Form) -> str:
    text = next(str(text) for texts in form.errors.values() for text in texts)
    return text.rstrip(".").lower()

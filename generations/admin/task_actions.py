"""What a person can do to a task: each door calls one verb of the lifecycle and says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from generations import clock
from generations.formats import usd
from generations.lifecycle import ordering, polling, submitting
from generations.models import GenerationTask

TOO_LATE = "Task {} has moved on: someone, or the worker, was first. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a verb: a message, its level, and the task to go to."""

    level: int
    text: str
    task: GenerationTask


class WhyForm(forms.Form):
    """How a person knows: it stands on the timeline, with the name."""

    why = forms.CharField(
        label="How do you know?",
        max_length=250,
        widget=forms.TextInput(attrs={"placeholder": "not in the provider's list of tasks", "autocomplete": "off"}),
    )


class ConfirmForm(WhyForm):
    """The provider's id of an order whose answer was lost."""

    remote_id = forms.CharField(
        label="The provider's task id",
        widget=forms.TextInput(attrs={"pattern": r"[A-Za-z0-9_.\-]{1,200}", "maxlength": 200, "autocomplete": "off"}),
    )
    why = forms.CharField(
        label="Where did you find it?",
        max_length=250,
        widget=forms.TextInput(attrs={"placeholder": "in the provider's list of tasks", "autocomplete": "off"}),
    )
    field_order = ("remote_id", "why")


class WaitForm(WhyForm):
    """Why nothing is decided yet."""

    why = forms.CharField(
        label="What are you waiting for?",
        max_length=250,
        widget=forms.TextInput(attrs={"placeholder": "asked their support", "autocomplete": "off"}),
    )


def of_practice(task: GenerationTask) -> str:
    return " of practice money" if task.practice else ""


def cancel(request: HttpRequest, task: GenerationTask) -> Said:
    if not ordering.cancel(task, at=clock.now(), by=request.user):
        return Said(messages.WARNING, TOO_LATE.format(task.pk), task)
    freed = f"{usd(task.price_usd)}{of_practice(task)} is free again" if task.price_usd is not None else "It is free"
    return Said(messages.SUCCESS, f"Task {task.pk} is canceled. {freed}; nothing was charged.", task)


def poll(request: HttpRequest, task: GenerationTask) -> Said:
    if not polling.poll_now(task, at=clock.now(), by=request.user):
        return Said(messages.WARNING, TOO_LATE.format(task.pk), task)
    return Said(messages.SUCCESS, f"Task {task.pk} is looked at now.", task)


def confirm(request: HttpRequest, task: GenerationTask) -> Said:
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _incomplete(form, task)
    remote_id, why = form.cleaned_data["remote_id"], form.cleaned_data["why"]
    try:
        done = submitting.attach_remote_id(task, remote_id, why, at=clock.now(), by=request.user)
    except ValidationError as error:
        return Said(messages.ERROR, f"The id was not attached: {error.messages[0]}. Nothing was changed.", task)
    if not done:
        return Said(messages.WARNING, TOO_LATE.format(task.pk), task)
    return Said(messages.SUCCESS, f"Task {task.pk} is {remote_id} at {task.provider}; the next look proves it.", task)


def abandon(request: HttpRequest, task: GenerationTask) -> Said:
    form = WhyForm(request.POST)
    if not form.is_valid():
        return _incomplete(form, task)
    if not submitting.mark_not_accepted(task, form.cleaned_data["why"], at=clock.now(), by=request.user):
        return Said(messages.WARNING, TOO_LATE.format(task.pk), task)
    return Said(messages.SUCCESS, f"Task {task.pk} is closed as not accepted; what it held is free again.", task)


def wait(request: HttpRequest, task: GenerationTask) -> Said:
    form = WaitForm(request.POST)
    if not form.is_valid():
        return _incomplete(form, task)
    if not submitting.leave_undecided(task, form.cleaned_data["why"], at=clock.now(), by=request.user):
        return Said(messages.WARNING, TOO_LATE.format(task.pk), task)
    return Said(messages.SUCCESS, f"Task {task.pk} stays undecided and its money reserved, for a day.", task)


def _incomplete(form: forms.Form, task: GenerationTask) -> Said:
    name, texts = next(iter(form.errors.items()))
    return Said(messages.ERROR, f"Nothing was changed. {form.fields[name].label}: {texts[0]}", task)


VERBS: dict[str, Callable[[HttpRequest, GenerationTask], Said]] = {
    "cancel": cancel,
    "poll": poll,
    "confirm": confirm,
    "abandon": abandon,
    "wait": wait,
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

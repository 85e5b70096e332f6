"""What a person can do to a task without ordering: cancel, poll, decide about an unconfirmed order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from generations import clock
from generations.admin.base import person_of, way_back
from generations.formats import usd
from generations.lifecycle import decisions, late_words, ordering, polling
from generations.models import GenerationTask, people
from generations.providers.offers import provider_name

TOO_LATE = _("Task {task} has moved on: someone, or the worker, was first. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an action: a message, its level, and the task to show."""

    level: int
    text: str
    task: GenerationTask


class WhyForm(forms.Form):
    """A reason, shown on the timeline with the person's name."""

    why = forms.CharField(
        label=_("How do you know?"),
        max_length=250,
        widget=forms.TextInput(attrs={"placeholder": _("not in the provider's list of tasks"), "autocomplete": "off"}),
    )


class ConfirmForm(WhyForm):
    """The provider's id of an unconfirmed order."""

    remote_id = forms.CharField(
        label=_("The provider's task id"),
        widget=forms.TextInput(attrs={"pattern": r"[A-Za-z0-9_.\-]{1,200}", "maxlength": 200, "autocomplete": "off"}),
    )
    why = forms.CharField(
        label=_("Where did you find it?"),
        max_length=250,
        widget=forms.TextInput(attrs={"placeholder": _("in the provider's list of tasks"), "autocomplete": "off"}),
    )
    field_order = ("remote_id", "why")


class WaitForm(WhyForm):
    """The reason to leave an order undecided."""

    why = forms.CharField(
        label=_("What are you waiting for?"),
        max_length=250,
        widget=forms.TextInput(attrs={"placeholder": _("asked their support"), "autocomplete": "off"}),
    )


def of_practice(task: GenerationTask, money: str) -> str:
    """Return an amount, marked where it is practice money."""
    return gettext("{money} of practice money").format(money=money) if task.practice else money


def cancel(request: HttpRequest, task: GenerationTask) -> Outcome:
    if not ordering.cancel(task, at=clock.now(), by=person_of(request)):
        return Outcome(messages.WARNING, TOO_LATE.format(task=task.pk), task)
    text = gettext("Task {task} is canceled. It is free; nothing was charged.")
    if task.price_usd is not None:
        text = gettext("Task {task} is canceled. {money} is free again; nothing was charged.")
    return Outcome(messages.SUCCESS, text.format(task=task.pk, money=of_practice(task, usd(task.price_usd))), task)


def poll(request: HttpRequest, task: GenerationTask) -> Outcome:
    if not polling.poll_now(task, at=clock.now(), by=person_of(request)):
        return Outcome(messages.WARNING, TOO_LATE.format(task=task.pk), task)
    text = gettext("Checking task {task} with {provider} now.")
    return Outcome(messages.SUCCESS, text.format(task=task.pk, provider=provider_name(task.provider)), task)


def confirm(request: HttpRequest, task: GenerationTask) -> Outcome:
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _incomplete(form, task)
    remote_id, why = form.cleaned_data["remote_id"], form.cleaned_data["why"]
    try:
        done = decisions.attach_remote_id(task, remote_id, why, at=clock.now(), by=person_of(request))
    except ValidationError as error:
        text = gettext("The id was not taken: {why}. Nothing was changed.")
        return Outcome(messages.ERROR, text.format(why=error.messages[0]), task)
    if not done:
        return Outcome(messages.WARNING, TOO_LATE.format(task=task.pk), task)
    text = gettext(
        "Checking with {provider} whether it knows {id}… Task {task} goes on if it does; nothing is charged if it "
        "does not."
    )
    text = text.format(provider=provider_name(task.provider), id=remote_id, task=task.pk)
    return Outcome(messages.SUCCESS, text, task)


def abandon(request: HttpRequest, task: GenerationTask) -> Outcome:
    form = WhyForm(request.POST)
    if not form.is_valid():
        return _incomplete(form, task)
    try:
        done = decisions.mark_not_accepted(task, form.cleaned_data["why"], at=clock.now(), by=person_of(request))
    except ValidationError as error:
        text = gettext("Not closed: {why}. Nothing was changed.")
        return Outcome(messages.ERROR, text.format(why=error.messages[0]), task)
    if not done:
        return Outcome(messages.WARNING, TOO_LATE.format(task=task.pk), task)
    text = gettext("Task {task} is closed as not accepted and not charged; its reserved money is free again.")
    return Outcome(messages.SUCCESS, text.format(task=task.pk), task)


def wait(request: HttpRequest, task: GenerationTask) -> Outcome:
    form = WaitForm(request.POST)
    if not form.is_valid():
        return _incomplete(form, task)
    if not decisions.leave_undecided(task, form.cleaned_data["why"], at=clock.now(), by=person_of(request)):
        return Outcome(messages.WARNING, TOO_LATE.format(task=task.pk), task)
    text = gettext("Task {task} stays undecided and its money stays reserved. It comes up again in a day.")
    return Outcome(messages.SUCCESS, text.format(task=task.pk), task)


def charge(request: HttpRequest, task: GenerationTask) -> Outcome:
    done = gettext("Task {task} is charged after all, with your reason in the ledger.")
    return _decided(request, task, late_words.charge_late, done)


def refund(request: HttpRequest, task: GenerationTask) -> Outcome:
    done = gettext("What task {task} cost is taken back, with your reason in the ledger.")
    return _decided(request, task, late_words.take_back, done)


def keep(request: HttpRequest, task: GenerationTask) -> Outcome:
    return _decided(
        request, task, late_words.leave_as_it_is, gettext("The money of task {task} stays as it was settled.")
    )


def _decided(request: HttpRequest, task: GenerationTask, decide: Callable[..., bool], done: str) -> Outcome:
    form = WhyForm(request.POST)
    if not form.is_valid():
        return _incomplete(form, task)
    try:
        worked = decide(task, form.cleaned_data["why"], at=clock.now(), by=person_of(request))
    except ValidationError as error:
        nothing = gettext("Nothing was changed.")
        return Outcome(messages.ERROR, f"{nothing} {error.messages[0]}", task)
    if not worked:
        return Outcome(messages.WARNING, TOO_LATE.format(task=task.pk), task)
    return Outcome(messages.SUCCESS, done.format(task=task.pk), task)


def _incomplete(form: forms.Form, task: GenerationTask) -> Outcome:
    name, texts = next(iter(form.errors.items()))
    nothing = gettext("Nothing was changed.")
    return Outcome(messages.ERROR, f"{nothing} {form.fields[name].label}: {texts[0]}", task)


ACTIONS: dict[str, Callable[[HttpRequest, GenerationTask], Outcome]] = {
    "cancel": cancel,
    "poll": poll,
    "confirm": confirm,
    "abandon": abandon,
    "wait": wait,
    "charge": charge,
    "refund": refund,
    "keep": keep,
}


ORDER, DECIDE, CORRECT = "order_clips", "decide_orders", "add_ledgerentry"
# The permissions of which one is enough. Orders from an earlier task (paid_actions.py) take ORDER.
PERMISSIONS = {
    "cancel": (ORDER, DECIDE),
    "poll": (ORDER, DECIDE),
    **dict.fromkeys(("confirm", "abandon", "wait"), (DECIDE,)),
    **dict.fromkeys(("charge", "refund", "keep"), (CORRECT,)),
}


def may_see(request: HttpRequest) -> bool:
    """Return whether a person may see tasks, the queue and batches."""
    return request.user.has_perm("generations.view_generationtask")


def may(request: HttpRequest, *permissions: str) -> bool:
    """Return whether a person sees tasks and has one of these permissions: nobody changes what they may not see."""
    return may_see(request) and any(request.user.has_perm(f"generations.{each}") for each in permissions)


def may_order(request: HttpRequest) -> bool:
    """Return whether a person may spend money."""
    return people.may_order(request.user)


@require_POST
def action_view(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Run an action on a task and show its result. Raises: PermissionDenied, Http404."""
    if not may(request, *PERMISSIONS[name]):
        raise PermissionDenied
    outcome = ACTIONS[name](request, get_object_or_404(GenerationTask, pk=pk))
    messages.add_message(request, outcome.level, outcome.text)
    return redirect(f"{outcome.task.get_absolute_url()}{way_back(request)}")

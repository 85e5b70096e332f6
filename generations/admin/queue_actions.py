"""What people change of the queue: what is sent first, pauses of orders, and cancellations of one, a batch or all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Max, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from generations import clock
from generations.admin.base import next_url, person_of
from generations.admin.task_actions import PERMISSIONS, may
from generations.formats import usd
from generations.lifecycle import accounts, queueing
from generations.models import GenerationTask, Person
from generations.models.task_queries import TaskQuerySet
from generations.providers import offers

AT_ONCE = 1000  # orders that one request cancels; then the page asks again
MOVES = {"front": queueing.move_to_front, "back": queueing.move_to_back}


class ChosenForm(forms.Form):
    """Which queued orders are meant: a task, a batch, a person's own, or all without any of these."""

    task = forms.IntegerField(required=False, min_value=1)
    batch = forms.IntegerField(required=False, min_value=1)
    mine = forms.BooleanField(required=False)
    up_to = forms.IntegerField(required=False, min_value=0)  # the newest order that the person was shown
    shown = forms.IntegerField(required=False, min_value=0)  # how many they were shown


@dataclass(frozen=True, slots=True)
class Chosen:
    """The queued orders that a person chose."""

    task: int | None
    batch: int | None
    mine: bool
    up_to: int | None
    shown: int | None

    def tasks(self, person: Person) -> TaskQuerySet:
        """Select those that wait; later orders than the page showed are left out."""
        tasks = GenerationTask.objects.of_this_site().cancelable()
        if self.task:
            tasks = tasks.filter(pk=self.task)
        if self.batch:
            tasks = tasks.filter(order_batch=self.batch)
        if self.mine:
            tasks = tasks.filter(ordered_by=person)
        return tasks if self.up_to is None else tasks.filter(pk__lte=self.up_to)

    @property
    def words(self) -> str:
        if self.task:
            return gettext("task {task}").format(task=self.task)
        if self.batch:
            return gettext("this batch")
        return gettext("the queue, your own") if self.mine else gettext("the queue")

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The form fields that repeat the choice."""
        own = (("task", self.task), ("batch", self.batch), ("mine", int(self.mine)))
        return [(name, str(value)) for name, value in own if value]


def chosen(data: QueryDict) -> Chosen | None:
    """Read which orders are meant; None for what is no choice."""
    form = ChosenForm(data)
    return Chosen(**form.cleaned_data) if form.is_valid() else None


def back(request: HttpRequest) -> str:
    """Return the address of the queue as the person left it, with or without the tasks of others."""
    return next_url(request) or reverse("admin:queue")


@require_POST
def move(request: HttpRequest) -> HttpResponse:
    """Move a task or a batch to the front or the back. Raises: PermissionDenied without the right to cancel."""
    if not may(request, *PERMISSIONS["cancel"]):
        raise PermissionDenied
    where, which = request.POST.get("to", ""), chosen(request.POST)
    if where not in MOVES or which is None or not (which.task or which.batch):
        return HttpResponseBadRequest(gettext("Name a task or a batch, and where it goes."))
    moved = MOVES[where](which.tasks(person_of(request)), at=clock.now(), by=person_of(request))
    if moved:
        if where == "front":
            text = ngettext(
                "{n} order goes to the front of the queue.", "{n} orders go to the front of the queue.", moved
            )
        else:
            text = ngettext(
                "{n} order goes to the back of the queue.", "{n} orders go to the back of the queue.", moved
            )
        messages.success(request, text.format(n=f"{moved:,}"))
    else:
        messages.warning(request, gettext("Too late: none of these waits any more. Nothing was changed."))
    return redirect(back(request))


class PauseForm(forms.Form):
    """Whose orders are paused, and why."""

    scope = forms.ChoiceField(label=_("Pause"))
    reason = forms.CharField(
        label=_("Why?"),
        max_length=250,
        widget=forms.TextInput(attrs={"placeholder": _("new prices, asked their support"), "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].choices = list(_scopes())  # type: ignore[attr-defined]


def _scopes() -> Iterator[tuple[str, str]]:
    """Yield what can be paused: all, a provider, a model there."""
    yield "all", gettext("All orders")
    pairs = dict.fromkeys((offer.provider, offer.model) for offer in offers.OFFERS.values())
    for provider in dict.fromkeys(provider for provider, __ in pairs):
        name = offers.provider_name(provider)
        yield provider, gettext("Orders to {provider}").format(provider=name)
        for model in (model for at, model in pairs if at == provider):
            words = gettext("Orders of {model} to {provider}")
            yield f"{provider} {model}", words.format(model=offers.model_name(model), provider=name)


@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """Pause orders until a person resumes them. Raises: PermissionDenied without the right to pause."""
    if not may(request, "add_pause"):
        raise PermissionDenied
    form, by = PauseForm(request.POST), person_of(request)
    if not form.is_valid():
        name, texts = next(iter(form.errors.items()))
        field = {"scope": gettext("Scope"), "reason": gettext("Reason")}[name]
        messages.error(request, gettext("Nothing was paused. {field}: {why}").format(field=field, why=texts[0]))
        return redirect(back(request))
    scope, __, model = form.cleaned_data["scope"].partition(" ")
    provider = "" if scope == "all" else scope
    try:
        made = accounts.pause_by_person(provider, model, form.cleaned_data["reason"], at=clock.now(), by=by)
    except ValidationError as error:
        messages.error(request, gettext("Nothing was changed. {why}.").format(why=error.messages[0]))
    else:
        with override(settings.LANGUAGE_CODE):  # it reads the same to everybody
            LogEntry.objects.log_actions(by.pk, [made], ADDITION, change_message=made.reason, single_object=True)
        text = gettext("{orders} are paused. What was sent goes on; nothing new is sent.")
        messages.success(request, text.format(orders=made.subject))
    return redirect(back(request))


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest) -> HttpResponse:
    """Show how many orders would be canceled and what becomes free; cancel them when that is confirmed.

    Raises: PermissionDenied without the right to cancel.
    """
    if not may(request, *PERMISSIONS["cancel"]):
        raise PermissionDenied
    which = chosen(request.POST if request.method == "POST" else request.GET)
    if which is None:
        return HttpResponseBadRequest(gettext("Unknown choice."))
    tasks = which.tasks(person_of(request))
    if request.method == "POST" and which.up_to is not None:
        _cancel(request, which, tasks)
        return redirect(back(request))
    found = tasks.order_by().aggregate(n=Count("pk"), priced=Count("price_usd"), usd=Sum("price_usd"), up_to=Max("pk"))
    if not found["n"]:
        text = gettext("Nothing to cancel: none of these waits any more. Nothing was charged for them.")
        messages.warning(request, text)
        return redirect(back(request))
    context = {
        **admin.site.each_context(request),
        "title": ngettext("Cancel {n} order?", "Cancel {n} orders?", found["n"]).format(n=f"{found['n']:,}"),
        "words": which.words,
        "orders": orders(found["n"]),
        "count": found["n"],
        "freed": usd(found["usd"] or Decimal(0)),
        "unpriced": found["n"] - found["priced"],
        "practice": settings.PRACTICE,
        "here": back(request),
        "hidden": [*which.hidden, ("up_to", str(found["up_to"])), ("shown", str(found["n"]))],
        "at_once": AT_ONCE if found["n"] > AT_ONCE else 0,
    }
    return render(request, "admin/queue/cancel.html", context)


def _cancel(request: HttpRequest, which: Chosen, tasks: TaskQuerySet) -> None:
    """Cancel those that are sent next first, before they are sent, and say how many were too late."""
    ids = list(tasks.in_order_of_sending().values_list("pk", flat=True))
    first = ids[:AT_ONCE]
    canceled = len(queueing.cancel_many(first, at=clock.now(), by=person_of(request)))
    left, late = len(ids) - len(first), max(0, (which.shown or 0) - len(ids)) + len(first) - canceled
    if canceled:
        text = ngettext(
            "{n} order canceled. Nothing was charged.", "{n} orders canceled. Nothing was charged.", canceled
        )
        messages.success(request, text.format(n=f"{canceled:,}"))
    if late:
        text = ngettext(
            "{n} order was too late: sent, or canceled by someone else, before.",
            "{n} orders were too late: sent, or canceled by someone else, before.",
            late,
        )
        messages.warning(request, text.format(n=f"{late:,}"))
    if left:
        text = ngettext(
            "{n} order still waits. Cancel again to go on.", "{n} orders still wait. Cancel again to go on.", left
        )
        messages.warning(request, text.format(n=f"{left:,}"))


def orders(number: int) -> str:
    return ngettext("{n} order", "{n} orders", number).format(n=f"{number:,}")

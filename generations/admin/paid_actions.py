"""Orders from an earlier task: try it again, or many; another take; promote it. Each shows its receipt first."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from generations import clock
from generations.admin import receipt, task_actions
from generations.admin.base import keeping, way_back
from generations.admin.receipt import PaidAction
from generations.lifecycle import retries
from generations.lifecycle.retries import Promotion
from generations.models import GenerationTask

MAX_RETRIES = 100  # of one receipt, which names each of them
SHOWN = ("prompt", "campaign", "start_image", "end_image", "shot", "continued_from")  # of a task, in its receipt


def again(tasks: list[GenerationTask], *, hidden: list[tuple[str, str]], filters: str = "") -> PaidAction:
    """Request that failed tasks be tried again: all that the receipt names, or none.

    `filters`, here and below, are those of the list that one comes back to.
    """
    one = tasks[0] if len(tasks) == 1 else None
    title = ngettext("Receipt: {n} task again", "Receipt: {n} tasks again", len(tasks)).format(n=len(tasks))
    if one:
        title = gettext("Receipt: {task} again").format(task=one)
    return PaidAction(
        title=title,
        requests=[retries.retry(task) for task in tasks],
        batch=uuid.uuid4(),
        back=_back(one, filters),
        change_url=_like(one) if one else "",
        leave_url="" if one else _list(filters),
        hidden=hidden,
    )


def take(task: GenerationTask, *, filters: str) -> PaidAction:
    """Request one more clip with the same settings."""
    return PaidAction(
        title=gettext("Receipt: another take of {task}").format(task=task),
        requests=[retries.another_take(task)],
        batch=uuid.uuid4(),
        back=_back(task, filters),
        change_url=_like(task),
        hidden=[],
    )


class PromoteForm(forms.Form):
    """The choice of a better mode; a page older than the prices may name one that is gone."""

    to = forms.ChoiceField(label=_("Better mode"))

    def __init__(self, ways: list[Promotion], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ways = {way.name: way for way in ways}
        choices = [(name, f"{way.words}: {way.price_words}") for name, way in self.ways.items()]
        cast(forms.ChoiceField, self.fields["to"]).choices = choices


def promote(task: GenerationTask, way: Promotion, *, filters: str) -> PaidAction:
    """Request the same prompt and frames in a better mode. Raises: Http404."""
    note = gettext("The prompt and the frames of {task}, in a better mode.")
    if way.more_words:
        note = gettext("The prompt and the frames of {task}, in a better mode: {more} than {task} cost.")
    return PaidAction(
        title=gettext("Receipt: {task} promoted").format(task=task),
        requests=[way.request],
        batch=uuid.uuid4(),
        back=_back(task, filters),
        change_url=_like(task),
        hidden=[("to", way.name)],
        note=note.format(task=task, more=way.more_words),
    )


def _promoted(request: HttpRequest, task: GenerationTask) -> PaidAction | None:
    form = PromoteForm(retries.promotions(task, at=clock.now()), request.POST)
    return promote(task, form.ways[form.cleaned_data["to"]], filters=_filters(request)) if form.is_valid() else None


ACTIONS: dict[str, Callable[[HttpRequest, GenerationTask], PaidAction | None]] = {
    "again": lambda request, task: again([task], hidden=[], filters=_filters(request)),
    "take": lambda request, task: take(task, filters=_filters(request)),
    "promote": _promoted,
}


@require_POST
def action_view(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Show the receipt of a task's paid action, and place the order when it is confirmed.

    Raises: PermissionDenied without the right to order, Http404.
    """
    if not task_actions.may_order(request):
        raise PermissionDenied
    task = get_object_or_404(GenerationTask, pk=pk)
    outcome = receipt.confirm(request)
    if isinstance(outcome, HttpResponse):
        return outcome
    action = ACTIONS[name](request, task)
    if action is None:
        text = gettext("That mode is no longer offered as more expensive for {task}.").format(task=task)
        messages.error(request, f"{text} {receipt.NOTHING}")
        return redirect(f"{task.get_absolute_url()}{way_back(request)}")
    return receipt.show(request, action, receipt.inspect(request, action), outcome)


def _filters(request: HttpRequest) -> str:
    return request.GET.get("_changelist_filters", "")


def _list(filters: str) -> str:
    return f"{reverse('admin:generations_generationtask_changelist')}{'?' if filters else ''}{filters}"


def _back(task: GenerationTask | None, filters: str) -> list[tuple[str, str]]:
    tasks = (gettext("Tasks"), _list(filters))
    return [tasks, (str(task), f"{task.get_absolute_url()}{keeping(filters)}")] if task else [tasks]


def _like(task: GenerationTask) -> str:
    return f"{reverse('admin:generations_prompt_generate', args=[task.prompt_id])}?like={task.pk}"

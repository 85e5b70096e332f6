"""Orders that failed in the last days, by kind: what helps against each, and one receipt that tries them again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from generations import clock
from generations.admin import paid_actions, receipt
from generations.admin.paid_actions import MAX_RETRIES
from generations.admin.queue_actions import back
from generations.admin.task_actions import may_order
from generations.admin.task_words import ERRORS, MUST_CHANGE
from generations.models import GenerationTask, Status
from generations.models.task_queries import TaskQuerySet

DAYS = 7


class KindForm(forms.Form):
    """The kind of failure that is tried again; after a receipt, the tasks that it named."""

    kind = forms.CharField(max_length=20, required=False)
    task = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, data: object) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        named = [(value, value) for value in self.data.getlist("task") if value.isdecimal()]  # type: ignore[attr-defined]
        self.fields["task"].choices = named  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Kind:
    """Failures of one kind that nothing stands in for yet."""

    kind: str
    count: int

    @property
    def advice(self) -> str:
        return str(ERRORS.get(self.kind, ERRORS["unknown"]))

    @property
    def can_be_retried(self) -> bool:
        """Whether the same order may succeed this time."""
        return self.kind not in MUST_CHANGE

    @property
    def button(self) -> str:
        if self.count > MAX_RETRIES:
            return gettext("Try the newest {n} again").format(n=MAX_RETRIES)
        return ngettext("Try it again", "Try all {n} again", self.count).format(n=self.count)


def failed(*, at: datetime) -> TaskQuerySet:
    """Select what failed in the last days, and was not ordered again."""
    since = at - timedelta(days=DAYS)
    tasks = GenerationTask.objects.of_this_site().filter(status=Status.FAILED, finished_at__gte=since)
    return tasks.not_ordered_again()


def kinds(*, at: datetime) -> list[Kind]:
    """Return the kinds of failure of the last days, the most frequent first."""
    counted = failed(at=at).order_by().values_list("error_kind").annotate(n=Count("pk"))
    return [Kind(kind, count) for kind, count in sorted(counted, key=lambda one: (-one[1], one[0]))]


@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Show the receipt for the newest failures of a kind, and order them when it is confirmed.

    Raises: PermissionDenied without the right to order.
    """
    if not may_order(request):
        raise PermissionDenied
    queue, outcome = back(request), receipt.confirm(request)
    if isinstance(outcome, HttpResponse):
        return outcome
    form = KindForm(request.POST)
    tasks = _chosen(form) if form.is_valid() and form.cleaned_data["kind"] not in MUST_CHANGE else []
    if not tasks:
        messages.warning(request, gettext("None of these can be tried again. Nothing was charged."))
        return redirect(queue)
    hidden = [("kind", form.cleaned_data["kind"]), *(("task", str(task.pk)) for task in tasks)]
    action = replace(paid_actions.again(tasks, hidden=hidden), leave_url=queue, back=[(gettext("Queue"), queue)])
    return receipt.show(request, action, receipt.inspect(request, action), outcome)


def _chosen(form: KindForm) -> list[GenerationTask]:
    tasks = failed(at=clock.now()).filter(error_kind=form.cleaned_data["kind"]).order_by("-pk")
    if named := form.cleaned_data["task"]:
        tasks = tasks.filter(pk__in=named)
    return list(tasks.select_related(*paid_actions.SHOWN)[:MAX_RETRIES])

"""Pages that correct the ledger: change what a clip cost, and value charges of unknown price."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from generations import clock
from generations.admin import display
from generations.admin.base import next_url, person_of
from generations.forms.orders import UsdField
from generations.models import GenerationTask, LedgerEntry
from generations.money import ledger

LIST = "admin:generations_ledgerentry_changelist"


class CorrectionForm(forms.Form):
    """The difference in USD and its reason."""

    after = forms.IntegerField(widget=forms.HiddenInput, min_value=0)  # the last entry, so that it is written once
    amount = UsdField(
        label=_("Difference in USD"),
        decimal_places=4,
        help_text=_("-0.10 lowers what was spent by ten cents, 0.10 raises it."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=ledger.REASON_MAX,
        widget=AdminTextInputWidget(attrs={"class": "vLargeTextField"}),
        help_text=_("The ledger shows it for ever, with your name."),
    )  # fmt: skip


def may_correct(request: HttpRequest) -> bool:
    """Return whether a person may write corrections, the only entries that people write."""
    return request.user.has_perms(["generations.add_ledgerentry", "generations.view_ledgerentry"])


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and handle the form that corrects what a task cost. Raises: PermissionDenied, Http404."""
    if not may_correct(request):
        raise PermissionDenied
    task = get_object_or_404(GenerationTask.objects.with_charged().select_related("prompt"), pk=pk)
    form = CorrectionForm(
        request.POST if request.method == "POST" else None, initial={"after": ledger.last_entry(task)}
    )
    if form.is_valid() and _corrected(request, task, form):
        return redirect(next_url(request) or task)
    context = {
        **admin.site.each_context(request),
        "title": gettext("Correct what task {task} cost").format(task=task.pk),
        "opts": LedgerEntry._meta,
        "task": task,
        "charged": _charged(task),
        "form": form,
        "task_link": display.link(task),
        "here": next_url(request) or display.page_of(task) or reverse(LIST),
    }
    return render(request, "admin/generations/ledgerentry/correct.html", context)


def _charged(task: Any) -> str:
    return display.money(task.charged_usd, practice=task.practice, is_minimum=task.charged_is_minimum)


def _corrected(request: HttpRequest, task: GenerationTask, form: CorrectionForm) -> bool:
    """Write a correction; return False with errors on the form when the ledger refuses it."""
    amount, reason = form.cleaned_data["amount"], form.cleaned_data["reason"]
    after = form.cleaned_data["after"]
    try:
        entry = ledger.adjust(task, amount, at=clock.now(), by=person_of(request), reason=reason, after=after)
    except ValidationError as error:
        for name, texts in error.message_dict.items():
            form.add_error(name if name in form.fields else None, texts)
        return False
    text = gettext("Corrected by {amount} USD: {reason}")
    messages.success(request, text.format(amount=f"{entry.amount_usd:+}", reason=entry.note))
    return True


@require_POST
def value(request: HttpRequest) -> HttpResponse:
    """Value every charge of unknown price for which a price is known by now. Raises: PermissionDenied."""
    if not may_correct(request):
        raise PermissionDenied
    valued, refused = ledger.value_unpriced(at=clock.now(), by=person_of(request))
    left = LedgerEntry.objects.unpriced().count()
    level = messages.SUCCESS if valued else messages.WARNING
    text = ngettext(
        "Added a price to {n} charges; {left} are still unpriced.",
        "Added a price to {n} charges; {left} are still unpriced.",
        len(valued),
    )
    messages.add_message(request, level, text.format(n=len(valued), left=left))
    for text in refused:
        messages.error(request, text)
    return redirect(next_url(request) or LIST)


def of_unpriced(request: HttpRequest) -> dict[str, Any]:
    """Return what the ledger's list shows about charges of unknown price."""
    return {"unpriced": LedgerEntry.objects.unpriced().count(), "may_correct": may_correct(request)}

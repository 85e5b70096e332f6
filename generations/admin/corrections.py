"""Corrections of the ledger: a difference to what a clip cost, and values for what was charged at an unknown price."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from generations import clock
from generations.admin import display
from generations.admin.base import person_of
from generations.forms.orders import UsdField
from generations.models import GenerationTask, LedgerEntry
from generations.money import ledger

LIST = "admin:generations_ledgerentry_changelist"


class CorrectionForm(forms.Form):
    """By how much, and why."""

    amount = UsdField(
        label="Difference in USD",
        decimal_places=4,
        help_text="-0.10 takes ten cents off what was spent, 0.10 adds them.",
    )
    reason = forms.CharField(
        max_length=ledger.REASON_MAX, widget=AdminTextInputWidget(attrs={"class": "vLargeTextField"}),
        help_text="Stands in the ledger for good, with your name.",
    )  # fmt: skip


def may_correct(request: HttpRequest) -> bool:
    """Who may write corrections: nobody writes any other entry by hand."""
    return bool(request.user.has_perm("generations.add_ledgerentry"))


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of one correction."""
    if not may_correct(request):
        raise PermissionDenied
    task = get_object_or_404(GenerationTask.objects.with_charged().select_related("prompt"), pk=pk)
    form = CorrectionForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _corrected(request, task, form):
        return redirect(task)
    context = {
        **admin.site.each_context(request),
        "title": f"Correct what task {task.pk} cost",
        "opts": LedgerEntry._meta,
        "task": task,
        "charged": display.money(task.charged_usd, practice=task.practice),  # type: ignore[attr-defined]
        "form": form,
    }
    return render(request, "admin/generations/ledgerentry/correct.html", context)


def _corrected(request: HttpRequest, task: GenerationTask, form: CorrectionForm) -> bool:
    """Write it, or put at its field what stands against it."""
    amount, reason = form.cleaned_data["amount"], form.cleaned_data["reason"]
    try:
        entry = ledger.adjust(task, amount, at=clock.now(), by=person_of(request), reason=reason)
    except ValidationError as error:
        for name, texts in error.message_dict.items():
            form.add_error(name if name in form.fields else None, texts)
        return False
    messages.success(request, f"Corrected by {entry.amount_usd:+} USD: {entry.note}")
    return True


@require_POST
def value(request: HttpRequest) -> HttpResponse:
    """Value everything that was charged at an unknown price, where one is known by now."""
    if not may_correct(request):
        raise PermissionDenied
    valued, refused = ledger.value_unpriced(at=clock.now(), by=person_of(request))
    left = LedgerEntry.objects.unpriced().count()
    level = messages.SUCCESS if valued else messages.WARNING
    messages.add_message(request, level, f"{len(valued)} valued, {left} still of unknown price.")
    for text in refused:
        messages.error(request, text)
    return redirect(LIST)


def of_unpriced(request: HttpRequest) -> dict[str, Any]:
    """What the ledger's list says of charges without a value."""
    return {"unpriced": LedgerEntry.objects.unpriced().count(), "may_correct": may_correct(request)}

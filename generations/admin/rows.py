"""Order the rows of a CSV: all of them are checked, and one receipt holds for all."""

from __future__ import annotations

import uuid
from typing import cast

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from generations.admin import receipt, task_actions
from generations.admin.receipt import PaidAction
from generations.forms.many import MOST_ORDERS
from generations.forms.rows import EXAMPLE, RowsForm, columns
from generations.lifecycle.ordering import BatchPlan
from generations.receipts import spend_cap
from generations.receipts.preflight import Receipt


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show the form with every wrong row at once, then one receipt; place the orders that are confirmed.

    Raises: PermissionDenied.
    """
    if not task_actions.may_order(request):
        raise PermissionDenied
    if request.method != "POST":
        return _show(request, RowsForm(initial=_typed(request) or {"batch": uuid.uuid4()}))
    outcome = receipt.confirm(request)
    if isinstance(outcome, HttpResponse):
        return outcome
    form = RowsForm.sent(request.POST, request.FILES.get("file"))
    if not form.is_valid():
        return _show(request, form)
    action = _action(form)
    found = receipt.inspect(request, action)
    _refuse_wrong_rows(form, found)
    if form.errors or (found.problems and not outcome):
        for text in [] if form.errors else [text for texts in found.problems.values() for text in texts]:
            form.add_error(None, text)
        return _show(request, form)
    return receipt.show(request, action, found, outcome)


@require_safe
def example(request: HttpRequest) -> HttpResponse:
    """Send a file to begin with. Raises: PermissionDenied."""
    if not task_actions.may_order(request):
        raise PermissionDenied
    disposition = {"Content-Disposition": 'attachment; filename="clips.csv"'}
    return HttpResponse(EXAMPLE, content_type="text/csv; charset=utf-8", headers=disposition)


def _action(form: RowsForm) -> PaidAction:
    sent = cast(QueryDict, form.data)
    clips = sum(request.takes for request in form.requests)
    title = ngettext("Receipt: {n} clip of a CSV", "Receipt: {n} clips of a CSV", clips)
    return PaidAction(
        title=title.format(n=clips),
        requests=form.requests,
        batch=form.cleaned_data["batch"] or uuid.uuid4(),
        back=[(gettext("New clip"), reverse("new_clip")), (gettext("Rows of a CSV"), reverse("new_clip_rows"))],
        hidden=[(name, str(sent[name])) for name in form.fields if name in sent],
        spend_at_most=form.cleaned_data["spend_at_most"],
        plan=BatchPlan(stops_when_approved=form.cleaned_data["stops_batch"]),
    )


def _refuse_wrong_rows(form: RowsForm, found: Receipt) -> None:
    """Add what only the receipt found, such as a picture that cannot be read: no row is left out silently."""
    for line in (*found.lines, *found.left_out):
        if line.problems and spend_cap.FIELD not in line.problems:
            form.refuse(max(line.number, 1) - 1, line.problems)


def _typed(request: HttpRequest) -> dict[str, str]:
    """Return the fields of the form whose receipt the address names; nothing where it is not of this session."""
    shown = receipt.kept(request, request.GET.get(receipt.FIELD))
    return dict(shown["hidden"]) if shown else {}


def _show(request: HttpRequest, form: RowsForm) -> HttpResponse:
    problems = [str(text) for texts in form.errors.values() for text in texts] if form.is_bound else []
    context = {
        **admin.site.each_context(request),
        "title": gettext("Order the rows of a CSV"),
        "form": form,
        "problems": problems,
        "columns": columns(),
        "most": MOST_ORDERS,
        "example": EXAMPLE,
        "practice": settings.PRACTICE,
    }
    return render(request, "admin/generations/rows.html", context)


urlpatterns = [
    path("", admin.site.admin_view(page), name="new_clip_rows"),
    path("example.csv", admin.site.admin_view(example), name="new_clip_rows_example"),
]

"""The pages of batches: their list, and of each its progress, money and clips, which refresh themselves."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from generations import clock
from generations.admin import display, receipt, task_actions
from generations.admin.base import person_of, way_back
from generations.admin.receipt import PaidAction
from generations.admin.task_actions import DECIDE, ORDER
from generations.catalog.wrong_addresses import PAGE, YES, offering
from generations.formats import usd
from generations.lifecycle import batches
from generations.models import Batch, GenerationTask, Status, Video
from generations.models.statuses import ACTIVE
from generations.reports.batches import BatchFigures, figures

PER_PAGE = 30
CLIPS_SHOWN, ORDERS_SHOWN = 60, 60  # of one batch; the list of tasks has all
STOPS = (ORDER, DECIDE)  # either permission: as for one task
MOST_AGAIN = 100  # of one receipt, which names each of them
AGAIN = {"failed": batches.FAILED, "canceled": batches.CANCELED}
GONE = _("Nothing of this batch is left to order again. Nothing was ordered. Nothing was charged.")


@require_safe
@offering(mine=YES, page=PAGE)
def batch_list(request: HttpRequest) -> HttpResponse:
    """List the batches, newest first; `?mine=1` those of this person. Raises: PermissionDenied."""
    _may_view(request)
    rows = Batch.objects.select_related("by")
    mine = request.GET.get("mine") == "1"
    page = Paginator(rows.filter(by=person_of(request)) if mine else rows, PER_PAGE).get_page(request.GET.get("page"))
    found = figures(page.object_list)
    context = {
        **admin.site.each_context(request),
        "title": gettext("Batches"),
        "page": page,
        "mine": mine,
        "rows": [(batch, found[batch.pk], _states(found[batch.pk])) for batch in page.object_list],
        "may_order": task_actions.may_order(request),
    }
    return render(request, "admin/batches/list.html", context)


@require_safe
def batch_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one batch. Raises: PermissionDenied, Http404."""
    context = {**admin.site.each_context(request), **_content(request, pk)}
    return render(request, "admin/batches/batch.html", context)


@require_safe
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the changing parts of a batch's page, for task.js. Raises: PermissionDenied, Http404."""
    return render(request, "admin/batches/_live.html", _content(request, pk))


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel what was not sent yet, and say what that saved. Raises: PermissionDenied, Http404."""
    if not task_actions.may(request, *STOPS):
        raise PermissionDenied
    batch = get_object_or_404(Batch, pk=pk)
    here = f"{batch.get_absolute_url()}{way_back(request)}"
    canceled = batches.cancel_waiting(batch, at=clock.now(), by=person_of(request))
    if not canceled:
        text = gettext("Nothing of this batch waits any more: all of it was sent. Nothing was changed.")
        messages.warning(request, text)
        return redirect(here)
    worth = sum((task.price_usd or Decimal(0) for task in canceled), Decimal(0))
    money = usd(worth)
    if any(task.price_usd is None for task in canceled):
        money = gettext("{money} and orders of unknown price").format(money=money)
    done = ngettext("{n} clip canceled.", "{n} clips canceled.", len(canceled)).format(n=len(canceled))
    free = gettext("{money} is free again; nothing was charged for them.")
    freed = free.format(money=task_actions.of_practice(canceled[0], money))
    messages.success(request, f"{done} {freed}")
    return redirect(here)


@require_POST
def again(request: HttpRequest, pk: int, which: str) -> HttpResponse:
    """Show the receipt of what failed or was canceled, and order it when that is confirmed.

    Raises: PermissionDenied, Http404.
    """
    if not task_actions.may_order(request):
        raise PermissionDenied
    batch = get_object_or_404(Batch, pk=pk)
    here = f"{batch.get_absolute_url()}{way_back(request)}"
    if which not in AGAIN:
        raise Http404
    outcome = receipt.confirm(request)
    if isinstance(outcome, HttpResponse):
        return outcome
    requests = batches.order_again(batch, AGAIN[which], at_most=MOST_AGAIN)
    if not requests:
        messages.warning(request, GONE)
        return redirect(here)
    action = PaidAction(
        title=ngettext(
            "Receipt: {n} clip of {batch} again", "Receipt: {n} clips of {batch} again", len(requests)
        ).format(n=len(requests), batch=batch.name),
        requests=requests,
        batch=uuid.uuid4(),
        back=[(gettext("Batches"), reverse("batches")), (batch.name, here)],
        leave_url=here,
        hidden=[],
        note=gettext("The clips join this batch."),
    )
    return receipt.show(request, action, receipt.inspect(request, action), outcome)


def _may_view(request: HttpRequest) -> None:
    if not task_actions.may_see(request):
        raise PermissionDenied


def _content(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Return what the page of a batch shows and task.js refreshes. Raises: PermissionDenied, Http404."""
    _may_view(request)
    batch = get_object_or_404(Batch.objects.select_related("by"), pk=pk)
    found = figures([batch])[batch.pk]
    tasks = batch.tasks.all()
    others = tasks.not_ordered_again().exclude(status=Status.STORED).order_by("pk")
    videos = (
        Video.objects.visible_to(person_of(request))
        .filter(task__order_batch=batch)
        .select_related("task")
        .order_by("pk")[:CLIPS_SHOWN]
    )
    first = tasks.first()
    return {
        "title": batch.name,
        "batch": batch,
        "way_back": way_back(request),
        "filters": request.GET.get("_changelist_filters", ""),
        "figures": found,
        "words": _words(found),
        "states": _states(found),
        "is_active": found.active > 0,
        "practice": bool(first and first.practice),
        "clips": [(video, display.video_poster(video, href=display.page_of(video))) for video in videos],
        "others": [_order(task) for task in others[:ORDERS_SHOWN]],
        "all_tasks": f"{reverse('admin:generations_generationtask_changelist')}?order_batch={batch.pk}",
        "waiting": found.states[Status.QUEUED] if task_actions.may(request, *STOPS) else 0,
        "again": _again(found) if task_actions.may_order(request) else [],
    }


def _again(found: BatchFigures) -> list[tuple[str, int]]:
    """Return what can be ordered again, and how many."""
    numbers = {name: sum(found.states[state] for state in states) for name, states in AGAIN.items()}
    return [(name, number) for name, number in numbers.items() if number]


def _words(found: BatchFigures) -> str:
    """Say how far a batch is: `5 of 8 clips are stored, 2 are on their way.`"""
    if found.stored == found.total:
        text = ngettext("The clip is stored.", "All {total} clips are stored.", max(1, found.total))
        return text.format(total=found.total)
    numbers = {"stored": found.stored, "total": found.total, "active": found.active}
    if not found.active:
        text = ngettext("{stored} of {total} clip stored.", "{stored} of {total} clips stored.", found.total)
        return text.format(**numbers)
    text = ngettext(
        "{stored} of {total} clip stored, {active} on their way.",
        "{stored} of {total} clips stored, {active} on their way.",
        found.total,
    )
    return text.format(**numbers)


def _states(found: BatchFigures) -> list[tuple[int, str]]:
    """Return how many orders are in each state, in the order of a task's life."""
    states = sorted(found.states, key=[*ACTIVE, Status.STORED, *Status].index)
    return [(found.states[state], display.badge(state)) for state in states]


def _order(task: GenerationTask) -> dict[str, Any]:
    """Return the line of an order that has no clip."""
    return {
        "task": task,
        "badge": display.badge(task.status),
        "settings": display.settings_line(task),
        "price": display.task_price(task),
        "why": task.error_message if task.status in batches.FAILED else "",
    }


urlpatterns = [
    path("", admin.site.admin_view(batch_list), name="batches"),
    path("<int:pk>/", admin.site.admin_view(batch_page), name="batch"),
    path("<int:pk>/live/", admin.site.admin_view(live), name="batch_live"),
    path("<int:pk>/stop/", admin.site.admin_view(stop), name="batch_stop"),
    path("<int:pk>/again/<slug:which>/", admin.site.admin_view(again), name="batch_again"),
]

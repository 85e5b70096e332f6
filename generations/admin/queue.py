"""The queue: what needs a person, waits, is generated or saved; the page updates itself."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from generations import clock
from generations.admin import queue_again, queue_page
from generations.admin.base import person_of
from generations.admin.queue_actions import PauseForm
from generations.admin.task_actions import PERMISSIONS, may, may_order, may_see
from generations.catalog.wrong_addresses import YES, offering

MINE = "mine"  # of the address: only the person's own tasks


@require_safe
@offering(mine=YES)
def page(request: HttpRequest) -> HttpResponse:
    """Show the queue. Raises: PermissionDenied without the right to view tasks."""
    own = {"title": gettext("Queue"), "form": PauseForm(), "may_order": may_order(request), "days": queue_again.DAYS}
    context = {**admin.site.each_context(request), **own, **_queue(request)}
    context["kinds"] = queue_again.kinds(at=clock.now())
    return render(request, "admin/queue/queue.html", context)


@require_safe
@offering(mine=YES)
def live(request: HttpRequest) -> HttpResponse:
    """Return the changing parts of the page, for queue.js. Raises: PermissionDenied."""
    return render(request, "admin/queue/_live.html", _queue(request))


def _queue(request: HttpRequest) -> dict[str, Any]:
    if not may_see(request):
        raise PermissionDenied
    only_mine = request.GET.get(MINE) == "1"
    may_change = may(request, *PERMISSIONS["cancel"])
    here = f"{reverse('admin:queue')}{f'?{MINE}=1' if only_mine else ''}"
    return {
        "here": here,
        "may_change": may_change,
        **queue_page.queue(person_of(request), only_mine=only_mine, at=clock.now()),
    }

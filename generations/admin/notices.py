"""A person's notices: their count in the header of every staff page, their list, and what marks them as read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generations import clock
from generations.admin import display
from generations.admin.base import person_of
from generations.catalog.wrong_addresses import PAGE, offering
from generations.models import Notice, NoticeKind
from generations.models.notices import MOST_COUNTED
from generations.notices import wording

LISTED = 50  # on a page
LARGEST_ID = 2**63 - 1
TONES = {
    NoticeKind.BATCH: "good",
    NoticeKind.FAILED: "bad",
    NoticeKind.UNDECIDED: "warn",
    NoticeKind.BUDGET: "warn",
    NoticeKind.PAUSE: "bad",
    NoticeKind.ENDPOINT: "bad",
}


def unread(request: HttpRequest) -> str:
    """Return how many notices the person has not read, for the header: empty for none, `99+` for many."""
    if not (request.user.is_active and request.user.is_staff):
        return ""
    count = Notice.objects.count_unread(person_of(request))
    return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count or "")


@require_safe
@offering(page=PAGE)
def page(request: HttpRequest) -> HttpResponse:
    """List the person's notices, the newest first."""
    person = person_of(request)
    found = Notice.objects.listed(person).select_related("happening").order_by("-pk")
    shown = Paginator(found, LISTED).get_page(request.GET.get("page"))
    newest = shown.object_list[0] if shown.object_list and shown.number == 1 else None
    context = {
        "title": _("Notices"),
        "page": shown,
        "rows": [_line(notice) for notice in shown],
        "newest": newest,
    }
    return render(request, "admin/notices/list.html", {**admin.site.each_context(request), **context})


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one notice as read, or all up to the newest that the person was shown."""
    mine = Notice.objects.unread(person_of(request))
    one, up_to = (_number(request.POST.get(name, "")) for name in ("notice", "up_to"))
    if one:
        mine.filter(pk=one).update(read_at=clock.now())
    elif up_to:
        mine.filter(pk__lte=up_to).update(read_at=clock.now())
        messages.success(request, _("All notices are marked as read."))
    return redirect("admin:notices")


def _line(notice: Notice) -> dict[str, Any]:
    happening = notice.happening
    return {
        "notice": notice,
        "kind": NoticeKind(happening.kind).label,
        "tone": TONES[NoticeKind(happening.kind)],
        "sentence": wording.sentence(happening),
        "url": wording.path(happening),
        "when": display.when(happening.at),
    }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and int(text) <= LARGEST_ID else 0

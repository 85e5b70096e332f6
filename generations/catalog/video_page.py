"""The page of one clip: the player, its comments, what was ordered and made, where it came from, what to do next.

It costs at most eight queries: the session, the person, their permissions, the campaigns closed to them, the clip, what
is around it, its comments, its history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from generations.catalog import review
from generations.catalog.access import for_browsers, viewer, visible
from generations.catalog.paging import Cursor, newer_than, older_than
from generations.library import comments
from generations.library.lineage import Lineage, lineage
from generations.library.naming import knows_orders
from generations.library.ratings import with_favourite
from generations.library.search import BadSearch, Search, stacked
from generations.lifecycle import retries
from generations.models import Comment, LedgerEntry, Person, Video
from generations.models.lineage import line_of
from generations.models.people import may_order

MAX_TAKES = 12  # of its shot; the shot's own page has them all
NEWEST = ("-created_at", "-pk")
OTHER_CLIPS = 6  # of its prompt
WITH_ORDER = ("task__prompt", "task__start_image", "task__end_image", "task__ordered_by", "task__campaign",
              "task__retry_of", "task__continued_from", "shot")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Around:
    """The clips that a page leads to; `newer` and `older` are the addresses of the neighbours in the search."""

    takes: list[Video]
    of_prompt: list[Video]
    lineage: Lineage
    newer: str
    older: str


@require_safe
@for_browsers
def video(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one clip; the address may carry the search that it was found by, and a moment. Raises: Http404."""
    videos = visible(request)
    found = get_object_or_404(_with_everything(videos, viewer(request)), pk=pk)
    search = _search(request)
    query = search.query_string()
    around, orders = _around(request, videos, found, search), _may_order(request)
    context = {
        "video": found,
        "task": found.task,
        "shape": shape(found),
        "knows_orders": knows_orders(viewer(request)),
        "search": search,
        "query": query,
        "start": _moment(request.GET.get("t", ""), found),
        "around": around,
        "lineage": around.lineage,
        "retried": bool(found.task.retry_of) and found.task.retry_of_id not in around.lineage.tasks,
        "may_order": orders,
        "promotions": retries.promotions(found.task, at=timezone.now()) if orders else [],
        "threads": comments.threads(found) if request.user.is_authenticated and found.has_comments else [],
        "panel": review.panel(request, found),
    }
    return render(request, "catalog/video.html", context)


def _may_order(request: HttpRequest) -> bool:
    person = viewer(request)
    return person.is_staff and may_order(person)


def shape(video: Video) -> str:
    """Return `wide`, `tall` or `square`, so that the page reserves room before the picture loads."""
    if video.width > video.height * 1.1:
        return "wide"
    return "tall" if video.height > video.width * 1.1 else "square"


def _with_everything(videos: QuerySet[Video], person: Person | AnonymousUser) -> QuerySet[Any]:
    """Add what the page says of a clip: its order and, for staff, its cost, as tasks have it by `with_charged()`."""
    found: QuerySet[Any] = review.for_panel(with_favourite(videos, person)).select_related(*WITH_ORDER)
    found = found.annotate(has_comments=Exists(Comment.objects.filter(video=OuterRef("pk"))))
    if not (person.is_staff and knows_orders(person)):
        return found
    entries = LedgerEntry.objects.filter(task=OuterRef("task")).order_by()
    paid = entries.spent().values("task").annotate(usd=Sum("amount_usd")).values("usd")
    costs = {"charged_usd": Subquery(paid), "charged_is_minimum": Exists(entries.at_starting_price())}
    with_costs: QuerySet[Any] = found.annotate(**costs)
    return with_costs


def _search(request: HttpRequest) -> Search:
    """Return the search of the address; one that cannot be read leads through all clips."""
    try:
        return Search.parse(request.GET)
    except BadSearch:
        return Search({})


def _around(request: HttpRequest, videos: QuerySet[Video], found: Video, search: Search) -> Around:
    """Find all that the page leads to in one query, in which the clip itself makes sure of a row."""
    task = found.task
    parts = [
        videos.filter(pk=found.pk),
        _newest(videos.filter(shot=found.shot_id), MAX_TAKES),
        _newest(videos.filter(prompt=found.prompt_id).exclude(shot=found.shot_id), OTHER_CLIPS),
        videos.filter(task__in=line_of(task.pk)),
    ]
    first, *others = (part.order_by().values("pk") for part in parts)
    steps = {name: Subquery(near.values("pk")[:1]) for name, near in _neighbours(request, videos, found, search)}
    rows = list(videos.filter(pk__in=first.union(*others)).select_related("task").annotate(**steps).order_by(*NEWEST))
    line = lineage(task, ((each.task, each) for each in [found, *rows]))
    takes = [each for each in rows if each.shot_id == found.shot_id and each != found]
    cousins = [each for each in rows if each.prompt_id == found.prompt_id and each.shot_id != found.shot_id]
    return Around(
        takes=takes[:MAX_TAKES],
        of_prompt=[each for each in cousins if each.task_id not in line.tasks][:OTHER_CLIPS],
        lineage=line,
        **{name: _address(getattr(rows[0], name, None), search) for name in ("newer", "older")},
    )


def _newest(videos: QuerySet[Video], count: int) -> QuerySet[Video]:
    """Return the newest of some clips as a query that can be part of another."""
    return Video.objects.filter(pk__in=videos.order_by(*NEWEST).values("pk")[:count])


def _neighbours(
    request: HttpRequest, videos: QuerySet[Video], found: Video, search: Search
) -> Iterator[tuple[str, QuerySet[Video]]]:
    """Yield what comes before and after the clip in the list that the search shows, other takes of its shot left out.

    A search that names what the person may not know of leads nowhere.
    """
    try:
        ids = search.ids(viewer(request), videos)
        matching = search.among(videos, ids, at=timezone.now())  # the database's clock would cost a query
    except BadSearch:
        return
    shown, place = stacked(matching).exclude(shot=found.shot_id), Cursor.of(found, search.sort)
    yield "newer", newer_than(shown, place, search.sort)
    yield "older", older_than(shown, place, search.sort)


def _address(pk: int | None, search: Search) -> str:
    """Return the address of a neighbour, with the search; empty for none."""
    if pk is None:
        return ""
    query = search.query_string()
    return reverse("video", args=[pk]) + (f"?{query}" if query else "")


def _moment(text: str, found: Video) -> float | None:
    """Return the moment at which the player starts; None for one that is not in the clip."""
    try:
        seconds = comments.parse_moment(text)
    except comments.BadComment:
        return None
    return seconds if seconds is not None and seconds <= found.duration_seconds else None

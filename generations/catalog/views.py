"""The two pages of the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from generations.catalog import review, selecting
from generations.catalog.access import for_browsers, viewer, visible
from generations.catalog.paging import BadCursor, Cursor, newer_than, older_than, page
from generations.clock import now
from generations.library.naming import known_to
from generations.library.ratings import with_favourite
from generations.library.search import BadSearch, Search, stacked
from generations.library.shots import with_takes
from generations.models import Campaign, GenerationTask, Person, Video

OTHER_TAKES = 6


@require_safe
@for_browsers
def catalog(request: HttpRequest) -> HttpResponse:
    """List what a search finds, one card a shot; without a search the newest. Raises: Http404."""
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    shown = visible(request)
    try:
        search = Search.parse(request.GET)
        ids = search.ids(viewer(request), shown)
    except BadSearch as error:
        return render(request, "catalog/catalog.html", {"bad": error}, status=HTTPStatus.BAD_REQUEST)
    matching = search.among(shown, ids, at=now())
    try:
        found = page(stacked(matching), before=before, after=after, sort=search.sort)
    except BadCursor as error:
        raise Http404 from error
    query = search.query_string()
    if after and not before and found.newer is None:
        # Paging back ends at the full newest page.
        return redirect(reverse("catalog") + (f"?{query}" if query else ""))
    with_takes(found.videos, shown)
    context = {
        "search": search,
        "query": query,
        "chips": search.chips(ids),
        "page": found,
        "first": not (before or after),
        "campaigns": _campaigns(viewer(request), shown, search),
    }
    if "select" in request.GET and request.user.is_authenticated:
        context |= selecting.context(request)
    return render(request, "catalog/catalog.html", context)


def _campaigns(person: Person | AnonymousUser, shown: QuerySet[Video], search: Search) -> QuerySet[Campaign]:
    """Return the campaigns in use that a person may know of, and those that are searched for."""
    if isinstance(person, AnonymousUser):
        return Campaign.objects.none()
    chosen = Q(archived=False) | Q(slug__in=search.values.get("campaign", ()))
    found: QuerySet[Campaign] = known_to(person, "campaign", shown).filter(chosen)
    return found


@require_safe
@for_browsers
def video(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one video: the player, what was ordered, what was made. Raises: Http404."""
    tasks = GenerationTask.objects.with_charged().select_related(
        "prompt", "start_image", "end_image", "ordered_by", "campaign"
    )
    videos = visible(request)
    found = get_object_or_404(with_favourite(videos, viewer(request)).prefetch_related(Prefetch("task", tasks)), pk=pk)
    place, others = Cursor.of(found), videos.exclude(pk=pk)
    context = {
        "video": found,
        "task": found.task,
        "shape": shape(found),
        "panel": review.panel(request, found),
        "newer": newer_than(others, place).first(),
        "older": older_than(others, place).first(),
        "promotions": list(_promotions(others.select_related("task"), found.task)),
        "takes": others.filter(task__prompt=found.task.prompt_id).select_related("task")[:OTHER_TAKES],
    }
    return render(request, "catalog/video.html", context)


def _promotions(videos: QuerySet[Video], task: GenerationTask) -> Iterator[tuple[str, Video]]:
    """Yield the clips of the draft that was promoted to this task, and of the tasks that it was promoted to."""
    related = Q(task__promoted_from=task)
    if task.promoted_from_id:
        related |= Q(task=task.promoted_from_id)
    for video in videos.filter(related).order_by("task_id", "position"):
        yield "Promoted from" if video.task_id == task.promoted_from_id else "Promoted as", video


def shape(video: Video) -> str:
    """Return `wide`, `tall` or `square`, so that the page reserves room before the picture loads."""
    if video.width > video.height * 1.1:
        return "wide"
    return "tall" if video.height > video.width * 1.1 else "square"

"""The two pages of the catalog."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import AnonymousUser
from django.core.validators import slug_re
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from generations.catalog.access import for_browsers, viewer, visible
from generations.catalog.paging import BadCursor, Cursor, newer_than, older_than, page
from generations.models import Campaign, GenerationTask, Video

OTHER_TAKES = 6


@require_safe
@for_browsers
def catalog(request: HttpRequest) -> HttpResponse:
    """List posters, newest first, of one campaign if one is named. Raises: Http404."""
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    slug = request.GET.get("campaign", "")
    if slug and not slug_re.match(slug):
        raise Http404  # PostgreSQL refuses a NUL
    campaign = get_object_or_404(_campaigns(request), slug=slug) if slug else None
    videos = visible(request).select_related("task")
    try:
        found = page(videos.filter(task__campaign=campaign) if campaign else videos, before=before, after=after)
    except BadCursor as error:
        raise Http404 from error
    if after and not before and found.newer is None:
        here = f"?campaign={slug}" if campaign else ""
        return redirect(reverse("catalog") + here)  # paging back ends at the full newest page
    offered = list(_campaigns(request).filter(Q(archived=False) | Q(slug=slug)))
    context = {"page": found, "first": not (before or after), "campaign": campaign, "campaigns": offered}
    return render(request, "catalog/catalog.html", context)


def _campaigns(request: HttpRequest) -> QuerySet[Campaign]:
    """Return the campaigns whose names whoever asks may know: visitors know none."""
    person = viewer(request)
    if isinstance(person, AnonymousUser):
        return Campaign.objects.none()
    return Campaign.objects.exclude(pk__in=Campaign.objects.closed_to(person).values("pk"))


@require_safe
@for_browsers
def video(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one video: the player, what was ordered, what was made. Raises: Http404."""
    tasks = GenerationTask.objects.with_charged().select_related(
        "prompt", "start_image", "end_image", "ordered_by", "campaign"
    )
    videos = visible(request)
    found = get_object_or_404(videos.prefetch_related(Prefetch("task", tasks)), pk=pk)
    place, others = Cursor.of(found), videos.exclude(pk=pk)
    context = {
        "video": found,
        "task": found.task,
        "shape": shape(found),
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

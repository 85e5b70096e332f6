"""The two pages of the catalog."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from generations.catalog.access import for_browsers
from generations.catalog.paging import BadCursor, Cursor, newer_than, older_than, page
from generations.models import GenerationTask, Video

OTHER_TAKES = 6


@require_safe
@for_browsers
def catalog(request: HttpRequest) -> HttpResponse:
    """Posters, newest first."""
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    try:
        found = page(Video.objects.select_related("task"), before=before, after=after)
    except BadCursor as error:
        raise Http404 from error
    if after and not before and found.newer is None:
        return redirect("catalog")  # the way back ends at the newest page, whole
    return render(request, "catalog/catalog.html", {"page": found, "first": not (before or after)})


@require_safe
@for_browsers
def video(request: HttpRequest, pk: int) -> HttpResponse:
    """One video: the player, what was ordered, what came."""
    tasks = GenerationTask.objects.with_charged().select_related("prompt", "start_image", "end_image", "ordered_by")
    found = get_object_or_404(Video.objects.prefetch_related(Prefetch("task", tasks)), pk=pk)
    place, others = Cursor.of(found), Video.objects.exclude(pk=pk)
    context = {
        "video": found,
        "task": found.task,
        "shape": shape(found),
        "newer": newer_than(others, place).first(),
        "older": older_than(others, place).first(),
        "takes": others.filter(task__prompt=found.task.prompt_id).select_related("task")[:OTHER_TAKES],
    }
    return render(request, "catalog/video.html", context)


def shape(video: Video) -> str:
    """`wide`, `tall` or `square`: how the page makes room for the picture before it is loaded."""
    if video.width > video.height * 1.1:
        return "wide"
    return "tall" if video.height > video.width * 1.1 else "square"

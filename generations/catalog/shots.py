"""The page of a shot: its takes side by side, which a card's `4 takes` leads to and shows in its place."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from generations.catalog.access import for_browsers, viewer
from generations.catalog.wrong_addresses import offering
from generations.library.shots import takes_of
from generations.models import Shot


@require_safe
@for_browsers
@offering()
def takes(request: HttpRequest, pk: int) -> HttpResponse:
    """List the takes of a shot that the person may see. Raises: Http404 when there is none."""
    found = list(takes_of(get_object_or_404(Shot, pk=pk), viewer(request)))
    if not found:
        raise Http404
    return render(request, "catalog/takes.html", {"takes": found})

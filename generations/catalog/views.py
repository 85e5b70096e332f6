"""The list of clips."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from generations.catalog import selecting
from generations.catalog.access import for_browsers, viewer, visible
from generations.catalog.paging import BadCursor, page
from generations.clock import now
from generations.library.naming import known_to
from generations.library.search import BadSearch, Search, stacked
from generations.library.shots import with_takes
from generations.models import Campaign, Person, Video


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
        found = page(
            stacked(matching), before=before, after=after, sort=search.sort, by_index=not search.is_rare(matching)
        )
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

"""The list of clips."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from generations.catalog import selecting
from generations.catalog.access import for_browsers, viewer, visible
from generations.catalog.filter_form import OFFERED, days, groups, last_days, words
from generations.catalog.paging import BadCursor, page
from generations.catalog.wrong_addresses import WrongAddress
from generations.library.facets import facets, kept
from generations.library.filters import FILTERS
from generations.library.search import BadSearch, Search, stacked
from generations.library.shots import as_cards
from generations.library.suggestions import suggestions

NAMES = {*FILTERS, "sort", "before", "after", "select"}


@require_safe
@for_browsers
def catalog(request: HttpRequest) -> HttpResponse:
    """List what a search finds, one card a shot; without a search the newest. Raises: WrongAddress."""
    if unknown := request.GET.keys() - NAMES:
        raise WrongAddress(min(unknown))
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    shown, at = visible(request), timezone.now()
    try:
        search = Search.parse(request.GET)
        ids = search.ids(viewer(request), shown, offered=OFFERED)
    except BadSearch as error:
        return render(request, "catalog/catalog.html", {"bad": error}, status=HTTPStatus.BAD_REQUEST)
    matching = search.among(shown, ids, at=at)
    by_index = not kept("rare", matching, lambda: search.is_rare(matching))
    try:
        cards = as_cards(stacked(matching), shown, viewer(request))
        found = page(cards, before=before, after=after, sort=search.sort, by_index=by_index)
    except BadCursor as error:
        raise WrongAddress("before" if before else "after") from error
    query = search.query_string()
    if after and not before and found.newer is None:
        # Paging back ends at the full newest page.
        return redirect(reverse("catalog") + (f"?{query}" if query else ""))
    counted = facets(matching, by_index=by_index)
    is_all = not (before or after or found.older)
    reader = viewer(request)
    context = {
        "search": search,
        "query": query,
        "chips": search.chips(ids),
        "page": found,
        "first": not (before or after),
        "count": len(found.videos) if is_all else counted.shots,
        "total": f"{len(found.videos):,}" if is_all else counted.total,
        "facets": counted,
        "groups": groups(search, counted, ids, signed_in=reader.is_authenticated),
        "days": days(search, at),
        "last_days": last_days(search),
        "words": words(search, counted),
        "suggestions": suggestions(search, shown, ids, at=at) if is_all and not found.videos else [],
    }
    if "select" in request.GET and request.user.is_authenticated:
        context |= selecting.context(request)
    return render(request, "catalog/catalog.html", context)

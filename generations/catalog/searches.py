"""Save the search that is shown, list one's own, delete one."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generations import clock
from generations.catalog.access import visible
from generations.catalog.wrong_addresses import offering
from generations.library import saved_searches
from generations.library.search import BadSearch, Search
from generations.models import Person


@require_safe
@login_required
@offering()
def searches(request: HttpRequest) -> HttpResponse:
    """List the searches that the person saved, each with the address of its feed."""
    rows = [
        (saved, request.build_absolute_uri(reverse("saved_feed", args=[saved.token])))
        for saved in _person(request).saved_searches.all()
    ]
    return render(request, "catalog/searches.html", {"rows": rows})


@require_POST
@login_required
def save_search(request: HttpRequest) -> HttpResponse:
    """Save a search under a name, and return to it."""
    back = reverse("catalog")
    try:
        search = Search.parse(QueryDict(request.POST.get("search", "")))
        search.ids(_person(request), visible(request))
        back += f"?{search.query_string()}"
        saved = saved_searches.save(search, request.POST.get("name", ""), at=clock.now(), by=_person(request))
    except BadSearch as error:
        messages.error(request, _("Not saved. {reason}").format(reason=error.text))
        return redirect(back)
    words = _("Saved as “{name}”. It is listed under Saved searches.").format(name=saved.name)
    messages.success(request, words)
    return redirect(back)


@require_POST
@login_required
def delete_search(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one of the person's searches, and with it its feed. Raises: Http404."""
    saved = get_object_or_404(_person(request).saved_searches, pk=pk)
    saved_searches.delete(saved, at=clock.now(), by=_person(request))
    messages.success(request, _("“{name}” was deleted, and its feed ended.").format(name=saved.name))
    return redirect("searches")


def _person(request: HttpRequest) -> Person:
    """Return who is signed in: `login_required` lets nobody else in."""
    return cast(Person, request.user)

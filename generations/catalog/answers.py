"""What the small writing views share: the clip, who asks, and an answer as JSON or as a page to return to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from generations.catalog.access import visible
from generations.models import Favourite, Person, Video

View = Callable[..., HttpResponseBase]


def for_writers(view: View) -> View:
    """Let only signed-in people POST; a script is told that they must sign in again, a browser is led there."""

    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if wants_json(request):
            return JsonResponse({"error": _("You are signed out. Sign in, then try again.")}, status=401)
        return redirect_to_login(back(request, "/"))

    return guarded


def wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def person_of(request: HttpRequest) -> Person:
    """Return who asks; `for_writers` lets nobody else in."""
    return cast(Person, request.user)


def clip_of(request: HttpRequest, pk: int) -> Video:
    """Return a clip that the person may see. Raises: Http404."""
    return get_object_or_404(visible(request).select_related("task"), pk=pk)


def back(request: HttpRequest, otherwise: str) -> str:
    """Return the address in `next` if it is on this site."""
    address = request.POST.get("next") or request.GET.get("next", "")
    own = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if own else otherwise


def facts(request: HttpRequest, video: Video) -> dict[str, Any]:
    """Return what people decide about a clip, as it is now."""
    row = Video.objects.get(pk=video.pk)
    return {
        "id": row.pk,
        "title": row.title,
        "rating": row.rating,
        "favourite": Favourite.objects.filter(person=person_of(request), video=row).exists(),
        "state": row.state.value,
        "state_label": capfirst(str(row.state.label)),
    }


def done(request: HttpRequest, video: Video, was: dict[str, Any], words: str) -> HttpResponse:
    """Answer a change: what was before and what is now, or the page that it came from with a message."""
    if wants_json(request):
        return JsonResponse({"message": words, "was": was, "now": facts(request, video)})
    messages.success(request, words)
    return redirect(back(request, video.get_absolute_url()))


def refused(request: HttpRequest, video: Video, words: str, *, status: int = 400) -> HttpResponse:
    """Answer that nothing was changed, and why."""
    if wants_json(request):
        return JsonResponse({"error": words}, status=status)
    messages.error(request, words)
    return redirect(back(request, video.get_absolute_url()))

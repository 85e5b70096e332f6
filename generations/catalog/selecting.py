"""Act on the clips that a person selected, or on all that a search finds: rate, tag, collect, approve, compare."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import slug_re
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generations.catalog.access import for_browsers, viewer, visible
from generations.clock import now
from generations.library import bulk
from generations.library.bulk import GONE, Outcome
from generations.library.naming import collections_of
from generations.library.search import BadSearch, Search
from generations.library.shots import as_cards
from generations.models import Collection, Person, Review

COMPARED = range(2, 5)
CARDS = 200  # that an answer draws again: more than a page shows
ID = re.compile(r"\d{1,18}", re.ASCII)  # what the column takes
KEPT = "selected"  # in the session: the selection of a person without JavaScript, until the next page


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done to clips, and the permission that it takes."""

    run: Callable[[Sequence[int], QueryDict, Person], Outcome]
    permission: str = ""


def _rate(ids: Sequence[int], given: QueryDict, by: Person) -> Outcome:
    stars = given.get("stars", "")
    return bulk.rate(ids, int(stars) if stars in {"0", "1", "2", "3", "4", "5"} else -1)


def _decide(verdict: Review) -> Callable[[Sequence[int], QueryDict, Person], Outcome]:
    return lambda ids, given, by: bulk.decide(ids, verdict, at=now(), by=by)


def _collect(ids: Sequence[int], given: QueryDict, by: Person) -> Outcome:
    slug = given.get("collection", "")
    found = collections_of(by).filter(slug=slug).first() if slug_re.match(slug) else None
    if found is None:
        raise ValidationError({"collection": _("Collection: choose one. Nothing was changed.")})
    return bulk.collect(ids, found)


ACTIONS = {
    "rate": Action(_rate),
    "tag": Action(lambda ids, given, by: bulk.tag(ids, given.get("tag", "")), "generations.change_prompt"),
    "untag": Action(lambda ids, given, by: bulk.untag(ids, given.get("tag", "")), "generations.change_prompt"),
    "collect": Action(_collect, "generations.change_collection"),
    "approve": Action(_decide(Review.APPROVED), "generations.review_clips"),
    "reject": Action(_decide(Review.REJECTED), "generations.review_clips"),
}


@require_safe
@for_browsers
def bar(request: HttpRequest) -> HttpResponse:
    """Show what can be done to selected clips; the page's script fetches it with the first selection. Raises: Http404.

    `only` is for lists that are no search, where "all that match" would be all clips.
    """
    if not request.user.is_authenticated:
        raise Http404
    shown = {"collections": _collections(request)} if "only" in request.GET else context(request)
    return render(request, "catalog/_selection.html", shown)


def context(request: HttpRequest) -> dict[str, Any]:
    """Return what the bar of a search shows: how many clips it finds, and the ids that stay selected."""
    shown: dict[str, Any] = {"selecting": True, "collections": _collections(request)}
    try:
        search = Search.parse(request.GET)
        total = len(bulk.found_by(search, viewer(request), at=now()))
    except (BadSearch, ValidationError):
        return shown  # too many to change at once, or none
    return shown | {
        "total": total,
        "search_all": search.query_string(),
        "selected": request.session.pop(KEPT, []),
    }


def _collections(request: HttpRequest) -> QuerySet[Collection]:
    return collections_of(_person(request))


@require_POST
@for_browsers
def act(request: HttpRequest) -> HttpResponseBase:
    """Do one thing to the selected clips, and say to how many. Raises: PermissionDenied."""
    name = request.POST.get("action", "")
    try:
        if name == "compare":
            return redirect(_compared(request))
        if name not in ACTIONS:
            names = ", ".join([*ACTIONS, "compare"])
            raise ValidationError({"action": _("Action: choose one of {names}.").format(names=names)})
        if (needed := ACTIONS[name].permission) and not request.user.has_perm(needed):
            raise PermissionDenied
        ids, gone = _selected(request)
        outcome = ACTIONS[name].run(ids, request.POST, _person(request))
    except ValidationError as error:
        return _refused(request, error)
    outcome.left_out[GONE] += gone
    if not _wants_json(request):
        messages.success(request, str(outcome))
        return _back(request)
    left_out = {reason: count for reason, count in outcome.left_out.items() if count}
    answer = {"text": str(outcome), "changed": outcome.changed, "left_out": left_out, "cards": _cards(request)}
    return JsonResponse(answer)


def _selected(request: HttpRequest) -> tuple[list[int], int]:
    """Return the ids to change, and how many of those that were sent are not there. Raises: ValidationError."""
    if "all" in request.POST:
        try:
            search = Search.parse(QueryDict(request.POST.get("search", "")))
            return bulk.found_by(search, _person(request), at=now()), 0
        except BadSearch as error:
            raise ValidationError({"search": error.text}) from error
    sent = _ids(request)
    found = bulk.visible_ids(sent, visible(request))
    return found, len(sent) - len(found)


def _ids(request: HttpRequest) -> list[int]:
    """Return the ids that were sent, each once. Raises: ValidationError."""
    sent = list(dict.fromkeys(request.POST.getlist("v")))
    if not all(map(ID.fullmatch, sent)):
        raise ValidationError({"v": _("Select clips by their ids, which are numbers. Nothing was changed.")})
    return [int(each) for each in sent]


def _compared(request: HttpRequest) -> str:
    """Return the address that compares the selected clips. Raises: ValidationError."""
    ids = _ids(request)
    if len(ids) not in COMPARED:
        words = _("Select {least} to {most} clips to compare.").format(least=COMPARED[0], most=COMPARED[-1])
        raise ValidationError({"v": words})
    try:
        return f"{reverse('compare')}?{urlencode([('v', pk) for pk in ids])}"
    except NoReverseMatch as error:
        raise ValidationError({"action": _("Clips cannot be compared here.")}) from error


def _cards(request: HttpRequest) -> dict[int, str]:
    """Return the cards of the clips that the page showed as selected, as they are now."""
    shown = visible(request)
    found = as_cards(shown.filter(pk__in=_ids(request)[:CARDS]), shown, _person(request))
    return {video.pk: render_to_string("catalog/_card.html", {"video": video}, request) for video in found}


def _refused(request: HttpRequest, error: ValidationError) -> HttpResponseBase:
    if _wants_json(request):
        return JsonResponse({"errors": error.message_dict}, status=400)
    messages.error(request, " ".join(error.messages))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponseBase:
    """Return to the page, where the same clips are selected."""
    request.session[KEPT] = [int(each) for each in request.POST.getlist("v")[:CARDS] if ID.fullmatch(each)]
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return redirect(target if safe else "catalog")


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # `for_browsers` asks others to sign in before they write

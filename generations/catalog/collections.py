"""The pages of collections: their list, one of them, its rough cut, its ZIP and its cut lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generations import clock, formats
from generations.catalog import zips
from generations.catalog.access import for_browsers, viewer, visible
from generations.catalog.answers import back
from generations.catalog.wrong_addresses import offering
from generations.library import bulk, collections, cut_lists
from generations.library.cut_lists import Cut
from generations.library.download_names import download_names
from generations.library.naming import collections_of
from generations.library.search import BadSearch, Search
from generations.library.shots import as_cards
from generations.models import Collection, Folder, Person

CUT_LISTS: dict[str, Callable[..., str]] = {"otio": cut_lists.as_otio, "edl": cut_lists.as_edl}
STEPS = {"earlier": -1, "later": 1}


def member(request: HttpRequest) -> Person:
    """Return the person who is signed in; collections are for them. Raises: Http404."""
    person = viewer(request)
    if not isinstance(person, Person):
        raise Http404
    return person


def found(request: HttpRequest, slug: str) -> Collection:
    """Return a collection that the person may open. Raises: Http404."""
    collection = collections_of(member(request)).select_related("folder", "cover").filter(slug=slug).first()
    if collection is None:
        raise Http404
    return collection


def to_change(request: HttpRequest, slug: str) -> Collection:
    """Return a collection that the person may change. Raises: Http404, PermissionDenied."""
    collection = found(request, slug)
    if not request.user.has_perm("generations.change_collection"):
        raise PermissionDenied
    return collection


@for_browsers
@offering()
def collection_list(request: HttpRequest) -> HttpResponse:
    """List the collections by folder; POST makes one. Raises: Http404, PermissionDenied."""
    person, errors = member(request), {}
    may_add = request.user.has_perm("generations.add_collection")
    if request.method == "POST":
        if not may_add:
            raise PermissionDenied
        try:
            return redirect(collections.create(request.POST.get("name", ""), at=clock.now(), by=person))
        except ValidationError as error:
            errors = error.message_dict
    shown = collections.with_covers(collections_of(person), visible(request))
    context = {"collections": shown, "may_add": may_add, "errors": errors, "name": request.POST.get("name", "")}
    return render(request, "collections/list.html", context, status=400 if errors else 200)


@require_safe
@for_browsers
@offering()
def collection(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a collection in its order. Raises: Http404."""
    return _page(request, found(request, slug))


def _page(request: HttpRequest, shown: Collection, errors: dict[str, list[str]] | None = None) -> HttpResponse:
    may_see = visible(request)
    clips = list(as_cards(collections.clips_of(shown, may_see), may_see, viewer(request)))
    context = {
        "collection": shown,
        "videos": clips,
        "length": formats.clock(sum(clip.duration_seconds for clip in clips)),
        "may_change": request.user.has_perm("generations.change_collection"),
        "folders": Folder.objects.all(),
        "errors": errors or {},
    }
    return render(request, "collections/collection.html", context, status=400 if errors else 200)


@require_POST
@for_browsers
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change name, description, folder and cover. Raises: Http404, PermissionDenied."""
    changed, given = to_change(request, slug), request.POST
    try:
        collections.describe(
            changed, name=given.get("name", ""), description=given.get("description", ""),
            folder=given.get("folder", ""), cover=_ids(request, "cover")[:1], visible=visible(request),
        )  # fmt: skip
    except ValidationError as error:
        return _page(request, changed, error.message_dict)
    return redirect(changed)


@require_POST
@for_browsers
def add(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Put the clips `v` at the end. Raises: Http404, PermissionDenied."""
    changed = to_change(request, slug)
    ids = _ids(request)
    chosen = visible(request).filter(pk__in=ids).in_bulk()
    return _done(request, changed, lambda: collections.add(changed, [chosen[pk] for pk in ids if pk in chosen]))


@require_POST
@for_browsers
def remove(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Take the clips `v` out. Raises: Http404, PermissionDenied."""
    changed = to_change(request, slug)
    chosen = visible(request).filter(pk__in=_ids(request)).values_list("pk", flat=True)
    return _done(request, changed, lambda: collections.remove(changed, list(chosen)))


@require_POST
@for_browsers
def order(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Move one clip a step (`step`: earlier, later), or give all in their new order as `v`.

    Raises: Http404, PermissionDenied.
    """
    changed, step = to_change(request, slug), request.POST.get("step", "")

    def apply() -> None:
        among = list(collections.clips_of(changed, visible(request)).values_list("pk", flat=True))
        if step not in STEPS:
            return collections.reorder(changed, _ids(request), among)
        return collections.move(changed, next(iter(_ids(request)), 0), STEPS[step], among)

    return _done(request, changed, apply)


@require_safe
@for_browsers
def rough_cut(request: HttpRequest, slug: str) -> HttpResponse:
    """Play a collection's clips one after another. Raises: Http404."""
    shown = found(request, slug)
    clips = [clip for clip in collections.clips_of(shown, visible(request)) if not clip.damage]
    playlist = [{"src": clip.url, "title": clip.title, "poster": clip.poster_url} for clip in clips]
    return render(request, "collections/rough_cut.html", {"collection": shown, "videos": clips, "playlist": playlist})


@require_safe
@for_browsers
def download(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the clips as a ZIP of numbered files, with the cut lists. Raises: Http404."""
    shown = found(request, slug)
    cuts = _cuts(request, shown)
    stem = slugify(shown.name) or shown.slug
    texts = {f"{stem}.{suffix}": write(shown.name, cuts) for suffix, write in CUT_LISTS.items()}
    return zips.send(request, [(cut.file, cut.video) for cut in cuts], name=f"{stem}.zip", texts=texts)


@require_safe
@for_browsers
def cut_list(request: HttpRequest, slug: str, suffix: str) -> HttpResponse:
    """Send a cut list. Raises: Http404."""
    shown = found(request, slug)
    response = HttpResponse(
        CUT_LISTS[suffix](shown.name, _cuts(request, shown)), content_type="text/plain; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{shown.slug}.{suffix}"'
    return response


@for_browsers
def selection(request: HttpRequest) -> HttpResponseBase:
    """Send the clips `v`, or `all` that a `search` finds, as a ZIP. Raises: Http404 when none of them may be seen."""
    given = request.GET if request.method in ("GET", "HEAD") else request.POST
    try:
        ids = _found(request, given.get("search", "")) if "all" in given else _ids(request, given=given)
        return zips.send_clips(request, ids, visible(request))
    except ValidationError as error:
        if "next" not in given:
            return HttpResponse("\n".join(error.messages), status=400, content_type="text/plain; charset=utf-8")
        messages.error(request, " ".join(error.messages))
        return redirect(back(request, reverse("catalog")))


def _found(request: HttpRequest, search: str) -> list[int]:
    """Return the ids of the clips that stand in front in a search. Raises: ValidationError."""
    try:
        return bulk.found_by(Search.parse(QueryDict(search)), viewer(request), at=clock.now(), most=zips.MOST_CLIPS)
    except BadSearch as error:
        raise ValidationError({"search": _("{reason} Nothing was sent.").format(reason=error.text)}) from error
    except ValidationError as error:
        text = _("At most {n} clips fit into one ZIP, and this search finds more. Nothing was sent.")
        raise ValidationError({"all": text.format(n=zips.MOST_CLIPS)}) from error


def _cuts(request: HttpRequest, shown: Collection) -> list[Cut]:
    clips = list(collections.clips_of(shown, visible(request)))
    names = download_names(clip.pk for clip in clips)
    return [Cut(clip, f"{number:04d}_{names[clip.pk]}") for number, clip in enumerate(clips, 1)]


def _ids(request: HttpRequest, field: str = "v", given: Any = None) -> list[int]:
    values = (request.POST if given is None else given).getlist(field)
    return [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 16]


def _done(request: HttpRequest, changed: Collection, action: Callable[[], object]) -> HttpResponseBase:
    """Do it, and answer a script with JSON and a form with the page."""
    wants_json = request.accepts("application/json") and not request.accepts("text/html")
    try:
        count = action()
    except ValidationError as error:
        if wants_json:
            return JsonResponse({"errors": error.message_dict}, status=400)
        return _page(request, changed, error.message_dict)
    return JsonResponse({"done": count}) if wants_json else redirect(changed)

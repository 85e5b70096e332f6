"""Atom feeds: of published clips, and of a saved search under its secret address.

The published one is for those who may browse: everybody where CATALOG_PUBLIC says so, else those who are signed in.
A feed reader has no session, so the files of a saved search's clips are below the secret address too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.feedgenerator import Atom1Feed, Enclosure
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from generations import clock
from generations.catalog.access import PUBLIC_SECONDS, may_browse, visible
from generations.catalog.media import clip_of, plain_name, send
from generations.catalog.shares import HEADERS, UNCACHED
from generations.library.comments import clean
from generations.library.search import BadSearch, Search, stacked
from generations.models import SavedSearch, Video

LENGTH = 50  # of the newest clips
AUTHOR = "Kling Studio"


@dataclass(frozen=True, slots=True)
class Clips:
    """What a feed lists: its name, its own address and its page, and the absolute address that files are below."""

    title: str
    link: str
    feed_url: str
    files: str
    videos: Iterable[Video]


class ClipFeed(Feed):  # type: ignore[type-arg]
    """An Atom feed of clips, each with its file."""

    feed_type = Atom1Feed
    author_name = AUTHOR

    def __init__(self, clips: Clips) -> None:
        self.clips = clips

    def title(self) -> str:
        return clean(self.clips.title)

    def link(self) -> str:
        return self.clips.link

    def feed_url(self) -> str:
        return self.clips.feed_url

    def items(self) -> Iterable[Video]:
        return self.clips.videos

    def item_title(self, item: Any) -> str:
        return clean(item.title)

    def item_description(self, item: Any) -> str:
        return clean(item.description)

    def item_pubdate(self, item: Video) -> datetime:
        return item.published_at or item.created_at

    item_updateddate = item_pubdate

    def item_enclosures(self, item: Any) -> list[Enclosure]:
        if item.damage:
            return []
        return [Enclosure(f"{self.clips.files}{item.file}", str(item.size_bytes), "video/mp4")]


@require_safe
def published(request: HttpRequest) -> HttpResponse:
    """List the newest published clips. Raises: Http404 for those who may not browse."""
    if not may_browse(request.user):
        raise Http404
    videos = visible(request).filter(published_at__isnull=False).order_by("-published_at", "-pk")[:LENGTH]
    clips = Clips(
        _("Published clips"), reverse("catalog"), reverse("published_feed"),
        request.build_absolute_uri(reverse("media", args=["x"])).removesuffix("x"), videos,
    )  # fmt: skip
    response: HttpResponse = ClipFeed(clips)(request)
    patch_vary_headers(response, ["Cookie"])
    if request.user.is_authenticated:
        patch_cache_control(response, private=True)
    else:
        patch_cache_control(response, public=True, max_age=PUBLIC_SECONDS)
    return response


@require_safe
def saved(request: HttpRequest, token: str) -> HttpResponse:
    """List what a saved search finds for its person. Raises: Http404."""
    search = _saved_search(token)
    found, address = _videos(search)
    clips = Clips(
        search.name, f"{reverse('catalog')}?{address}", reverse("saved_feed", args=[token]),
        request.build_absolute_uri(reverse("feed_file", args=[token, "x"])).removesuffix("x"),
        stacked(found).order_by("-created_at", "-pk")[:LENGTH],
    )  # fmt: skip
    response: HttpResponse = ClipFeed(clips)(request)
    _hide(response)
    return response


@require_safe
def file(request: HttpRequest, token: str, path: str) -> HttpResponseBase:
    """Send a file of a clip that a saved search finds for its person. Raises: Http404."""
    video = clip_of(path, _videos(_saved_search(token))[0])
    response = send(request, video, path, cache=UNCACHED, name=plain_name(video))
    _hide(response)
    return response


def _saved_search(token: str) -> SavedSearch:
    if "\0" in token:
        raise Http404  # PostgreSQL refuses it
    return get_object_or_404(SavedSearch.objects.select_related("person"), token=token, person__is_active=True)


def _videos(saved: SavedSearch) -> tuple[Any, str]:
    """Return what is found now, and the search's address."""
    try:
        search = Search.parse(QueryDict(saved.search))
        return search.videos(saved.person, at=clock.now()), search.query_string()
    except BadSearch:
        return Video.objects.none(), ""  # it names what its person may no longer see, or what is gone


def _hide(response: HttpResponseBase) -> None:
    for name, value in HEADERS.items():
        response[name] = value

"""Serve stored files to those who may see them, and start images to the provider that fetches them."""

from __future__ import annotations

import logging
from functools import reduce
from operator import or_

from django.core.signing import BadSignature
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from generations.catalog.access import PUBLIC_SECONDS, may_browse, viewer, visible
from generations.catalog.files import FIXED_HEADERS, PRIVATE, serve
from generations.library.download_names import FIELDS, download_name, filled
from generations.media.store import STORED_NAME
from generations.models import ReferenceImage, Video
from generations.models.images import LINK_LIFE_SECONDS, SIGNER

logger = logging.getLogger(__name__)

PUBLIC = f"public, max-age={PUBLIC_SECONDS}"
# The columns that name files, by the folder of the files.
FILES_OF_A_CLIP = {"videos": ("file",), "posters": ("poster", "poster_small"), "previews": ("preview",)}


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a clip, its pictures, or a start image. Raises: Http404 when it does not exist or one may not see it."""
    if not may_browse(request.user):
        raise Http404  # before anything is looked up
    if path.startswith("images/"):
        return _start_image(request, path)
    video = clip_of(path, visible(request))
    if not request.user.is_authenticated:
        return send(request, video, path, cache=PUBLIC, name=plain_name(video))
    return send(request, video, path, cache=PRIVATE)


def clip_of(path: str, videos: QuerySet[Video]) -> Video:
    """Return the one of these clips that a stored file belongs to. Raises: Http404.

    Rows are the gate; STORED_NAME keeps a wrong row from opening `tmp/`, `..` or an absolute path.
    """
    found = STORED_NAME.fullmatch(path)
    if not found or found[1] not in FILES_OF_A_CLIP:
        raise Http404
    of_path = reduce(or_, (Q((column, path)) for column in FILES_OF_A_CLIP[found[1]]))
    video = videos.filter(of_path).only("file", "title", "sha256", "size_bytes", "damage").first()
    if video is None:
        raise Http404
    return video


def send(request: HttpRequest, video: Video, path: str, *, cache: str, name: str = "") -> HttpResponseBase:
    """Send a file of a clip; the clip itself as a download, under a name, when that is asked for. Raises: Http404."""
    if path != video.file:
        return serve(request, path, cache=cache)
    if video.damage or _is_cut(video):
        return damaged()
    download_as = (name or download_name(video.pk)) if "download" in request.GET else ""
    return serve(request, path, sha256=video.sha256, download_as=download_as, cache=cache)


def plain_name(video: Video) -> str:
    """Return a download's name for people of whom the site knows nothing: without campaign, model and date."""
    return filled("{title}_{id}", {**dict.fromkeys(FIELDS, ""), "title": video.title, "id": str(video.pk)})


def _start_image(request: HttpRequest, path: str) -> HttpResponseBase:
    """Send an uploaded image, which only staff see."""
    if not viewer(request).is_staff or not STORED_NAME.fullmatch(path):
        raise Http404
    image = get_object_or_404(ReferenceImage, file=path)
    return serve(request, str(image.file))


@require_safe
def reference_image(request: HttpRequest, signed: str, extension: str) -> HttpResponseBase:
    """Serve a start image to a provider, for whom the signed link is the permission. Raises: Http404."""
    try:
        pk = int(SIGNER.unsign(signed, max_age=LINK_LIFE_SECONDS))
    except (BadSignature, ValueError) as error:
        raise Http404 from error
    image = get_object_or_404(ReferenceImage, pk=pk)
    if image.extension != extension:
        raise Http404
    return serve(request, str(image.file))


def damaged() -> HttpResponse:
    """Refuse a damaged clip, uncached: a repair may come at any time."""
    words = _("This clip's file is damaged, so it is not shown. The admin says what is wrong with it.")
    headers = {**FIXED_HEADERS, "Cache-Control": "no-store", "Accept-Ranges": "none"}
    return HttpResponse(f"{words}\n", status=410, headers=headers, content_type="text/plain; charset=utf-8")


def _is_cut(video: Video) -> bool:
    """Return whether the file's size differs from its row's; the daily comparison reads the bytes."""
    try:
        size = video.file.size
    except OSError:
        return False  # `serve` answers for a missing file
    if size != video.size_bytes:
        logger.error("video %s has %s bytes instead of %s: %s", video.pk, size, video.size_bytes, video.file)
    return size != video.size_bytes

"""Serve stored files to those who may see them, and start images to the provider that fetches them."""

from __future__ import annotations

import logging

from django.core.signing import BadSignature
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from generations.catalog.access import may_browse, may_open
from generations.catalog.files import FIXED_HEADERS, serve
from generations.library.download_names import download_name
from generations.media.store import STORED_NAME
from generations.models import ReferenceImage, Video
from generations.models.images import LINK_LIFE_SECONDS, SIGNER

logger = logging.getLogger(__name__)


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a clip, a poster or a start image. Raises: Http404 when it does not exist or the person may not see it.

    Rows are the gate; STORED_NAME keeps a wrong row from opening `tmp/`, `..` or an absolute path.
    """
    row = _row_of(path) if may_browse(request.user) else None
    if row is None or not may_open(request.user, row):
        raise Http404
    if isinstance(row, Video) and path == row.file:
        if row.damage or _is_cut(row):
            return damaged()
        name = download_name(row.pk) if "download" in request.GET else ""
        return serve(request, path, sha256=row.sha256, download_as=name)
    return serve(request, path)


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
    words = "This clip's file is damaged, so it is not shown. The admin says what is wrong with it.\n"
    headers = {**FIXED_HEADERS, "Cache-Control": "no-store", "Accept-Ranges": "none"}
    return HttpResponse(words, status=410, headers=headers, content_type="text/plain; charset=utf-8")


def _is_cut(video: Video) -> bool:
    """Return whether the file's size differs from its row's; the daily comparison reads the bytes."""
    try:
        size = video.file.size
    except OSError:
        return False  # `serve` answers for a missing file
    if size != video.size_bytes:
        logger.error("video %s has %s bytes instead of %s: %s", video.pk, size, video.size_bytes, video.file)
    return size != video.size_bytes


def _row_of(path: str) -> Video | ReferenceImage | None:
    found = STORED_NAME.fullmatch(path)
    if not found:
        return None
    if found[1] == "images":
        return ReferenceImage.objects.filter(file=path).first()
    of_path = Q(file=path) if found[1] == "videos" else Q(poster=path) | Q(poster_small=path)
    return Video.objects.filter(of_path).only("file", "sha256", "size_bytes", "damage").first()

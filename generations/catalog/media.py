"""Serve stored files to those who may see them, and start images to the provider that fetches them."""

from __future__ import annotations

import logging

from django.core.signing import BadSignature
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from generations.catalog.access import may_browse, may_open
from generations.catalog.files import FIXED_HEADERS, serve
from generations.media.store import STORED_NAME
from generations.models import ReferenceImage, Video
from generations.models.images import LINK_LIFE_SECONDS, SIGNER

logger = logging.getLogger(__name__)

NAME_LENGTH = 80  # of a download, before its number: file systems end at 255 bytes, and a letter may take four


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a clip, a poster or a start image; 404 to whoever may not see it, as if it were not there.

    Rows are the gate; STORED_NAME keeps a wrong row from opening `tmp/`, `..` or an absolute path.
    """
    row = _row_of(path) if may_browse(request.user) else None
    if row is None or not may_open(request.user, row):
        raise Http404
    if isinstance(row, Video) and path == row.file:
        if row.damage or _is_cut(row):
            return damaged()
        name = download_name(row) if "download" in request.GET else ""
        return serve(request, path, sha256=row.sha256, download_as=name)
    return serve(request, path)


@require_safe
def reference_image(request: HttpRequest, signed: str, extension: str) -> HttpResponseBase:
    """Serve a start image to the provider, which has no account here: the signed link is its permission."""
    try:
        pk = int(SIGNER.unsign(signed, max_age=LINK_LIFE_SECONDS))
    except (BadSignature, ValueError) as error:
        raise Http404 from error
    image = get_object_or_404(ReferenceImage, pk=pk)
    if image.extension != extension:
        raise Http404
    return serve(request, str(image.file))


def download_name(video: Video) -> str:
    """`neon-rain-market-17.mp4`: words of the title and the number, with nothing that a shell or a header minds."""
    words = slugify(video.title, allow_unicode=True)[:NAME_LENGTH].rstrip("-")
    return f"{words or 'video'}-{video.pk}.mp4"


def damaged() -> HttpResponse:
    """Refuse a damaged clip: better no clip than a wrong one. It may be repaired at any time, so nothing is cached."""
    words = "This clip's file is damaged, so it is not shown. The admin says what is wrong with it.\n"
    headers = {**FIXED_HEADERS, "Cache-Control": "no-store", "Accept-Ranges": "none"}
    return HttpResponse(words, status=410, headers=headers, content_type="text/plain; charset=utf-8")


def _is_cut(video: Video) -> bool:
    """Whether the file has another size than its row says; the daily comparison reads its bytes."""
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
    return Video.objects.filter(of_path).only("file", "title", "sha256", "size_bytes", "damage").first()

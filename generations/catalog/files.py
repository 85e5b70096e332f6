"""Send stored files, complete or in part, so that browsers cache them and never run them as our pages."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files import File
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe

from generations.catalog.ranges import Unsatisfiable, parse_range
from generations.media.store import Damaged, store

logger = logging.getLogger(__name__)

CONTENT_TYPES = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
CHUNK_BYTES = 128 * 1024  # what a player that seeks wastes at most
MAX_AGE_SECONDS = 3600  # names are never reused, but a permission may end
PRIVATE = f"private, max-age={MAX_AGE_SECONDS}"
# A file that is opened directly is a page, which may show itself and run nothing. The style is the browser's, and
# without our origin its player may not fetch the clip.
FILE_POLICY = (
    "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
    "sandbox allow-same-origin"
)
FIXED_HEADERS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": PRIVATE,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": FILE_POLICY,
}


class Part:
    """A part of a file from its position on, as a file of its own; Django closes it with the response.

    A web server that takes files (`wsgi.file_wrapper`) reads it as it is sent, and no thread waits for its reader.
    """

    def __init__(self, file: File[Any], length: int) -> None:
        self.file, self.start = file, file.tell()
        self.stop = self.start + length

    def read(self, size: int = -1) -> bytes:
        left = max(0, self.stop - self.file.tell())
        content: bytes = self.file.read(left if size < 0 else min(size, left))
        return content

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        position: int = self.file.tell() - self.start
        return position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        begins = {os.SEEK_SET: self.start, os.SEEK_CUR: self.file.tell(), os.SEEK_END: self.stop}
        self.file.seek(begins[whence] + offset)
        return self.tell()

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(CHUNK_BYTES):
            yield chunk

    def close(self) -> None:
        self.file.close()


class PartResponse(StreamingHttpResponse):
    """An answer with a part of a file, which Django hands to a web server that takes files."""

    block_size = CHUNK_BYTES

    def __init__(self, part: Part, **more: Any) -> None:
        super().__init__(part, **more)
        self.file_to_stream = part


def serve(
    request: HttpRequest, name: str, *, sha256: str = "", download_as: str = "", cache: str = PRIVATE
) -> HttpResponseBase:
    """Send a file, or the requested part of it (RFC 9110); `cache` says who may keep it, and how long.

    Raises: Http404 for a missing file, which is logged.
    """
    try:
        file = store.open(name)
    except Damaged as error:
        logger.error("%s cannot be sent: %s", name, error)
        raise Http404 from error
    if settings.ACCEL_REDIRECT:
        response = _handed_over(name)
    else:
        response = _answer(request, file, _content_type(name), sha256)
    if not response.streaming:
        file.close()
    response["Cache-Control"] = cache
    if download_as and response.status_code in (200, 206):
        response["Content-Disposition"] = content_disposition_header(True, download_as)
    return response


def _handed_over(name: str) -> HttpResponseBase:
    """Tell nginx to send a file: ranges, conditions, length and dates are its own."""
    headers = {name: value for name, value in FIXED_HEADERS.items() if name != "Accept-Ranges"}
    response = HttpResponse(headers=headers, content_type=_content_type(name))
    response["X-Accel-Redirect"] = f"{settings.ACCEL_REDIRECT}/{name}"
    return response


def _content_type(name: str) -> str:
    return CONTENT_TYPES.get(PurePath(name).suffix, "application/octet-stream")


def _answer(request: HttpRequest, file: File[Any], content_type: str, sha256: str) -> HttpResponseBase:
    facts = os.fstat(file.fileno())
    size, modified = facts.st_size, int(facts.st_mtime)
    etag = f'"{sha256}"' if sha256 else f'"{facts.st_mtime_ns:x}-{size:x}"'
    headers = {**FIXED_HEADERS, "ETag": etag, "Last-Modified": http_date(modified), "Content-Length": str(size)}
    complete = HttpResponse(headers=headers, content_type=content_type)
    conditional = get_conditional_response(request, etag=etag, last_modified=modified, response=complete)
    if conditional is not None and (conditional is not complete or request.method == "HEAD"):
        return conditional  # 304, 412, or only headers
    wanted = None
    if "Range" in request.headers and _still_the_same(request.headers.get("If-Range", ""), etag, modified):
        try:
            wanted = parse_range(request.headers["Range"], size)
        except Unsatisfiable:
            return HttpResponse(status=416, headers={**FIXED_HEADERS, "Content-Range": f"bytes */{size}"})
    return _streamed(file, complete, wanted, size)


def _streamed(file: File[Any], complete: HttpResponse, wanted: range | None, size: int) -> HttpResponseBase:
    part = range(size) if wanted is None else wanted
    file.seek(part.start)
    response = PartResponse(Part(file, len(part)), headers=dict(complete.items()))
    response["Content-Length"] = len(part)
    if wanted is not None:
        response.status_code = 206
        response["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return response


def _still_the_same(if_range: str, etag: str, modified: int) -> bool:
    """Return whether the client's part is of this file; never for a weak tag or another date (RFC 9110, 13.1.5)."""
    if not if_range or if_range == etag:
        return True
    return parse_http_date_safe(if_range) == modified

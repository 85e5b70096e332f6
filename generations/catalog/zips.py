"""Send clips as one ZIP of stored members: its length is known beforehand, so a download that broke off is resumed.

Nothing of it is kept in memory or on the disk. A resumed one reads the files from the start again, for the checksums.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from zipstream import ZIP_STORED, ZipStream

from generations.catalog.ranges import Unsatisfiable, parse_range
from generations.library.download_names import download_names
from generations.media.store import Damaged, Unreadable, store
from generations.models import Video

logger = logging.getLogger(__name__)

AT_ONCE = 4  # of one process: a ZIP to a slow reader holds one of the web server's threads for long
MOST_CLIPS = 500
LEFT_OUT = "NOT INCLUDED.txt"
BUSY = gettext_lazy("Several ZIP files are being downloaded right now. Try again in a minute.")
slots = threading.BoundedSemaphore(AT_ONCE)


class Slot:
    """The right to send a ZIP, and the folder of its texts; given back once, whoever ends it."""

    def __init__(self) -> None:
        self.folder = TemporaryDirectory(prefix="zip-")
        self._end = ExitStack()
        self._end.callback(slots.release)
        self._end.callback(self.folder.cleanup)

    def end(self) -> None:
        self._end.pop_all().close()


class Parts:
    """A ZIP from a position on; Django closes it with the response, also when the reader goes away."""

    def __init__(self, stream: ZipStream, skip: int, length: int, slot: Slot) -> None:
        self.stream, self.skip, self.left, self.slot = stream, skip, length, slot

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self.stream:
                part = chunk[self.skip :][: self.left]
                self.skip = max(0, self.skip - len(chunk))
                self.left -= len(part)
                if part:
                    yield part
                if not self.left:
                    return
        finally:
            self.close()

    def close(self) -> None:
        self.slot.end()


def send(
    request: HttpRequest, clips: Sequence[tuple[str, Video]], *, name: str, texts: Mapping[str, str] | None = None
) -> HttpResponseBase:
    """Send clips, each under a name, and texts as one ZIP, or the part of it that is asked for.

    Damaged clips are left out, and a text in the ZIP names them.
    """
    if not slots.acquire(blocking=False):
        return HttpResponse(f"{BUSY}\n", status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "60"},
                            content_type="text/plain; charset=utf-8")  # fmt: skip
    slot = Slot()
    try:
        stream, etag = _build(clips, texts or {}, Path(slot.folder.name))
        response = _answer(request, stream, etag, slot)
    except BaseException:
        slot.end()
        raise
    if not response.streaming:
        slot.end()
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response


def send_clips(request: HttpRequest, ids: Sequence[int], among: QuerySet[Video]) -> HttpResponseBase:
    """Send clips by their ids, under their download names. Raises: ValidationError when too many; Http404 when none."""
    if len(ids) > MOST_CLIPS:
        text = _("At most {n} clips fit into one ZIP, and more were chosen. Nothing was sent.")
        raise ValidationError({"v": text.format(n=MOST_CLIPS)})
    chosen = among.filter(pk__in=ids).in_bulk()
    if not chosen:
        raise Http404
    names = download_names(chosen)
    return send(request, [(names[pk], chosen[pk]) for pk in dict.fromkeys(ids) if pk in chosen], name="clips.zip")


def _build(clips: Sequence[tuple[str, Video]], texts: Mapping[str, str], folder: Path) -> tuple[ZipStream, str]:
    """Return the ZIP and its entity tag: the same content has the same bytes and the same tag."""
    stream, digest = ZipStream(compress_type=ZIP_STORED, sized=True), hashlib.sha256()
    missing = []
    for arcname, video in clips:
        problem = video.damage or _problem(video)
        if problem:
            missing.append(f"{arcname}: {problem}")
            continue
        stream.add_path(store.path(str(video.file)), arcname, recurse=False)
        digest.update(f"{arcname}\0{video.sha256}\0".encode())
    texts = dict(texts) | ({LEFT_OUT: "\n".join(missing) + "\n"} if missing else {})
    for arcname, text in texts.items():
        file = folder / hashlib.sha256(arcname.encode()).hexdigest()
        file.write_text(text, encoding="utf-8", newline="")
        os.utime(file, (0, 0))  # else the bytes of a resumed download would differ by its date
        stream.add_path(file, arcname, recurse=False)
        digest.update(f"{arcname}\0{text}\0".encode())
    return stream, f'"{digest.hexdigest()}"'


def _problem(video: Video) -> str:
    """Return why a clip's file cannot be sent; empty when it can."""
    try:
        store.check(str(video.file), size=video.size_bytes)
    except (Damaged, Unreadable) as error:
        logger.error("clip %s is left out of a ZIP: %s", video.pk, error)
        return str(error)
    return ""


def _answer(request: HttpRequest, stream: ZipStream, etag: str, slot: Slot) -> HttpResponseBase:
    size = len(stream)
    headers = {"Accept-Ranges": "bytes", "ETag": etag, "Cache-Control": "private, no-store",
               "X-Content-Type-Options": "nosniff"}  # fmt: skip
    wanted = None
    if "Range" in request.headers and request.headers.get("If-Range", etag) == etag:
        try:
            wanted = parse_range(request.headers["Range"], size)
        except Unsatisfiable:
            return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    part = range(size) if wanted is None else wanted
    headers["Content-Length"] = str(len(part))
    if request.method == "HEAD":
        return HttpResponse(headers=headers, content_type="application/zip")
    parts = Parts(stream, part.start, len(part), slot)
    response = StreamingHttpResponse(parts, headers=headers, content_type="application/zip")
    if wanted is not None:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return response

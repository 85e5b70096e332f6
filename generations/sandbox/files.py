"""Serve result files as a CDN does, with HEAD, ranges, ETags and expiry, and apply the faults of downloads."""

import re
from dataclasses import dataclass
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path

from .orders import Orders
from .tasks import Clip, Task
from .wire import Answer, Request, as_text

CUT = 0.6  # the part of a file that `[truncated file]` and similar faults send
_NAME = re.compile(r"^/files/(?P<task>[\w.-]+)-(?P<number>\d+)-(?P<nonce>[0-9a-f]{12})\.mp4$")
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")

NOT_A_VIDEO = "<!doctype html><title>Just a moment...</title><p>Checking your browser before accessing this file."


@dataclass(frozen=True)
class Part:
    """A part of a file: `length` bytes are announced, `sent` bytes are sent before the connection closes."""

    path: Path
    start: int
    length: int
    sent: int


def nonce(task: Task, number: int, generation: int) -> str:
    """Return the unguessable part of a result's URL, computed so that it is the same after a restart."""
    return sha256(f"{task.id}/{number}/{generation}/{task.created_at}".encode()).hexdigest()[:12]


def address(task: Task, number: int, generation: int) -> str:
    return f"/files/{task.id}-{number}-{nonce(task, number, generation)}.mp4"


class Files:
    """Answers requests for result files."""

    def __init__(self, directory: Path, providers: list[Orders]) -> None:
        self.directory = directory
        self._providers = providers

    def answer(self, request: Request) -> tuple[Answer, Part | None]:
        """Return the answer's head, and the part of a file to send after it."""
        match = _NAME.match(request.path)
        found = self._find(match["task"], int(match["number"])) if match else None
        if match is None or found is None:
            return as_text(404, "Not found"), None
        orders, task, clip = found
        refusal = self._refuse(orders, task, int(match["number"]), match["nonce"])
        if refusal is not None:
            return refusal, None
        if "html file" in task.faults:
            return as_text(200, NOT_A_VIDEO, "text/html; charset=utf-8"), None
        path = self.directory / clip.name
        try:
            size, made_at = path.stat().st_size, path.stat().st_mtime
        except FileNotFoundError:
            return as_text(404, "Not found"), None
        return _file_part(request, orders, task, path, size, made_at)

    def _find(self, task_id: str, number: int) -> tuple[Orders, Task, Clip] | None:
        for orders in self._providers:
            task = orders.tasks.get(task_id)
            if task is not None and number < len(task.clips):
                return orders, task, task.clips[number]
        return None

    def _refuse(self, orders: Orders, task: Task, number: int, given: str) -> Answer | None:
        orders.finish_due()
        if task.finished_at is None or given not in (nonce(task, number, 0), nonce(task, number, 1)):
            return as_text(404, "Not found")
        if "expired" in task.faults or orders.is_expired(task):
            return as_text(403, "Request has expired")
        if "fresh url" in task.faults and given == nonce(task, number, 0):
            return as_text(410, "Gone")
        return None


def _file_part(
    request: Request, orders: Orders, task: Task, path: Path, size: int, made_at: float
) -> tuple[Answer, Part | None]:
    whole = 0 if "empty file" in task.faults else int(size * CUT) if "short file" in task.faults else size
    etag = f'"{path.stem}-{whole:x}"'
    headers = {"Accept-Ranges": "bytes", "ETag": etag, "Last-Modified": formatdate(made_at, usegmt=True)}
    if etag in request.headers.get("if-none-match", ""):
        return Answer(304, content_type="", headers=headers), None
    start, end = 0, whole
    wanted = _range(request, etag, headers["Last-Modified"], whole)
    if wanted is not None:
        start, end = wanted
        if start >= end:
            headers["Content-Range"] = f"bytes */{whole}"
            return Answer(416, content_type="", headers=headers), None
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{whole}"
    status = 200 if wanted is None else 206
    answer = Answer(status, content_type="video/mp4", headers=headers, task_id=task.id)
    last = _last_byte(request, orders, task, whole)
    return answer, Part(path, start, end - start, max(0, min(end, last) - start))


def _last_byte(request: Request, orders: Orders, task: Task, whole: int) -> int:
    """Return where this download breaks off: the end of the file, unless a fault cuts it."""
    if request.method != "GET":
        return whole
    earlier = orders.count_download(task)
    # It always breaks off at the same byte: a client that resumes must not get the file piece by piece.
    breaks = "truncated file" in task.faults or "truncated once" in task.faults and earlier == 0
    return int(whole * CUT) if breaks else whole


def _range(request: Request, etag: str, modified: str, whole: int) -> tuple[int, int] | None:
    """Return the requested range as first byte and end, or None for the whole file."""
    match = _RANGE.match(request.headers.get("range", "").strip())
    condition = request.headers.get("if-range", etag)
    if match is None or condition not in (etag, modified) or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:  # the last N bytes
        return max(0, whole - int(last)), whole
    return int(first), min(whole, int(last) + 1 if last else whole)

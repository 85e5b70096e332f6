"""Serves result files as a CDN does: HEAD, ranges, ETags, expiry; and spoils them where a fate says so."""

import re
from dataclasses import dataclass
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path

from .orders import Orders
from .tasks import Clip, Task
from .wire import Answer, Request, as_text

CUT = 0.6  # how much of a file `[truncated file]` and its like let through
_NAME = re.compile(r"^/files/(?P<task>[\w.-]+)-(?P<number>\d+)-(?P<nonce>[0-9a-f]{12})\.mp4$")
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")

NOT_A_VIDEO = "<!doctype html><title>Just a moment...</title><p>Checking your browser before accessing this file."


@dataclass(frozen=True)
class Part:
    """A piece of a file: `length` is promised, `sent` is what goes out before the connection closes."""

    path: Path
    start: int
    length: int
    sent: int


def nonce(task: Task, number: int, generation: int) -> str:
    """Returns the unguessable part of a result's address. It is computed, so that it survives a restart."""
    return sha256(f"{task.id}/{number}/{generation}/{task.created_at}".encode()).hexdigest()[:12]


def address(task: Task, number: int, generation: int) -> str:
    return f"/files/{task.id}-{number}-{nonce(task, number, generation)}.mp4"


class Files:
    """Finds the file behind a result's address, and decides what is sent of it."""

    def __init__(self, directory: Path, providers: list[Orders]) -> None:
        self.directory = directory
        self._providers = providers

    def answer(self, request: Request) -> tuple[Answer, Part | None]:
        """Returns the head of the answer, and the piece of a file that follows it."""
        match = _NAME.match(request.path)
        found = self._find(match["task"], int(match["number"])) if match else None
        if match is None or found is None:
            return as_text(404, "Not found"), None
        orders, task, clip = found
        refusal = self._refuse(orders, task, int(match["number"]), match["nonce"])
        if refusal is not None:
            return refusal, None
        if "html file" in task.fate:
            return as_text(200, NOT_A_VIDEO, "text/html; charset=utf-8"), None
        path = self.directory / clip.name
        try:
            size, made_at = path.stat().st_size, path.stat().st_mtime
        except FileNotFoundError:
            return as_text(404, "Not found"), None
        return _piece(request, orders, task, path, size, made_at)

    def _find(self, task_id: str, number: int) -> tuple[Orders, Task, Clip] | None:
        for orders in self._providers:
            task = orders.tasks.get(task_id)
            if task is not None and number < len(task.clips):
                return orders, task, task.clips[number]
        return None

    def _refuse(self, orders: Orders, task: Task, number: int, given: str) -> Answer | None:
        orders.settle()
        if task.settled_at is None or given not in (nonce(task, number, 0), nonce(task, number, 1)):
            return as_text(404, "Not found")
        if "expired" in task.fate or orders.is_expired(task):
            return as_text(403, "Request has expired")
        if "fresh url" in task.fate and given == nonce(task, number, 0):
            return as_text(410, "Gone")
        return None


def _piece(
    request: Request, orders: Orders, task: Task, path: Path, size: int, made_at: float
) -> tuple[Answer, Part | None]:
    whole = 0 if "empty file" in task.fate else int(size * CUT) if "short file" in task.fate else size
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
    """Returns where this download breaks off, which is the end of the file unless its fate says otherwise."""
    if request.method != "GET":
        return whole
    earlier = orders.downloading(task)
    # Where the file breaks off does not move: a client that resumes must not collect it piece by piece.
    breaks = "truncated file" in task.fate or "truncated once" in task.fate and earlier == 0
    return int(whole * CUT) if breaks else whole


def _range(request: Request, etag: str, modified: str, whole: int) -> tuple[int, int] | None:
    """Returns the first byte and the one after the last, or None for the whole file."""
    match = _RANGE.match(request.headers.get("range", "").strip())
    condition = request.headers.get("if-range", etag)
    if match is None or condition not in (etag, modified) or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:  # the last so many bytes
        return max(0, whole - int(last)), whole
    return int(first), min(whole, int(last) + 1 if last else whole)

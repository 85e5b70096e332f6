"""Fetch a result from an allowed origin into a part file: streamed, hashed, resumed, limited in every way.

Each failure is one of the exceptions below, named for what to do next. `clips.verify` judges the bytes.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
import urllib3
from requests_hardened.ip_filter import InvalidIPAddress

from generations.media.origins import Deadline, DownloadError, NotAllowed, Origins, get, shown

__all__ = ["Download", "DownloadError", "Gone", "NoRoom", "NotAFile", "NotAllowed", "Origins", "TooLarge"]
__all__ += ["TryAgain", "fetch"]

# Clips have 2 to 40 MB: at this speed the smallest uses the whole default deadline of 240 s.
MIN_BYTES_PER_SECOND = 8 * 1024
# Speed is measured over this many seconds, or a quarter of a shorter deadline, so that short pauses pass.
PACE_SECONDS = 15.0
# Waits before resuming a body that broke off; after longer outages the caller retries.
PAUSES_SECONDS = (0.0, 0.5, 1.0, 2.0)
CHUNK_BYTES = 256 * 1024
# The first box of an MP4 is "ftyp", named at bytes 4 to 8.
HEAD_BYTES = 8
# The types of error pages. Other wrong types (octet-stream, none) are common on CDNs, so the bytes decide.
PAGE_TYPES = re.compile(r"text/(html|xml)|application/((.*\+)?json|(.*\+)?xml)|image/.*")
LATER = {408, 425, 429}
# Last-Modified proves sameness only when it was this old when sent (RFC 9110, 8.8.2.2).
SETTLED_SECONDS = 60


class Gone(DownloadError):
    """The URL is dead or expired: ask the provider for a fresh one."""


class TryAgain(DownloadError):
    """The network or the server failed, or was too slow: fetch again later."""


class TooLarge(DownloadError):
    """The result is larger than DOWNLOAD_MAX_MB: a person decides."""


class NotAFile(DownloadError):
    """The answer is a page, empty, or no MP4: ask the provider again, then a person."""


class NoRoom(DownloadError):
    """Our own disk refuses: retry later, stop ordering, tell the operator."""


class _BrokeOff(Exception):
    pass  # the body ended too early: resume or start over


@dataclass(frozen=True, slots=True)
class Download:
    """A fetched file, synced to the disk."""

    path: Path
    sha256: str
    size_bytes: int
    content_type: str


def fetch(
    url: str,
    part: Path,
    *,
    origins: Origins,
    max_bytes: int,
    deadline_seconds: float,
    min_bytes_per_second: int = MIN_BYTES_PER_SECOND,
) -> Download:
    """Fetch a URL into a new file; after a failure the caller removes what exists of it.

    A body that breaks off is resumed (Range, If-Range) within the same call and deadline.

    Raises: a DownloadError: TryAgain, or one that says what is wrong with the answer.
    """
    with _Part(part, max_bytes) as file, Deadline(deadline_seconds) as deadline:
        transfer = _Transfer(url, file, origins, deadline, min_bytes_per_second)
        for pause in PAUSES_SECONDS:
            deadline.wait(pause)
            if not deadline.left():
                break
            try:
                return transfer.run()
            except _BrokeOff:
                pass
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                if deadline.left():
                    raise _decision(error, url) from error
        tries = f"it broke off {len(PAUSES_SECONDS)} times"
        late = f"not finished within {deadline_seconds:g} s"
        raise TryAgain(f"{shown(url)}: {tries if deadline.left() else late}")


class _Part:
    """The file on disk, its size and its SHA-256 so far."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.path, self.max_bytes = path, max_bytes

    def __enter__(self) -> "_Part":
        with _disk():
            self.file = self.path.open("xb", buffering=0)
        self.start_over()
        return self

    def __exit__(self, *_: object) -> None:
        with _disk():
            self.file.close()

    def start_over(self) -> None:
        self.size, self.head, self.sha256 = 0, b"", hashlib.sha256()
        with _disk():
            self.file.seek(0)
            self.file.truncate()

    def write(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self.max_bytes:
            raise TooLarge(f"more than the {self.max_bytes} bytes that are allowed")
        self.head += chunk[: HEAD_BYTES - len(self.head)]
        if len(self.head) == HEAD_BYTES and self.head[4:] != b"ftyp":
            raise NotAFile("what came is no MP4")
        self.sha256.update(chunk)
        rest = memoryview(chunk)
        with _disk():
            while rest:
                rest = rest[self.file.write(rest) :]

    def finish(self, content_type: str) -> Download:
        if self.size <= HEAD_BYTES:
            raise NotAFile("what came is empty")
        with _disk():
            os.fsync(self.file.fileno())
        return Download(self.path, self.sha256.hexdigest(), self.size, content_type)


@contextmanager
def _disk() -> Iterator[None]:
    """Turn errors of our own disk into NoRoom: network errors are OSErrors too."""
    try:
        yield
    except OSError as error:
        raise NoRoom(f"our disk refuses: {error.strerror or 'unknown reason'}") from error


@dataclass(slots=True)
class _Transfer:
    """One download; its state allows the next answer to resume where the last one broke off."""

    url: str
    part: _Part
    origins: Origins
    deadline: Deadline
    slowest: int
    validator: str = ""  # a strong ETag or a settled Last-Modified: required to resume
    total: int | None = None

    def run(self) -> Download:
        """Request the file once, and receive what is missing."""
        wanted = {}
        if self.part.size and self.validator:
            wanted = {"Range": f"bytes={self.part.size}-", "If-Range": self.validator}
        with get(self.url, self.origins.check, self.deadline, wanted) as answer:
            self._begin(answer, resuming=bool(wanted))
            self._receive(answer)
        return self.part.finish(_content_type(answer))

    def _begin(self, answer: requests.Response, *, resuming: bool) -> None:
        """Check the status and the headers, and decide whether to resume or start over."""
        status, headers = answer.status_code, answer.headers
        if resuming and status in (206, 416):
            expected = f"bytes {self.part.size}-{(self.total or 0) - 1}/{self.total}"
            same = self.validator in (headers.get("ETag", self.validator), headers.get("Last-Modified"))
            if status == 416 or not same or headers.get("Content-Range", "") != expected:
                self.validator = ""
                raise _BrokeOff
        elif status != 200:
            raise _refused(status, self.url)
        else:
            self.part.start_over()
            length = headers.get("Content-Length", "")
            self.total = int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None
            self.validator = _validator(headers) if self.total else ""
        if headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            raise TryAgain(f"{shown(self.url)}: came compressed, against our request")
        if PAGE_TYPES.fullmatch(_content_type(answer)):
            raise NotAFile(f"{shown(self.url)}: a page came instead of a video ({_content_type(answer)})")
        if self.total is not None and self.total > self.part.max_bytes:
            raise TooLarge(f"{shown(self.url)}: {self.total} bytes, {self.part.max_bytes} are allowed")

    def _receive(self, answer: requests.Response) -> None:
        """Write the body as it comes, and check the speed and the deadline."""
        window = min(PACE_SECONDS, self.deadline.seconds / 4)
        began, before = time.monotonic(), self.part.size
        while chunk := self._next(answer):
            self.part.write(chunk)
            passed = time.monotonic() - began
            if passed >= window:
                if (self.part.size - before) / passed < self.slowest:
                    raise TryAgain(f"{shown(self.url)}: slower than {self.slowest} bytes a second")
                began, before = time.monotonic(), self.part.size
        if not self.deadline.left() or self.total not in (None, self.part.size):
            raise _BrokeOff

    def _next(self, answer: requests.Response) -> bytes:
        """Return what has arrived at once: waiting for a full chunk would hide a slow server."""
        try:
            return bytes(answer.raw.read1(CHUNK_BYTES, decode_content=False))
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _BrokeOff from error


def _decision(error: Exception, url: str) -> DownloadError:
    if isinstance(error, InvalidIPAddress):
        return NotAllowed(f"{shown(url)}: its host has an address that is not public")
    if isinstance(error, requests.TooManyRedirects):
        return TryAgain(f"{shown(url)}: {error}")
    if isinstance(error, requests.exceptions.SSLError):
        return TryAgain(f"{shown(url)}: its certificate is not valid")
    return TryAgain(f"{shown(url)}: no connection, or no answer")


def _refused(status: int, url: str) -> DownloadError:
    decision = Gone if 400 <= status < 500 and status not in LATER else TryAgain
    return decision(f"{shown(url)}: the server answered {status}")


def _content_type(answer: requests.Response) -> str:
    value = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
    return value if re.fullmatch(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", value) else ""


def _validator(headers: "requests.structures.CaseInsensitiveDict[str]") -> str:
    """Return what If-Range needs to prove that the file is the same, or ""."""
    if headers.get("Accept-Ranges", "").lower() != "bytes":
        return ""
    if (tag := headers.get("ETag", "")).startswith('"'):
        return tag
    try:
        changed, sent = (parsedate_to_datetime(headers[name]) for name in ("Last-Modified", "Date"))
        settled = (sent - changed).total_seconds() >= SETTLED_SECONDS
    except (KeyError, ValueError, TypeError):
        return ""
    return headers["Last-Modified"] if settled else ""

"""What a row lost, brought back: the very bytes that it names, from quarantine or from where they once came."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from generations.integrity.compare import root
from generations.lifecycle.saving import publish_file
from generations.media import clips, downloads
from generations.media.filetree import STORED_NAME, Damaged, Unreadable, digest, in_quarantine
from generations.media.origins import Origins
from generations.models import ReferenceImage, Video


class NotRepaired(Exception):
    """It stays as it is; the text says why, for the person who sees to it."""


class NoAnswer(NotRepaired):
    """The network or the other side is in trouble: others would fare no better now."""


def repair(video: Video, *, fetch_seconds: float) -> None:
    """Give a damaged clip its file back, under its own name; raise NotRepaired. The task is not touched.

    What comes in must have the row's SHA-256, so nothing else can take the clip's place.
    """
    if take_from_quarantine(video.file, video.sha256):
        return
    if fetch_seconds <= 0:
        raise NoAnswer("not fetched again in this run")
    ends = time.monotonic() + fetch_seconds
    troubles, kind = [], NotRepaired
    for url in source_urls(video):
        try:
            _fetch_again(video, url, seconds=max(1.0, ends - time.monotonic()))
            return
        except downloads.DownloadError as error:
            troubles.append(str(error))
            kind = NoAnswer if isinstance(error, downloads.TryAgain | downloads.NoRoom) else kind
        except OSError as error:
            troubles.append(f"the disk refuses its file: {error.strerror}")
    raise kind("; ".join(troubles) or "no source URL is known any more")


def source_urls(video: Video) -> Iterator[str]:
    """Where the clip came from, and where its task's result was seen last."""
    if video.source_url:
        yield video.source_url
    fresh = video.task.result_urls[video.position : video.position + 1]
    yield from (url for url in fresh if url != video.source_url)


def _fetch_again(video: Video, url: str, *, seconds: float) -> None:
    if not STORED_NAME.fullmatch(video.file):
        raise downloads.NotAFile("there is no place for it")
    download = downloads.fetch(
        url,
        root() / "tmp",
        origins=Origins.parse(settings.RESULT_ORIGINS),
        max_bytes=settings.DOWNLOAD_MAX_MB * 1_000_000,
        deadline_seconds=seconds,
    )
    try:
        if download.sha256 != video.sha256:
            raise downloads.NotAFile("its source URL gives another file now")
        publish_file(download.path, video.path)
    except BaseException:
        download.path.unlink(missing_ok=True)
        raise


def restore(image: ReferenceImage) -> bool:
    """Give a start image its file back from quarantine; False when it is not there."""
    return take_from_quarantine(str(image.file.name), image.sha256)


def take_from_quarantine(name: str, sha256: str) -> bool:
    """Take a file back that was put aside while it had no row: its row may have come since, from a backup say."""
    if not STORED_NAME.fullmatch(name):
        return False
    for day in in_quarantine(root(), name):
        try:
            if digest(day, name) == sha256:
                publish_file(day / name, root() / name)
                return True
        except (Damaged, Unreadable, OSError):
            continue
    return False


def make_poster(video: Video) -> bool:
    """Make a whole clip's still again; False when it cannot be made. Raises OSError when the disk refuses."""
    if not STORED_NAME.fullmatch(video.poster):
        return False
    part = root() / "tmp" / f"{uuid.uuid4().hex}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        clips.poster(video.path, part)
        _sync(part)
        publish_file(part, root() / video.poster)
    except clips.NotAVideo:
        return False
    finally:
        part.unlink(missing_ok=True)
    return True


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

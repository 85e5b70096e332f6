"""Repair damaged files: bring back the bytes that a row names, from quarantine or from their source URL."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.core.files.base import ContentFile

from generations.lifecycle.saving import fetch
from generations.media import clips, downloads
from generations.media.store import STORED_NAME, store
from generations.models import Video


class NotRepaired(Exception):
    """The file stays as it is; the text tells staff why."""


class NoAnswer(NotRepaired):
    """The network or the source failed: other clips would fail too."""


def repair(video: Video, *, fetch_seconds: float) -> None:
    """Give a damaged clip its file back, under its own name; its task is not changed. Raises: NotRepaired, NoAnswer.

    What comes in must have the row's SHA-256, so nothing else can take the clip's place.
    """
    if store.restore(str(video.file), sha256=video.sha256):
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
    """Yield where the clip came from, and where its task's result was last."""
    if video.source_url:
        yield video.source_url
    fresh = video.task.result_urls[video.position : video.position + 1]
    yield from (url for url in fresh if url != video.source_url)


def _fetch_again(video: Video, url: str, *, seconds: float) -> None:
    if not STORED_NAME.fullmatch(str(video.file)):
        raise downloads.NotAFile("there is no place for it")
    with store.part() as part:
        if fetch(url, part, seconds=seconds).sha256 != video.sha256:
            raise downloads.NotAFile("its source URL gives another file now")
        store.publish(part, str(video.file))


def make_poster(video: Video) -> bool:
    """Make the still of a complete clip again; False when it has none. Raises: OSError, when the disk refuses."""
    if not STORED_NAME.fullmatch(str(video.poster)):
        return False
    try:
        store.save(str(video.poster), ContentFile(clips.poster(video.path)))
    except clips.NotAVideo:
        return False
    return True

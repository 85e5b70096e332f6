"""Repair damaged files: bring back the bytes that a row names, from quarantine or from their source URL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from django.core.files.base import ContentFile

from generations.lifecycle.saving import fetch
from generations.media import clips, downloads
from generations.media.previews import is_whole
from generations.media.store import STORED_NAME, store
from generations.models import Video
from generations.models.videos import small_name


class NotRepaired(Exception):
    """The file was not repaired; the text tells staff why."""


class NoAnswer(NotRepaired):
    """The network or the source failed; other clips would fail too."""


def repair(video: Video, *, fetch_seconds: float) -> None:
    """Restore a damaged clip's file under its own name, from quarantine or its source URL; its task does not change.

    Only bytes with the row's SHA-256 are accepted. `fetch_seconds` limits the download.

    Raises: NoAnswer when the source cannot be reached or has no time left, NotRepaired for any other reason.
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
    raise kind("; ".join(troubles) or "no source URL is known")


def source_urls(video: Video) -> Iterator[str]:
    """Yield the URL that the clip came from, then the last one that its task got for this result."""
    if video.source_url:
        yield video.source_url
    fresh = video.task.result_urls[video.position : video.position + 1]
    yield from (url for url in fresh if url != video.source_url)


def _fetch_again(video: Video, url: str, *, seconds: float) -> None:
    if not STORED_NAME.fullmatch(str(video.file)):
        raise downloads.NotAFile("its name is not that of a stored clip")
    with store.part() as part:
        if fetch(url, part, seconds=seconds).sha256 != video.sha256:
            raise downloads.NotAFile("its source URL returns a different file now")
        store.publish(part, str(video.file))


def has_posters(video: Video) -> bool:
    """Return whether both stills of a clip are there and complete."""
    return all(name and store.is_complete_jpeg(str(name)) for name in (video.poster, video.poster_small))


def has_preview(video: Video) -> bool:
    """Return whether the preview of a clip is there and complete."""
    try:
        store.check(str(video.preview))
        return is_whole(Path(video.preview.path))
    except OSError:
        return False


def make_posters(video: Video) -> bool:
    """Make the stills of a complete clip again, the small one for the first time where it had none.

    Return False when it has none. Raises: OSError, when the disk refuses.
    """
    name = str(video.poster)
    if not STORED_NAME.fullmatch(name):
        return False
    try:
        stills = clips.poster(video.path, seconds=video.poster_seconds)
    except clips.NotAVideo:
        return False
    small = small_name(name)
    store.save(name, ContentFile(stills.poster))
    store.save(small, ContentFile(stills.poster_small))
    Video.objects.filter(pk=video.pk, poster=name).update(poster_small=small)
    return True

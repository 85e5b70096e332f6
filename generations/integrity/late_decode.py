"""The second step of verification: decode stored clips to the last frame, and fetch those again that are damaged.

What is decided is written once, at the end of a clip's turn. A process that dies before leaves the clip due again after
CLAIM, and perhaps a file without a row, which `reconcile` moves to quarantine.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DataError, IntegrityError, transaction

from generations import clock
from generations.integrity.compare import damage
from generations.integrity.repair import NotRepaired, repair, source_urls
from generations.lifecycle.saving import clip_columns, fetch, publish, remove_files
from generations.media import clips
from generations.media.clips import NotAVideo, TookTooLong, Verified
from generations.media.downloads import Download, DownloadError
from generations.media.store import Unreadable, store
from generations.models import Video

logger = logging.getLogger(__name__)

# Of a clip that is worked on. One that kills its worker comes up again after this long, and the others go on.
CLAIM = timedelta(minutes=30)
LATER = timedelta(hours=1)  # until a damaged clip that could not be fetched is fetched again
# With a slice before it and three decodings, a piece stays below the queue's timeout of 300 s.
FETCH_SECONDS = 60.0

Run = Callable[..., Any]


class _Changed(Exception):
    """Another process wrote the row meanwhile."""


def call(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


def decode_next(*, at: datetime, run: Run = call) -> bool:
    """Decode the clip whose link ends first; return False when none is due. `run` runs the decoder."""
    video = Video.objects.to_decode(at=at).select_related("task").first()
    if video is None:
        return False
    mine = Video.objects.filter(pk=video.pk, decode_due_at=video.decode_due_at, sha256=video.sha256)
    if mine.update(decode_due_at=at + CLAIM):
        video.decode_due_at = at + CLAIM
        _decode(video, run)
    return True


def _decode(video: Video, run: Run) -> None:
    if video.arrived_damaged:  # known already, and to be fetched again
        _handle_damage(video, video.arrived_damaged, run)
        return
    try:
        run(clips.decode_all, video.path)
    except TookTooLong as slow:
        logger.warning("video %s: %s; this proves no damage, and it is tried again", video.pk, slow)
    except NotAVideo as why:
        _handle_damage(video, str(why), run)
    except OSError as error:
        logger.warning("video %s could not be decoded: %s", video.pk, error.strerror)
    else:
        _conclude(video, decode_due_at=None, decoded_at=clock.now(), arrived_damaged="")


def _conclude(video: Video, **changes: Any) -> bool:
    """Write what is decided; return False when another process was first."""
    mine = Video.objects.filter(pk=video.pk, sha256=video.sha256, decode_due_at=video.decode_due_at)
    return bool(mine.update(**changes))


def _handle_damage(video: Video, why: str, run: Run) -> None:
    """Bring back the bytes that were stored, if the disk changed them; else fetch the clip again."""
    harm = damage(video)
    if not harm:
        _fetch_again(video, why, run)
        return
    if isinstance(harm, Unreadable):
        return
    try:
        repair(video, fetch_seconds=min(FETCH_SECONDS, settings.DOWNLOAD_DEADLINE_SECONDS))
        _conclude(video, decode_due_at=clock.now())
    except NotRepaired as error:
        logger.error("video %s is damaged: %s (%s); not repaired: %s", video.pk, harm, video.file, error)
        _conclude(video, damage=harm)  # the daily comparison repairs it, and then it is decoded


def _fetch_again(video: Video, why: str, run: Run) -> None:
    """Take other bytes that are whole in place of damaged ones; flag the clip when the same bytes come, or none."""
    ends = time.monotonic() + min(FETCH_SECONDS, settings.DOWNLOAD_DEADLINE_SECONDS)
    troubles = []
    for url in source_urls(video):
        try:
            with store.part() as part:
                download = fetch(url, part, seconds=max(1.0, ends - time.monotonic()))
                if download.sha256 == video.sha256:
                    _flag(video, why, "the same bytes came again", due_at=None)
                    return
                verified = run(clips.verify, part)
                run(clips.decode_all, part)
                _replace(video, part, download, verified, source_url=url)
                return
        except _Changed:
            return
        except (DownloadError, NotAVideo, OSError) as error:
            troubles.append(str(error))
    at, expires_at = clock.now(), video.task.source_expires_at
    is_over = not troubles or (expires_at is not None and at >= expires_at)
    _flag(video, why, "; ".join(troubles) or "no download link is left", due_at=None if is_over else at + LATER)


def _flag(video: Video, why: str, found: str, *, due_at: datetime | None) -> None:
    """Keep a damaged clip, which was paid for, and tell staff."""
    at = clock.now()
    with transaction.atomic():
        if not _conclude(video, decode_due_at=due_at, decoded_at=at, arrived_damaged=why[:200]):
            return
        if video.arrived_damaged and due_at:
            return  # it is known, and nothing new
        end = "it is fetched again later" if due_at else "it is kept as it is"
        video.task.note(f"clip {video.pk} arrived damaged: {why}. Fetched again: {found}; {end}", at=at)
    logger.error("video %s arrived damaged: %s. Fetched again: %s", video.pk, why, found)


def _replace(video: Video, part: Path, download: Download, verified: Verified, *, source_url: str) -> None:
    """Publish other bytes under a new name, have the row name them, and only then delete the damaged file.

    Raises: OSError, _Changed; the row then names the file that it named before.
    """
    columns = ("file", "poster", "poster_small", "preview")
    old = {name: str(getattr(video, name)) for name in columns if getattr(video, name)}
    files = {"poster": "", "poster_small": ""} | publish(part, verified.stills)
    at = clock.now()
    try:
        with transaction.atomic():
            changes = {"decode_due_at": None, "decoded_at": at, "arrived_damaged": "", "checked_at": None}
            pictures = {"preview": "", "preview_due_at": at, "preview_tries": 0, "poster_seconds": None, "color": ""}
            facts = {"sha256": download.sha256, "size_bytes": download.size_bytes, "source_url": source_url}
            if not _conclude(video, **files, **facts, **changes, **pictures, **clip_columns(video.task, verified.clip)):
                raise _Changed
            video.task.note(f"clip {video.pk} had arrived damaged; fetched again, and complete now", at=at)
    except (_Changed, IntegrityError, DataError):
        # The row certainly names the old file; after other errors it may name this one.
        remove_files({column: name for column, name in files.items() if name})
        raise
    logger.info("video %s had arrived damaged; it was fetched again, and is complete now", video.pk)
    try:
        remove_files(old)
    except OSError as error:
        logger.warning("the damaged file of video %s stays: %s", video.pk, error.strerror)

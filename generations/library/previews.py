"""Make the previews of stored clips, and find the dominant colors of their posters, one clip at a time.

The file is published before its row names it: a process that dies in between leaves a file without a row, which
`reconcile` moves to quarantine, and the clip is due again after its claim.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from generations.media.clips import NotAVideo, TookTooLong
from generations.media.posters import dominant_color
from generations.media.previews import write_preview
from generations.media.store import store
from generations.models import Video

logger = logging.getLogger(__name__)

# Of a clip that is worked on, and until its next try: twice as long after each.
CLAIM = timedelta(minutes=30)
MAX_TRIES = 5  # the last is 7.5 hours after the first

Run = Callable[..., Any]


def call(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


def make_next(*, at: datetime, run: Run = call) -> bool:
    """Make the preview that is due longest; return False when none is due. `run` runs the encoder."""
    video = Video.objects.to_preview(at=at).first()
    if video is None:
        return False
    if video.preview_tries >= MAX_TRIES:
        logger.error("video %s stays without a preview: %d tries failed", video.pk, video.preview_tries)
        _conclude(video, preview_due_at=None)
        return True
    # Counted before the work: a killed worker leaves no other trace.
    claim = {"preview_due_at": at + CLAIM * 2**video.preview_tries, "preview_tries": video.preview_tries + 1}
    if _conclude(video, **claim):
        video.preview_due_at = claim["preview_due_at"]
        _find_color(video)
        _make(video, at, run)
    return True


def _make(video: Video, at: datetime, run: Run) -> None:
    name = f"previews/{at:%Y}/{uuid.uuid4().hex}.mp4"
    try:
        with store.part() as part:
            run(write_preview, video.path, part)
            store.publish(part, name)
    except (TookTooLong, OSError) as error:
        logger.warning("the preview of video %s was not made, and is tried again: %s", video.pk, error)
    except NotAVideo as why:
        logger.warning("video %s stays without a preview: %s", video.pk, why)
        _conclude(video, preview_due_at=None)
    else:
        done = _conclude(video, preview=name, preview_due_at=None)
        _remove(str(video.preview) if done else name)


def _conclude(video: Video, **changes: Any) -> bool:
    """Write what is decided; return False when another process was first, or the clip has other bytes now."""
    mine = Video.objects.filter(pk=video.pk, sha256=video.sha256, preview_due_at=video.preview_due_at)
    return bool(mine.update(**changes))


def _find_color(video: Video) -> None:
    """Write the dominant color of a clip's poster, unless it is known or the poster is changed meanwhile."""
    if video.color or not video.poster_small:
        return
    try:
        with store.open(str(video.poster_small)) as file:
            color = dominant_color(file.read())
    except OSError as error:
        logger.warning("the color of video %s was not found: %s", video.pk, error)
        return
    Video.objects.filter(pk=video.pk, poster_small=video.poster_small, color="").update(color=color)


def _remove(name: str) -> None:
    """Delete a preview that no row names; what the disk refuses is an orphan for `reconcile`."""
    if not name:
        return
    try:
        store.delete(name)
    except OSError as error:
        logger.warning("an old preview stays: %s", error)

"""Let a person choose the frame that stands for a clip."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from generations.lifecycle.saving import remove_files
from generations.media import clips
from generations.media.posters import dominant_color
from generations.media.store import store
from generations.models import Video
from generations.models.videos import small_name

logger = logging.getLogger(__name__)

WITHIN_SECONDS = 10.0  # a person waits for it; the last frame of 10 s of 1080p takes two


class NoPoster(Exception):
    """The poster stays as it was; the text says why."""


def choose_poster(video: Video, seconds: float, *, at: datetime) -> None:
    """Make the frame at this time of the clip its poster, under new names, as browsers keep the old ones.

    Raises: NoPoster.
    """
    old = {name: str(getattr(video, name)) for name in ("poster", "poster_small") if getattr(video, name)}
    try:
        stills = clips.poster(video.path, seconds=seconds, within_seconds=WITHIN_SECONDS)
        files, color = _publish(stills, at), dominant_color(stills.poster_small)
    except clips.TookTooLong as slow:
        raise NoPoster(_("The machine is too busy to make the poster. Try again later.")) from slow
    except (clips.NotAVideo, OSError) as error:
        logger.warning("no poster of video %s at %s s: %s", video.pk, seconds, error)
        raise NoPoster(_("The poster could not be made: the clip cannot be read.")) from error
    if not _write(video, poster_seconds=seconds, color=color, **files):
        remove_files(files)
        raise NoPoster(_("Somebody else changed the poster meanwhile. Look at it, then choose again."))
    try:
        remove_files(old)
    except OSError as error:  # orphans, which `reconcile` finds
        logger.warning("the old poster of video %s stays: %s", video.pk, error.strerror)


def _publish(stills: clips.Stills, at: datetime) -> dict[str, str]:
    """Publish both stills; return each name by its column. Raises: OSError."""
    poster = f"posters/{at:%Y}/{uuid.uuid4().hex}.jpg"
    files = {"poster": poster, "poster_small": small_name(poster)}
    store.save(files["poster"], ContentFile(stills.poster))
    store.save(files["poster_small"], ContentFile(stills.poster_small))
    return files


def _write(video: Video, **changes: Any) -> bool:
    """Write the row; return False when the clip has another poster or other bytes by now."""
    mine = Video.objects.filter(pk=video.pk, sha256=video.sha256, poster=video.poster)
    return bool(mine.update(**changes))

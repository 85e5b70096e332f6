"""Frames of stored clips: which a person may choose from, and one kept as a reference image."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _

from generations.media import exact_frames
from generations.media.clips import NotAVideo, TookTooLong
from generations.media.store import Damaged, Unreadable, store
from generations.models import ReferenceImage, Video

logger = logging.getLogger(__name__)

SPREAD = 10  # frames of the whole clip to choose from
BEFORE_THE_LAST = (0, 3, 5)  # the very last is often the worst
USUAL = 3
T = TypeVar("T")


class NoFrame(Exception):
    """No frame can be taken; the text says why."""


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of a clip, counted from 0 as the player does; `times` are in seconds."""

    times: list[float]

    @property
    def last(self) -> int:
        """The number of the last frame."""
        return len(self.times) - 1

    @property
    def usual(self) -> int:
        """The frame that a continuation starts from unless a person chooses another."""
        return max(0, self.last - USUAL)

    @property
    def ends(self) -> list[int]:
        """The last frame, and those shortly before it."""
        return [max(0, self.last - before) for before in BEFORE_THE_LAST]

    @property
    def spread(self) -> list[int]:
        """Ten frames from the first to the last."""
        return [round(self.last * place / (SPREAD - 1)) for place in range(SPREAD)]

    def at(self, number: int) -> float:
        """Return when a frame is shown, in seconds."""
        return self.times[number]

    def nearest(self, seconds: float) -> int:
        """Return the frame that is on the screen at a time."""
        return max(0, sum(at <= seconds + 1e-3 for at in self.times) - 1)


def frames_of(video: Video) -> Frames:
    """Return the frames of a clip. Raises: NoFrame."""
    return Frames(_read(video, lambda: exact_frames.shown_at(video.path)))


def picture(video: Video, number: int) -> bytes:
    """Return a frame as a JPEG for a page. Raises: NoFrame."""
    return _read(video, lambda: exact_frames.frame_jpeg(video.path, number))


def strip(video: Video, frames: Frames) -> bytes:
    """Return the frames to choose from, side by side: those at the end, then those of the whole. Raises: NoFrame."""
    numbers = [*frames.ends, *frames.spread]
    return _read(video, lambda: exact_frames.strip(video.path, numbers))


def keep(video: Video, number: int) -> ReferenceImage:
    """Keep a frame as a PNG, once; its file is compared with its row first, to the byte.

    Raises: NoFrame, with nothing written.
    """
    image = _read(video, lambda: exact_frames.frame_image(video.path, number), sha256=video.sha256)
    try:
        return ReferenceImage.store(image, name=f"{video.title[:150]}, frame {number}.png")
    except OSError as error:
        logger.error("frame %s of video %s is not kept: %s", number, video.pk, error)
        raise NoFrame(_("The disk does not take the picture. Nothing was changed.")) from error


def _read(video: Video, read: Callable[[], T], *, sha256: str = "") -> T:
    """Read from a clip's file after a comparison with its row. Raises: NoFrame."""
    if video.damage:
        raise NoFrame(_("This clip is damaged: {damage}. No frame can be taken from it.").format(damage=video.damage))
    try:
        store.check(str(video.file), size=video.size_bytes, sha256=sha256)
        return read()
    except TookTooLong as slow:
        raise NoFrame(_("The machine is too busy to read the clip. Try again later.")) from slow
    except (NotAVideo, OSError) as error:
        logger.warning("no frame of video %s: %s", video.pk, error)
        why = str(error) if isinstance(error, NotAVideo | Damaged | Unreadable) else _("its file cannot be read")
        raise NoFrame(_("No frame can be taken from this clip: {why}.").format(why=why)) from error

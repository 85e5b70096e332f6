"""Write a collection as a cut list that editing programs read: OpenTimelineIO, and CMX 3600 EDL.

https://opentimelineio.readthedocs.io; its EDL adapter cuts reel names at eight characters, reads a name with a space as
two words and would write a line break as it is, so an EDL names its clips by number and its files in comments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from generations.models import Video

DEFAULT_FPS = 24.0


@dataclass(frozen=True, slots=True)
class Cut:
    """A clip in a cut, and the name of its file beside the list."""

    video: Video
    file: str

    @property
    def fps(self) -> float:
        """The frame rate; 24 where the file does not say one."""
        return float(round(self.video.fps, 3)) or DEFAULT_FPS

    @property
    def frames(self) -> int:
        return max(1, round(self.video.duration_seconds * self.fps))


def as_otio(name: str, cuts: Sequence[Cut]) -> str:
    """Return an OpenTimelineIO document: one track of the whole clips, each at its own frame rate."""
    timeline = otio.schema.Timeline(name=name)
    track = otio.schema.Track(name="Clips", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    for cut in cuts:
        track.append(_clip(cut.video.title, cut.file, cut.frames, cut.fps))
    return str(otio.adapters.write_to_string(timeline, "otio_json"))


def as_edl(name: str, cuts: Sequence[Cut]) -> str:
    """Return a CMX 3600 EDL at the frame rate that most clips have; reels are named by number."""
    if not cuts:
        return f"TITLE: {_plain(name)}\n"  # the adapter writes no empty list
    rate = round(Counter(cut.fps for cut in cuts).most_common(1)[0][0])
    timeline = otio.schema.Timeline(name=_plain(name))
    track = otio.schema.Track(name="V", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    for number, cut in enumerate(cuts, 1):
        frames = max(1, round(cut.video.duration_seconds * rate))
        clip = _clip(f"CLIP{number:04d}", _plain(cut.file), frames, rate)
        clip.metadata["cmx_3600"] = {"reel": f"CLIP{number:04d}"}
        track.append(clip)
    return str(otio.adapters.write_to_string(timeline, "cmx_3600", rate=rate))


def _clip(name: str, file: str, frames: int, fps: float) -> otio.schema.Clip:
    whole = TimeRange(RationalTime(0, fps), RationalTime(frames, fps))
    media = otio.schema.ExternalReference(target_url=file, available_range=whole)
    return otio.schema.Clip(name=name, media_reference=media, source_range=whole)


def _plain(text: str) -> str:
    """Return a text on one line."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())

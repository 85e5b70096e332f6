"""What the poster picker shows of a clip."""

from __future__ import annotations

from django import template

from generations.media.previews import frame_times
from generations.models import Video

register = template.Library()


@register.filter
def poster_frames(video: Video) -> list[tuple[int, str, bool]]:
    """Return the frames to choose from: number, time in words, and whether it is the poster."""
    times = frame_times(video.duration_seconds)
    return [(number, f"{seconds:.1f} s", seconds == video.poster_seconds) for number, seconds in enumerate(times)]

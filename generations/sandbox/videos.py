"""Measure reference videos on this machine; others count as a few seconds, without network access."""

import io
import math
from urllib.parse import urlsplit

import av
import requests

from .rules import VALUE, Refused, is_loopback

FETCH_SECONDS = 5.0
UNSEEN_SECONDS = 5


def seconds_of(url: str, *, most: int) -> int:
    """Return the length of the video at an address, rounded up. Raises: Refused."""
    if not is_loopback(urlsplit(url).hostname or ""):
        return UNSEEN_SECONDS
    try:
        answer = requests.get(url, timeout=FETCH_SECONDS, allow_redirects=False)
        answer.raise_for_status()
        with av.open(io.BytesIO(answer.content), mode="r") as video:
            seconds = math.ceil((video.duration or 0) / av.time_base)
    except (requests.RequestException, av.error.FFmpegError) as error:
        raise Refused(VALUE, "input.video_urls: not a reachable video") from error
    if not 0 < seconds <= most:
        raise Refused(VALUE, f"input.video_urls: the video must not be longer than {most} seconds")
    return seconds

"""Probe a reference video at a URL that a person gave, before money is spent: does it answer, and how long is it?

The clip becomes as long as it is, and its price is held by those seconds. A person is not told what answered; the log
has it.
"""

import logging
import math
import tempfile
from collections.abc import Collection
from functools import partial
from pathlib import Path

import requests

from generations.media.mp4 import NotAVideo, read_tracks
from generations.media.origins import NO_ANSWER, Deadline, NotAllowed, any_origin, cause, get, shown
from generations.translation import _

logger = logging.getLogger(__name__)

PROBE_SECONDS = 20.0  # a person waits for it
MAX_VIDEO_BYTES = 100_000_000  # no page says: 30 s at 1080p have about 40 MB
CHUNK_BYTES = 256 * 1024


class UnusableVideo(Exception):
    """The URL gives no video whose length can be read, so the order has no length and no price."""


def probe_seconds(url: str, *, near: Collection[str]) -> int:
    """Return the length of the MP4 or MOV at a URL in whole seconds, rounded up. Raises: UnusableVideo.

    `near` are the origins that may be on this machine or network; what answers at others there is never asked.
    """
    try:
        with tempfile.TemporaryDirectory() as folder, Deadline(PROBE_SECONDS) as deadline:
            path = Path(folder) / "reference.mp4"
            with get(url, partial(any_origin, near=near), deadline) as answer:
                _save(answer, path)
            lengths = [track.duration_seconds for track in read_tracks(path) if track.handler == "vide"]
        if not lengths:
            raise NotAVideo("no track has a picture")
    except (NotAVideo, NotAllowed, *NO_ANSWER) as error:
        logger.info("the video at %s cannot be used: %s", shown(url), cause(error))
        words = _("no complete MP4, MOV or M4V of at most {most} MB within {seconds} s")
        raise UnusableVideo(words.format(most=MAX_VIDEO_BYTES // 10**6, seconds=f"{PROBE_SECONDS:g}")) from error
    return math.ceil(max(lengths))


def _save(answer: requests.Response, path: Path) -> None:
    if answer.status_code != 200:
        raise NotAVideo(f"its server answers {answer.status_code}")
    size = 0
    with path.open("wb") as file:
        while chunk := answer.raw.read1(CHUNK_BYTES, decode_content=False):
            size += file.write(chunk)
            if size > MAX_VIDEO_BYTES:
                raise NotAVideo(f"more than {MAX_VIDEO_BYTES} bytes")

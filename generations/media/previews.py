"""Make the preview of a clip: a small silent MP4 for lists, which plays on hover and is scrubbed by the mouse.

It also yields the ten frames that a poster is chosen from.

Every fifth frame is a key frame and none refers to a later one, so a browser shows any of them after decoding five at
most. What the sizes cost, and which others were tried: docs/measurements.md.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from PIL import Image

from generations.media import clips
from generations.media.frames import Patience
from generations.media.mp4 import NotAVideo, read_tracks

LONGER_SIDE, FPS, KEY_EVERY = 320, 10, 5
# The rate is what bounds the size: 50 kB a second of clip, even of noise.
MAX_BITS = 400_000
X264 = {
    "preset": "veryfast",
    "crf": "28",
    "g": str(KEY_EVERY),
    "bf": "0",
    "sc_threshold": "0",  # no key frames but the regular ones
    "maxrate": str(MAX_BITS),
    "bufsize": str(MAX_BITS),
}
# What players assume of a picture that names no colors goes by its height, which changes here.
HD_LINES, BT709, BT601 = 576, 1, 6
UNSPECIFIED = 2
ROUNDING = 1e-6
FRAMES = 10  # that a poster is chosen from
STRIP_QUALITY = 75
STRIP_SECONDS = 5.0  # a person waits for it; it takes some hundredths of a second


def write_preview(path: Path, part: Path) -> None:
    """Write the preview of a clip to a part file, through to the disk.

    Raises: NotAVideo, of which TookTooLong proves nothing; OSError when the disk refuses.
    """
    try:
        with av.open(f"file:{part}", "w", format="mp4", options={"movflags": "+faststart"}) as target:
            for packet in _encoded(path, target):
                target.mux(packet)
        _sync(part)
    except av.error.FFmpegError as error:
        raise OSError(error.errno, f"the preview cannot be written: {error.strerror}") from error


def frame_times(duration_seconds: float) -> list[float]:
    """Return the times of the frames that a poster is chosen from: the first, the last, and evenly between."""
    last = max(0, int(duration_seconds * FPS) - 1)
    return [round(last * number / (FRAMES - 1)) / FPS for number in range(FRAMES)]


def frame_strip(path: Path, times: Sequence[float]) -> bytes:
    """Return these frames of a preview, side by side, as a JPEG. Raises: NotAVideo, OSError when the disk refuses."""
    with clips.opened(path) as (container, _):
        patience = Patience(STRIP_SECONDS)
        frames = [clips.frame_at(container, seconds, patience) for seconds in times]
        pictures: list[Image.Image] = [frame.to_image() for frame in frames]  # type: ignore[no-untyped-call]
    wide, high = pictures[0].size
    strip = Image.new("RGB", (wide * len(pictures), high))
    for number, picture in enumerate(pictures):
        strip.paste(picture, (number * wide, 0))
    out = io.BytesIO()
    strip.save(out, "JPEG", quality=STRIP_QUALITY)
    return out.getvalue()


def is_whole(path: Path) -> bool:
    """Return whether a preview has all of its samples; a cut one has not. Raises: OSError."""
    try:
        return bool(read_tracks(path))
    except NotAVideo:
        return False


def _encoded(path: Path, target: OutputContainer) -> list[Packet[VideoStream]]:
    """Decode a clip and encode what the preview shows of it. Raises: NotAVideo, OSError."""
    stream = target.add_stream("libx264", rate=FPS, options=X264)
    packets: list[Packet[VideoStream]] = []
    with clips.opened(path) as (container, _):
        frames, scaler = _frames(container), VideoReformatter()
        first = next(frames, None)
        if first is None:
            raise NotAVideo("it holds no picture")
        _set_up(stream, first[1])
        for number, frame in chain([first], frames):
            picture = scaler.reformat(frame, stream.width, stream.height, "yuv420p", threads=1)
            picture.pts, picture.time_base = number, Fraction(1, FPS)
            picture.pict_type = PictureType.NONE  # else a key frame of the clip becomes one of the preview
            packets += stream.encode(picture)
        return packets + stream.encode(None)


def _frames(container: InputContainer) -> Iterator[tuple[int, VideoFrame]]:
    """Yield the first frame of each tenth of a second, with the number of that tenth. Raises: NotAVideo."""
    patience, number = Patience(), -1
    stream = container.streams.video[0]
    start = clips.starts_at(stream) - ROUNDING
    for frame in container.decode(stream):
        patience.check()
        if frame.is_corrupt:
            raise NotAVideo("a part of its picture is damaged")
        here = int(((frame.time or 0.0) - start) * FPS)
        if here > number:
            number = here
            yield number, frame


def _set_up(stream: VideoStream, first: VideoFrame) -> None:
    scale = min(1.0, LONGER_SIDE / max(first.width, first.height))
    stream.width, stream.height = _even(first.width * scale), _even(first.height * scale)
    stream.pix_fmt = "yuv420p"
    encoder = stream.codec_context
    encoder.thread_count = 1  # of the lowest priority; more would cost more CPU in all
    usual = BT709 if first.height > HD_LINES else BT601
    for name in ("colorspace", "color_primaries", "color_trc"):
        said = getattr(first, name)
        setattr(encoder, name, usual if said == UNSPECIFIED else said)


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)


def _sync(part: Path) -> None:
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

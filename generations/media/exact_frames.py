"""Take frames out of a clip by their number, counted from 0 as they are shown: exact, and without loss where kept."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from PIL import Image

from generations.media import clips
from generations.media.frames import Patience
from generations.media.images import MAX_IMAGE_BYTES, CleanImage
from generations.media.mp4 import NotAVideo
from generations.media.previews import HD_LINES, UNSPECIFIED

WITHIN_SECONDS = 10.0  # a person waits for it; 10 s of 1080p decode in two
# As PNG, 1080p has at most 6.2 MB; a larger picture that a provider would refuse is reduced to this.
LONGER_SIDE = 1920
SHOWN_SIDE, SMALL_SIDE = 1280, 320
QUALITY = 85


def shown_at(path: Path) -> list[float]:
    """Return when each frame of a clip is shown, in seconds from the first. Raises: NotAVideo, OSError."""
    with clips.opened(path) as (container, _):
        ticks, _ = _index(container)
        tick = float(container.streams.video[0].time_base or 0)
        return [round((at - ticks[0]) * tick, 6) for at in ticks]


def frame_image(path: Path, number: int) -> CleanImage:
    """Return a frame as a PNG that providers take. Raises: NotAVideo when there is no such frame, OSError."""
    picture = _pictures(path, [number])[0]
    content = _png(picture)
    if len(content) > MAX_IMAGE_BYTES:
        picture.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.LANCZOS)
        content = _png(picture)
    return CleanImage(content, "png", *picture.size)


def frame_jpeg(path: Path, number: int) -> bytes:
    """Return a frame as a JPEG for a page. Raises: NotAVideo when there is no such frame, OSError."""
    picture = _pictures(path, [number])[0]
    picture.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    return _jpeg(picture)


def strip(path: Path, numbers: Sequence[int]) -> bytes:
    """Return small pictures of these frames, side by side, as a JPEG. Raises: NotAVideo, OSError."""
    pictures = _pictures(path, numbers)
    for picture in pictures:
        picture.thumbnail((SMALL_SIDE, SMALL_SIDE))
    wide, high = pictures[0].size
    joined = Image.new("RGB", (wide * len(pictures), high))
    for place, picture in enumerate(pictures):
        joined.paste(picture, (place * wide, 0))
    return _jpeg(joined)


def _pictures(path: Path, numbers: Sequence[int]) -> list[Image.Image]:
    """Decode these frames in one pass; the same one may be asked for twice."""
    with clips.opened(path) as (container, _):
        ticks, keys = _index(container)
        if not all(0 <= number < len(ticks) for number in numbers):
            raise NotAVideo(f"it has {len(ticks)} frames")
        wanted = {ticks[number] for number in numbers}
        found = _decoded(container, wanted, start=max(key for key in keys if key <= min(wanted)))
        return [found[ticks[number]].copy() for number in numbers]


def _index(container: InputContainer) -> tuple[list[int], list[int]]:
    """Return the times of all frames, and those of the key frames, in ticks of the picture's clock and in order."""
    samples = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
    ticks = sorted(packet.pts for packet in samples if packet.pts is not None)
    keys = sorted(packet.pts for packet in samples if packet.pts is not None and packet.is_keyframe)
    if not ticks or not keys or keys[0] != ticks[0] or len(set(ticks)) < len(samples):
        raise NotAVideo("its frames have no order")
    return ticks, keys


def _decoded(container: InputContainer, wanted: set[int], *, start: int) -> dict[int, Image.Image]:
    """Decode from a key frame to the last wanted one. Raises: NotAVideo."""
    stream, patience = container.streams.video[0], Patience(WITHIN_SECONDS)
    container.seek(start, stream=stream)
    found: dict[int, Image.Image] = {}
    for frame in container.decode(stream):
        patience.check()
        if frame.pts in wanted:
            if frame.is_corrupt:
                raise NotAVideo("a part of its picture is damaged")
            found[frame.pts] = _picture(frame)
        if len(found) == len(wanted):
            return found
    raise NotAVideo("it ends before that frame")


def _picture(frame: VideoFrame) -> Image.Image:
    """Return a frame in the colors that players show: where it names none, they go by its height."""
    is_hd = frame.colorspace == UNSPECIFIED and frame.height > HD_LINES
    rgb = frame.reformat(format="rgb24", src_colorspace=Colorspace.ITU709 if is_hd else None)
    picture: Image.Image = rgb.to_image()  # type: ignore[no-untyped-call]
    return picture


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()

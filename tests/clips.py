"""A picture, and small MP4 files made with PyAV, in every layout that a cut can hit differently."""

import io
import random
import struct
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import av.container
from PIL import Image

FRAGMENTED = "+frag_keyframe+empty_moov+default_base_moof"
LAYOUTS = ("moov-last", "faststart", "fragmented", "fragmented-mehd", "64-bit", "open-ended")
FPS = 24


@cache
def png(size: tuple[int, int] = (640, 480)) -> bytes:
    """Return a picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, "PNG")
    return file.getvalue()


@cache
def clip(
    layout: str = "faststart",
    *,
    seconds: float = 1,
    width: int = 64,
    height: int = 64,
    sound: bool = True,
    picture: bool = True,
    bit_rate: int = 0,
) -> bytes:
    """Return a playable MP4 in one of LAYOUTS."""
    flags = {"faststart": "+faststart"}.get(layout, FRAGMENTED if layout.startswith("fragmented") else "")
    data = _encoded(flags, seconds, (width, height), sound=sound, picture=picture, bit_rate=bit_rate)
    if layout == "fragmented-mehd":
        return _with_mehd(data, seconds)
    if layout == "64-bit":
        return _wide(data)
    if layout == "open-ended":
        return _open_ended(clip("faststart", seconds=seconds, width=width, height=height, sound=sound))
    return data


def boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the type, start and end of each box on top."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
        end = at + size if size else len(data)
        yield kind, at, end
        at = end


def _encoded(flags: str, seconds: float, size: tuple[int, int], *, sound: bool, picture: bool, bit_rate: int) -> bytes:
    with TemporaryDirectory() as folder:  # "faststart" reads the file again, by its name
        path = Path(folder, "clip.mp4")
        with av.open(str(path), "w", options={"movflags": flags} if flags else {}) as container:
            _write(container, seconds, size, sound=sound, picture=picture, bit_rate=bit_rate)
        return path.read_bytes()


def _write(
    container: av.container.OutputContainer,
    seconds: float,
    size: tuple[int, int],
    *,
    sound: bool,
    picture: bool,
    bit_rate: int,
) -> None:
    streams: list[tuple[Any, Iterator[Any]]] = []
    if picture:
        video = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.options = {"preset": "veryfast", "g": "12" if seconds <= 2 else "48", "threads": "1"}
        if bit_rate:
            video.bit_rate = bit_rate
        streams.append((video, (_picture(i, *size) for i in range(round(seconds * FPS)))))
    if sound:
        audio = container.add_stream("aac", rate=44100)
        streams.append((audio, (_silence(i) for i in range(round(seconds * 44100 / 1024)))))
    for stream, frames in streams:
        for frame in chain(frames, [None]):
            container.mux(stream.encode(frame))


def _picture(number: int, width: int, height: int) -> av.VideoFrame:
    """Return stripes that drift, over a texture that moves the other way."""
    frame = av.VideoFrame(width, height, "yuv420p")
    frame.pts = number
    for plane in frame.planes:
        texture = bytes((x * x // 7 + x * 3) % 251 for x in range(plane.line_size + 512))
        shift = [(y * 5 // 3 + number * 3) % 512 for y in range(plane.height)]
        plane.update(b"".join(texture[at : at + plane.line_size] for at in shift))
    return frame


def _silence(number: int) -> av.AudioFrame:
    frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
    frame.sample_rate, frame.pts = 44100, number * 1024
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame


def _with_mehd(data: bytes, seconds: float) -> bytes:
    """Say the length in moov, and leave out the index at the end that says it otherwise."""
    (last,) = (start for kind, start, _ in boxes(data) if kind == b"mfra")
    at = data.index(b"mvex") - 4
    mehd = struct.pack(">I4sII", 16, b"mehd", 0, round(seconds * 1000))
    data = data[: at + 8] + mehd + data[at + 8 : last]
    for start in (data.index(b"moov") - 4, at):
        (size,) = struct.unpack_from(">I", data, start)
        data = data[:start] + struct.pack(">I", size + 16) + data[start + 4 :]
    return data


def _wide(data: bytes) -> bytes:
    """Give mdat a 64-bit size: FFmpeg leaves 8 bytes of room before it for that."""
    at = data.index(b"free")
    (size,) = struct.unpack_from(">I", data, at + 4)
    assert data[at + 8 : at + 12] == b"mdat"
    return data[: at - 4] + struct.pack(">I4sQ", 1, b"mdat", size + 8) + data[at + 12 :]


def _open_ended(data: bytes) -> bytes:
    """Give mdat the size 0, which means "to the end of the file"."""
    start = next(start for kind, start, _ in boxes(data) if kind == b"mdat")
    return data[:start] + bytes(4) + data[start + 4 :]


def cuts_of(data: bytes) -> list[int]:
    """64 places by chance, and each box boundary and its neighbours."""
    edges = {place + by for _, start, end in boxes(data) for place in (start, end) for by in (-1, 0, 1)}
    chance = random.Random(7).sample(range(len(data)), 64)
    return sorted(cut for cut in {*edges, *chance} if 0 <= cut < len(data))

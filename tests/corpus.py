"""Clips of every codec and shape that may arrive, and what transports and disks do to files."""

from __future__ import annotations

import math
import os
import random
import struct
from array import array
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import av.container
from PIL import Image, ImageChops, ImageFilter

from generations.media import clips

FPS, SOUND_RATE, SOUND_SAMPLES = 24, 44100, 1024
FRONT, FRAGMENTS = "+faststart", "+frag_keyframe+empty_moov+default_base_moof"
X265 = "log-level=none:pools=1:frame-threads=1:keyint=24"
# Name -> encoder, its options, and the layout of the file.
SHAPES: dict[str, tuple[str, dict[str, str], str]] = {
    "h264": ("libx264", {}, FRONT),
    "h264, index at the end": ("libx264", {"g": "24"}, ""),
    "h264, fragmented": ("libx264", {"g": "24"}, FRAGMENTS),
    "h264, open GOP": ("libx264", {"x264-params": "open-gop=1:bframes=3:keyint=24"}, FRONT),
    "h264, slices": ("libx264", {"x264-params": "slices=4:keyint=24"}, FRONT),
    "h264, interlaced": ("libx264", {"flags": "+ildct+ilme", "x264-params": "interlaced=1:keyint=24"}, FRONT),
    "h264, intra-refresh": ("libx264", {"x264-params": "intra-refresh=1:keyint=24"}, FRONT),
    "h264, all intra": ("libx264", {"g": "1"}, FRONT),
    "h264, baseline": ("libx264", {"profile": "baseline"}, FRONT),
    "h264, filler units": (
        "libx264",
        {"x264-params": "aud=1:keyint=24:nal-hrd=cbr:filler=1:bitrate=900:vbv-maxrate=900:vbv-bufsize=900"},
        FRONT,
    ),
    "hevc": ("libx265", {"x265-params": X265}, FRONT),
    "hevc, open GOP": ("libx265", {"x265-params": f"{X265}:open-gop=1:bframes=4"}, FRONT),
    "hevc, slices": ("libx265", {"x265-params": f"{X265}:open-gop=0:slices=4"}, FRONT),
    "hevc, interlaced": ("libx265", {"x265-params": f"{X265}:interlace=1"}, FRONT),
    "hevc, intra-refresh": ("libx265", {"x265-params": f"{X265}:intra-refresh=1"}, FRONT),
    "hevc, fragmented": ("libx265", {"x265-params": X265}, FRAGMENTS),
    "mpeg4": ("mpeg4", {"bf": "2"}, FRONT),
    "av1": ("libsvtav1", {"preset": "9", "svtav1-params": "lp=1"}, FRONT),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}, FRONT),
}


@cache
def clip_of(shape: str, *, seconds: float = 2.5, size: tuple[int, int] = (320, 180), bit_rate: int = 300_000) -> bytes:
    """Return a clip with sound in one of SHAPES: a pan over a grainy texture."""
    encoder, options, layout = SHAPES[shape]
    with TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        with av.open(str(path), "w", options={"movflags": layout} if layout else {}) as container:
            picture: Any = container.add_stream(encoder, rate=FPS, options={"threads": "1", **options})
            picture.width, picture.height, picture.pix_fmt = *size, "yuv420p"
            picture.bit_rate = bit_rate
            _write(container, picture, _scene(size), seconds)
        _give_back_priority()
        return path.read_bytes()


def _give_back_priority() -> None:
    """Take back the real-time priority that SVT-AV1 gives a root's process: Chromium, started later, would have it too.

    Two of its processes then kept both cores to themselves for minutes.
    """
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _write(container: av.container.OutputContainer, picture: Any, scene: Image.Image, seconds: float) -> None:
    sound: Any = container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
    sounds = 0
    for number in range(round(seconds * FPS)):
        x, y = abs(number % 190 - 95), abs(number // 2 % 120 - 60)  # to and fro: a jump would be a key frame
        frame = av.VideoFrame.from_image(scene.crop((x, y, x + picture.width, y + picture.height)))
        frame.pts = number
        container.mux(picture.encode(frame))
        while sounds * SOUND_SAMPLES * FPS < (number + 1) * SOUND_RATE:
            container.mux(sound.encode(_chord(sounds)))
            sounds += 1
    container.mux(picture.encode(None))
    container.mux(sound.encode(None))


@cache
def _scene(size: tuple[int, int]) -> Image.Image:
    large = size[0] + 100, size[1] + 64
    small = large[0] // 8, large[1] // 8
    soft = [_noise(small, 90, seed).resize(large, Image.Resampling.BICUBIC) for seed in range(3)]
    grain = _noise(large, 40, 3).filter(ImageFilter.GaussianBlur(1.2))
    return Image.merge("RGB", [ImageChops.overlay(layer, grain) for layer in soft])


def _noise(size: tuple[int, int], spread: int, seed: int) -> Image.Image:
    """Noise that is the same each time, unlike Pillow's own."""
    data = random.Random(seed).randbytes(size[0] * size[1])
    return Image.frombytes("L", size, data).point(lambda value: 128 + (value - 128) * spread // 128)


def _chord(number: int) -> av.AudioFrame:
    frame = av.AudioFrame(format="fltp", layout="stereo", samples=SOUND_SAMPLES)
    frame.sample_rate, frame.pts = SOUND_RATE, number * SOUND_SAMPLES
    for plane, pitch in zip(frame.planes, (220, 277), strict=True):
        turns = (2 * math.pi * pitch * (number * SOUND_SAMPLES + i) / SOUND_RATE for i in range(SOUND_SAMPLES))
        plane.update(array("f", [0.4 * math.sin(turn) + 0.2 * math.sin(3.01 * turn) for turn in turns]).tobytes())
    return frame


# --- What happens to files

PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>upstream error</body></html>\r\n" * 12
Fault = Callable[[bytes, random.Random], bytes]


def _media(data: bytes) -> tuple[int, int]:
    """Return where the largest mdat begins and ends; what is outside is tested as structure."""
    at, found = 0, (0, 0)
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"mdat" and size > found[1] - found[0]:
            found = at + 8, at + size
        at += size
    return found


def _span(data: bytes, chance: random.Random, length: int) -> tuple[int, int]:
    """Return a range of at most this length inside the media."""
    start, end = _media(data)
    length = min(length, (end - start) // 4)
    first = chance.randrange(start, end - length)
    return first, first + length


def _size(chance: random.Random) -> int:
    return chance.choice((188, 512, 1448, 4096, 8192, 16_384))


def _put(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def _hole(data: bytes, chance: random.Random) -> bytes:
    first, last = _span(data, chance, _size(chance))
    return _put(data, first, bytes(last - first))


def _page_inserted(data: bytes, chance: random.Random) -> bytes:
    at, _ = _span(data, chance, 1)
    return (data[:at] + PAGE + data[at:])[: len(data)]


def _page_over(data: bytes, chance: random.Random) -> bytes:
    first, last = _span(data, chance, len(PAGE))
    return _put(data, first, PAGE[: last - first])


def _tail_lost(data: bytes, chance: random.Random) -> bytes:
    """The rest never came, and the file had its full size from the start."""
    at, _ = _span(data, chance, 1)
    return data[:at] + bytes(len(data) - at)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(1, len(data))]


def _twice(data: bytes, chance: random.Random) -> bytes:
    """A part that came twice pushes the rest behind the end."""
    first, last = _span(data, chance, _size(chance))
    return (data[:last] + data[first:last] + data[last:])[: len(data)]


def _left_out(data: bytes, chance: random.Random) -> bytes:
    first, last = _span(data, chance, _size(chance))
    return data[:first] + data[last:] + bytes(last - first)


def _repeated(data: bytes, chance: random.Random) -> bytes:
    """A block that was written again in the place of the next one."""
    first, last = _span(data, chance, _size(chance))
    return _put(data, last, data[first:last])[: len(data)]


def _began_again(data: bytes, chance: random.Random) -> bytes:
    """A resumed transfer that was answered from the beginning."""
    at, _ = _span(data, chance, 1)
    return (data[:at] + data)[: len(data)]


def _ones(data: bytes, chance: random.Random) -> bytes:
    first, last = _span(data, chance, _size(chance))
    return _put(data, first, b"\xff" * (last - first))


def _as_text(data: bytes, chance: random.Random) -> bytes:
    """A proxy that took it for text: each LF became CR LF from some place on."""
    at, _ = _span(data, chance, 1)
    return (data[:at] + data[at:].replace(b"\n", b"\r\n"))[: len(data)]


def _swapped(data: bytes, chance: random.Random) -> bytes:
    size = chance.choice((512, 4096))
    first, other = _span(data, chance, size), _span(data, chance, size)
    length = min(first[1] - first[0], other[1] - other[0])
    here, there = data[first[0] : first[0] + length], data[other[0] : other[0] + length]
    return _put(_put(data, first[0], there), other[0], here)


def _random_block(data: bytes, chance: random.Random) -> bytes:
    first, last = _span(data, chance, chance.choice((16, 128, 512, 4096)))
    return _put(data, first, chance.randbytes(last - first))


def _random_bytes(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 3, 10))):
        at, _ = _span(data, chance, 1)
        data = _put(data, at, bytes([data[at] ^ chance.randrange(1, 256)]))
    return data


def _flipped_bit(data: bytes, chance: random.Random) -> bytes:
    at, _ = _span(data, chance, 1)
    return _put(data, at, bytes([data[at] ^ 1 << chance.randrange(8)]))


TRANSPORT: dict[str, Fault] = {
    "hole of zeros": _hole, "page inserted": _page_inserted, "page over it": _page_over, "tail lost": _tail_lost,
    "cut": _cut, "part twice": _twice, "part left out": _left_out, "began again": _began_again, "as text": _as_text,
}  # fmt: skip
IN_PLACE: dict[str, Fault] = {
    "blocks swapped": _swapped, "block repeated": _repeated, "block of ones": _ones, "random block": _random_block,
    "random bytes": _random_bytes, "bit": _flipped_bit,
}  # fmt: skip


def corruptions(faults: dict[str, Fault], *, times: int, shapes: list[str]) -> Iterator[tuple[str, str, bytes]]:
    """Yield shape, fault and the bytes of each corruption, the same each time; what changed nothing is left out."""
    for shape in shapes:
        data = clip_of(shape)
        for name, fault in faults.items():
            for number in range(times):
                bad = fault(data, random.Random(f"{shape}/{name}/{number}"))
                if bad != data:
                    yield shape, name, bad


def damaged_inside(data: bytes) -> bytes:
    """Return an H.264 clip with damage that its first frames and the form of its units do not show."""
    start, end = _media(data)
    for number in range(1000):
        chance = random.Random(number)
        at = chance.randrange((start + end) // 2, end - 64)
        bad = _put(data, at, bytes(chance.randrange(1, 255) for _ in range(24)))
        if _is_found_late(bad):
            return bad
    raise AssertionError("no such damage in this clip")


def _is_found_late(data: bytes) -> bool:
    """Return whether the first step lets these bytes pass, and decoding everything does not."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        path.write_bytes(data)
        try:
            clips.verify(path)
        except clips.NotAVideo:
            return False
        try:
            clips.decode_all(path)
        except clips.NotAVideo:
            return True
        return False

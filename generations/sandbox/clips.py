"""Render a practice clip: a small MP4 with H.264 and, when ordered, AAC."""

import math
import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from . import sound as sounds
from .scenery import Scene
from .tasks import Clip

FRAMES_PER_SECOND = 24
# Exact ratios, even sides, and few pixels: dozens of clips at once must not overload a small machine.
SIZES = {"16:9": (640, 360), "9:16": (360, 640), "1:1": (480, 480)}
PIXELS = 640 * 360  # of a clip with the ratio of its start image
SHORTEST_SIDE, LONGEST_SIDE = 180, 960
# One thread: clips are rendered in parallel, and x264's own threads cost more than they bring at this size. `ultrafast`
# leaves out CABAC and deblocking, which soft colours need; more quality would cost a third more time.
ENCODER = {
    "preset": "ultrafast",
    "crf": "25",
    "threads": "1",
    "g": "48",
    "bf": "0",
    "x264-params": "cabac=1:no-deblock=0",
}
# AAC without its search tools: a chord needs none, and they take three quarters of the time.
VOICE = {"aac_coder": "fast", "aac_tns": "0", "aac_pns": "0", "aac_is": "0", "aac_ms": "0"}
VOICE_BITS_PER_SECOND = 64_000


class Cancelled(Exception):
    """Raised when rendering is canceled; the next start of the practice provider deletes the partial file."""


def size_for(image_size: tuple[int, int]) -> tuple[int, int]:
    """Return even sides with about the image's ratio, for a clip that starts from it."""
    width, height = image_size
    scale = math.sqrt(PIXELS / (width * height))

    def side(pixels: int) -> int:
        return 2 * round(min(max(pixels * scale, SHORTEST_SIDE), LONGEST_SIDE) / 2)

    return side(width), side(height)


def render(
    path: Path, clip: Clip, background: Image.Image | None = None, cancelled: Callable[[], bool] = lambda: False
) -> None:
    """Write a clip under a temporary name, and rename it when it is complete.

    `cancelled` is called after each frame. Raises: Cancelled, OSError.
    """
    scene = Scene(clip.prompt, clip.width, clip.height, background, clip.take)
    part = path.with_name(path.name + ".part")
    with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        picture = _video_stream(container, clip)
        voice = _audio_stream(container) if clip.sound else None
        chord = sounds.tone(clip.prompt) if voice is not None else b""
        for second in range(clip.seconds):
            for packet in _encode_pictures(picture, scene, second, clip.seconds):
                container.mux(packet)
                if cancelled():
                    raise Cancelled
            if voice is not None:
                _encode_sound(container, voice, chord, second)
        container.mux(picture.encode())
        if voice is not None:
            container.mux(voice.encode())
    os.replace(part, path)


def _video_stream(container: OutputContainer, clip: Clip) -> VideoStream:
    stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND, options=ENCODER)
    stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, "yuv420p"
    stream.time_base = Fraction(1, FRAMES_PER_SECOND)
    return stream


def _audio_stream(container: OutputContainer) -> AudioStream:
    stream = container.add_stream("aac", rate=sounds.RATE, layout="stereo", options=VOICE)
    stream.bit_rate = VOICE_BITS_PER_SECOND
    return stream


def _encode_pictures(
    stream: VideoStream, scene: Scene, second: int, seconds: int
) -> "Iterator[list[Packet[VideoStream]]]":
    last = seconds * FRAMES_PER_SECOND - 1
    for number in range(second * FRAMES_PER_SECOND, (second + 1) * FRAMES_PER_SECOND):
        frame = VideoFrame(scene.width, scene.height, "rgb0")
        # Pillow keeps four bytes a pixel; VideoFrame.from_image() would repack them.
        frame.planes[0].update(_rows(scene.at(number / last), frame.planes[0].line_size))
        frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
        yield stream.encode(frame.reformat(format="yuv420p", interpolation="POINT"))


def _rows(picture: Image.Image, line_size: int) -> bytes:
    return picture.tobytes("raw", "RGBX", line_size)


def _encode_sound(container: OutputContainer, stream: AudioStream, chord: bytes, second: int) -> None:
    frame = AudioFrame(format="s16", layout="stereo", samples=sounds.RATE)
    frame.sample_rate = sounds.RATE
    frame.pts, frame.time_base = second * sounds.RATE, Fraction(1, sounds.RATE)
    frame.planes[0].update(chord * 2)
    container.mux(stream.encode(frame))

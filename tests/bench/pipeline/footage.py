"""Clips of the sizes that providers deliver: rendered once with FFmpeg's own sources, and kept under var/bench."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.filter
from av.container import OutputContainer

from tests.processes.site import ROOT

FOLDER = ROOT / "var/bench"
FPS, SAMPLE_RATE = 24, 44_100
KEY_FRAMES = (250, FPS)  # x264's default, which is one key frame in 5 s, and one a second: half of the files each


@dataclass(frozen=True)
class Footage:
    """A kind of clip; bits a second are asked of the encoders, which take somewhat more."""

    name: str
    width: int
    height: int
    seconds: float
    picture_bits: int
    sound_bits: int
    files: int  # that differ

    def clips(self) -> list[Path]:
        """Return the files; render those that are missing."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        paths = [FOLDER / f"{self.name}-{number}.mp4" for number in range(self.files)]
        for number, path in enumerate(paths):
            if not path.exists():
                part = path.with_suffix(f".{os.getpid()}")
                _render(part, self, number)
                part.rename(path)
        return paths

    def megabytes(self) -> float:
        """Return the mean size of a file."""
        return sum(path.stat().st_size for path in self.clips()) / self.files / 1e6


TINY = Footage("tiny", 64, 64, 1.0, 12_000, 24_000, files=4)
HD = Footage("720p", 1280, 720, 5.3, 1_350_000, 128_000, files=4)
FULL_HD = Footage("1080p", 1920, 1080, 10.0, 9_400_000, 128_000, files=4)


def _render(path: Path, footage: Footage, seed: int) -> None:
    """Encode moving gradients under film grain, with noise to hear, as H.264 and AAC with the index in front."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        picture = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast"})
        picture.width, picture.height, picture.pix_fmt = footage.width, footage.height, "yuv420p"
        picture.bit_rate, picture.gop_size = footage.picture_bits, KEY_FRAMES[seed % len(KEY_FRAMES)]
        sound = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        sound.bit_rate = footage.sound_bits
        _encode(container, picture, _pictures(footage, seed + 1))
        _encode(container, sound, _noise(footage, seed + 1))


def _encode(container: OutputContainer, stream: Any, frames: Iterator[Any]) -> None:
    for frame in frames:
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _pictures(footage: Footage, seed: int) -> Iterator[av.VideoFrame]:
    graph = av.filter.Graph()
    size = f"{footage.width // 4}x{footage.height // 4}"  # drawn small: drawing costs more than encoding
    graph.link_nodes(
        graph.add("gradients", f"size={size}:rate={FPS}:nb_colors=6:seed={seed}:speed=0.03:type=spiral"),
        graph.add("scale", f"{footage.width}:{footage.height}"),
        graph.add("format", "yuv420p"),
        graph.add("noise", f"alls=9:allf=t:all_seed={seed}"),
        graph.add("buffersink"),
    ).configure()
    for number in range(round(footage.seconds * FPS)):
        frame = graph.vpull()
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        frame.pict_type = av.video.frame.PictureType.NONE  # else each one becomes a key frame
        yield frame


def _noise(footage: Footage, seed: int) -> Iterator[av.AudioFrame]:
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add("anoisesrc", f"sample_rate={SAMPLE_RATE}:color=pink:seed={seed}:duration={footage.seconds}"),
        graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo"),
        graph.add("abuffersink"),
    ).configure()
    try:
        while True:
            yield graph.pull()  # type: ignore[misc]
    except av.error.EOFError:
        return

"""Which frame becomes the poster, and what is decoded for it."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from generations.media.frames import KeyFrames, Patience
from generations.media.nal import SampleCheck
from tests.corpus import SHAPES, clip_of


def watched(shape: str, folder: Path, *, poster_seconds: float) -> KeyFrames:
    """What is left of a clip after all of its samples came."""
    path = folder / "clip.mp4"
    path.write_bytes(clip_of(shape, size=(64, 64)))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        check = SampleCheck.of("h264", stream.codec_context.extradata or b"")
        assert check
        watch = KeyFrames(stream, check, poster_seconds, 2.5)
        for packet in container.demux(stream):
            watch.take(packet)
        assert watch.finish(Patience()) == 60
        return watch


@pytest.mark.parametrize("at", [0.3, 0.8, 1.2])
def test_the_poster_is_the_key_frame_nearest_its_time(at: float, tmp_path: Path) -> None:
    """There is one each second; the first equals the start image, the third is in the clip's second half."""
    poster = watched("h264, fragmented", tmp_path, poster_seconds=at).poster
    assert poster is not None
    assert poster.pts == 13312  # of 12288 a second; B-frames put off all by two frames


@pytest.mark.parametrize("at", [0.0, 0.4, 2.4])
def test_with_one_key_frame_the_frames_are_decoded_up_to_that_time(at: float, tmp_path: Path) -> None:
    poster = watched("h264", tmp_path, poster_seconds=at).poster
    assert poster is not None
    assert poster.pts is not None
    assert at <= poster.pts / 12288 < at + 0.3


def test_the_shapes_are_what_their_names_say() -> None:
    """Else the corpus would prove less than it seems to."""
    assert "open-gop=1" in SHAPES["h264, open GOP"][1]["x264-params"]
    assert b"x264" in clip_of("h264, slices")
    assert b"hvc1" in clip_of("hevc") or b"hev1" in clip_of("hevc")
    assert b"av01" in clip_of("av1")
    assert b"vp09" in clip_of("vp9")
    assert b"moof" in clip_of("h264, fragmented")

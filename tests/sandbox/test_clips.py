"""Rendered clips, read with PyAV and box by box."""

import io
import struct
from pathlib import Path

import av
import pytest
import requests
from PIL import Image, ImageChops

from generations.sandbox.clips import SIZES, render, size_for
from generations.sandbox.tasks import Clip


def boxes(data: bytes) -> list[str]:
    found, at = [], 0
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        found.append(name.decode())
        at += size
    assert at == len(data)
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One clip of each ratio: 5 s with sound, 10 s without, and a square one."""
    folder = tmp_path_factory.mktemp("clips")
    orders = {"16:9": (5, True), "9:16": (10, False), "1:1": (5, False)}
    for ratio, (seconds, sound) in orders.items():
        width, height = SIZES[ratio]
        clip = Clip("a lighthouse in a storm", width, height, seconds, sound)
        render(folder / f"{seconds}-{width}x{height}.mp4", clip)
    return folder


@pytest.mark.parametrize("name", ["5-640x360", "10-360x640", "5-480x480"])
def test_a_clip_has_exactly_the_ordered_size_and_length(made, name):
    seconds, size = name.split("-")
    with av.open(str(made / f"{name}.mp4")) as container:
        stream = container.streams.video[0]
        assert f"{stream.width}x{stream.height}" == size
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.frames == int(seconds) * 24
        assert stream.duration and stream.time_base and stream.duration * stream.time_base == int(seconds)
        assert container.duration == int(seconds) * 1_000_000
        assert sum(1 for _ in container.decode(video=0)) == int(seconds) * 24


def test_sound_is_stereo_aac_of_the_same_length(made):
    with av.open(str(made / "5-640x360.mp4")) as container:
        (voice,) = container.streams.audio
        assert (voice.codec_context.name, voice.layout.name) == ("aac", "stereo")
        assert voice.duration and voice.time_base and voice.duration * voice.time_base == 5
        assert sum(frame.samples for frame in container.decode(audio=0)) >= 5 * 48_000


def test_without_sound_there_is_no_audio_track(made):
    with av.open(str(made / "10-360x640.mp4")) as container:
        assert not container.streams.audio


@pytest.mark.parametrize("name", ["5-640x360", "10-360x640", "5-480x480"])
def test_the_index_stands_before_the_pictures(made, name):
    found = boxes((made / f"{name}.mp4").read_bytes())
    assert found[0] == "ftyp" and found.index("moov") < found.index("mdat")


def test_something_moves(made):
    with av.open(str(made / "5-640x360.mp4")) as container:
        frames = [frame.to_image().convert("L") for frame in container.decode(video=0)]
    for one, other in ((0, 24), (24, 72), (72, 119)):
        changed = ImageChops.difference(frames[one], frames[other]).point(lambda value: 255 * (value > 12))
        assert changed.histogram()[255] > 0.02 * 640 * 360


def test_nothing_but_the_clip_is_left(made):
    assert sorted(path.suffix for path in made.iterdir()) == [".mp4"] * 3


@pytest.mark.parametrize("size", [(4000, 3000), (1, 5000), (5000, 1), (333, 777), (1080, 1920)])
def test_a_clip_that_follows_an_image_has_even_sides_of_sensible_length(size):
    width, height = size_for(size)
    assert width % 2 == height % 2 == 0
    assert min(width, height) >= 180 and max(width, height) <= 960


def test_a_start_image_is_the_background(tmp_path: Path):
    target = tmp_path / "clip.mp4"
    render(target, Clip("x", 360, 240, 3, False), Image.new("RGB", (90, 60), (20, 200, 40)))
    with av.open(str(target)) as container:
        red, green, blue = next(container.decode(video=0)).to_image().getpixel((4, 4))
    assert green > 150 > red


def opened(apixo, prompt: str, **changes) -> av.container.InputContainer:
    (url,) = apixo.urls(apixo.accepted(prompt, **changes))
    return av.open(io.BytesIO(requests.get(url, timeout=5).content), "r")


def test_wrong_duration_gives_three_seconds(apixo):
    with opened(apixo, "[wrong duration]") as container:
        assert container.duration == 3_000_000


def test_wrong_ratio_gives_another_ratio(apixo):
    with opened(apixo, "[wrong ratio]", aspect_ratio="16:9") as container:
        assert container.streams.video[0].width == container.streams.video[0].height


def test_mute_has_no_audio_though_it_was_ordered(apixo):
    with opened(apixo, "[mute]", sound=True) as container:
        assert not container.streams.audio


def test_an_order_with_sound_has_audio(apixo):
    with opened(apixo, "loud", sound=True) as container:
        assert len(container.streams.audio) == 1

"""A frame is taken by its number, exactly, whatever the order of its samples."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from generations.media import exact_frames
from generations.media.exact_frames import frame_image, frame_jpeg, shown_at, strip
from generations.media.mp4 import NotAVideo
from tests.clips import clip

GOOD = cache(lambda layout: clip(layout, seconds=1.5, width=96, height=64))  # 36 frames, three key frames


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path, GOOD("faststart"))


def written(folder: Path, content: bytes) -> Path:
    path = folder / "clip.mp4"
    path.write_bytes(content)
    return path


def decoded(path: Path) -> list[Image.Image]:
    """All frames as a player shows them, one after the other."""
    with av.open(str(path)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


@pytest.mark.parametrize("layout", ["faststart", "moov-last", "fragmented"])
def test_each_number_is_the_frame_that_is_shown_then_without_loss(tmp_path: Path, layout: str) -> None:
    path = written(tmp_path, GOOD(layout))
    frames = decoded(path)
    assert len(shown_at(path)) == len(frames) == 36
    for number, frame in enumerate(frames):
        image = frame_image(path, number)
        assert (image.extension, image.width, image.height) == ("png", 96, 64)
        assert ImageChops.difference(opened(image.content), frame).getbbox() is None, number


def test_frames_are_shown_at_their_times(path: Path) -> None:
    assert shown_at(path) == [pytest.approx(number / 24, abs=1e-4) for number in range(36)]


@pytest.mark.parametrize("number", [-1, 36])
def test_a_number_that_the_clip_has_not_is_refused(path: Path, number: int) -> None:
    with pytest.raises(NotAVideo, match="it has 36 frames"):
        frame_image(path, number)


def test_a_cut_clip_has_no_frames(tmp_path: Path) -> None:
    with pytest.raises(NotAVideo):
        shown_at(written(tmp_path, GOOD("faststart")[:-2000]))


def test_a_picture_that_no_provider_takes_is_reduced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_frames, "MAX_IMAGE_BYTES", len(frame_image(path, 5).content) - 1)
    monkeypatch.setattr(exact_frames, "LONGER_SIDE", 48)
    image = frame_image(path, 5)
    assert (image.width, image.height, opened(image.content).size) == (48, 32, (48, 32))


def test_a_strip_holds_its_frames_in_the_order_asked_and_one_twice(path: Path) -> None:
    picture, alone = opened(strip(path, [35, 0, 35])), opened(frame_jpeg(path, 35))
    assert picture.size == (288, 64)
    for left in (0, 192):
        difference = ImageChops.difference(picture.crop((left, 0, left + 96, 64)), alone)
        assert max(ImageStat.Stat(difference).mean) < 12
    assert ImageChops.difference(picture.crop((0, 0, 96, 64)), picture.crop((96, 0, 192, 64))).getbbox()


def test_colors_that_are_not_named_go_by_the_height(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = frame_image(path, 0).content
    monkeypatch.setattr(exact_frames, "HD_LINES", 10)
    assert frame_image(path, 0).content != small


def test_a_clip_that_takes_too_long_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_frames, "WITHIN_SECONDS", -1.0)
    with pytest.raises(NotAVideo, match="not decoded within"):
        frame_image(path, 3)

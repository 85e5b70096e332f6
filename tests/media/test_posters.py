"""Posters are JPEGs of the clip's shape, no larger than lists and pages need."""

from __future__ import annotations

import io

import av
import pytest
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from generations.media.posters import dominant_color, stills_of


def size_of(jpeg: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(jpeg)) as image:
        assert image.format == "JPEG"
        return image.size


@pytest.mark.parametrize(
    ("frame", "poster", "small"),
    [
        ((1920, 1080), (640, 360), (320, 180)),
        ((720, 1280), (640, 1138), (320, 569)),
        ((400, 300), (400, 300), (320, 240)),
        ((64, 64), (64, 64), (64, 64)),
    ],
)
def test_stills_keep_the_shape_and_are_never_wider_than_the_clip(
    frame: tuple[int, int], poster: tuple[int, int], small: tuple[int, int]
) -> None:
    stills = stills_of(av.VideoFrame(*frame, "yuv420p"))
    assert (size_of(stills.poster), size_of(stills.poster_small)) == (poster, small)


@pytest.mark.parametrize("colorspace", [Colorspace.ITU601, Colorspace.ITU709])
@pytest.mark.parametrize("color_range", [ColorRange.MPEG, ColorRange.JPEG])
def test_stills_have_the_colors_of_the_clip(colorspace: Colorspace, color_range: ColorRange) -> None:
    orange = (220, 120, 30)
    drawn = av.VideoFrame.from_image(Image.new("RGB", (1280, 720), orange))
    frame = drawn.reformat(format="yuv420p", dst_colorspace=colorspace, dst_color_range=color_range)
    stills = stills_of(frame)
    for jpeg in (stills.poster, stills.poster_small):
        with Image.open(io.BytesIO(jpeg)) as image:
            shown = image.convert("RGB").getpixel((100, 100))
        assert shown == pytest.approx(orange, abs=4)


def test_the_dominant_colour_is_that_of_the_largest_part() -> None:
    picture = Image.new("RGB", (640, 360), "#204060")
    picture.paste("#f0c000", (0, 0, 640, 160))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=95)
    found = bytes.fromhex(dominant_color(jpeg.getvalue())[1:])
    assert all(abs(one - other) <= 2 for one, other in zip(found, b"\x20\x40\x60", strict=True))


def test_what_is_no_jpeg_has_no_colour() -> None:
    with pytest.raises(OSError):
        dominant_color(b"GIF89a")

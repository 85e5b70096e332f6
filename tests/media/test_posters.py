"""Posters are JPEGs of the clip's shape, no larger than lists and pages need."""

from __future__ import annotations

import io

import av
import pytest
from PIL import Image

from generations.media.posters import stills_of


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

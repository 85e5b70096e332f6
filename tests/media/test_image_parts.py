"""The parts of a JPG or PNG, counted before anything decodes it. Hostile ones: test_images_limits.py."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from generations.media.image_parts import MOST_CHUNKS, MOST_PARTS, MOST_SCANS, check_chunks, scans_of

SCAN = b"\xff\xda\x00\x03\x01" + b"\x12\xff\x00\xff\xd0\x34"  # with a stuffed 0xFF, and a restart
END = b"\xff\xd9"


def saved(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, kind, **options)
    return out.getvalue()


def jpg(*parts: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(parts) + END


def test_a_plain_jpg_has_one_scan_and_a_progressive_one_several() -> None:
    assert scans_of(saved("JPEG")) == 1
    assert 2 <= scans_of(saved("JPEG", progressive=True)) <= MOST_SCANS


def test_what_looks_like_a_scan_within_a_segment_or_after_the_end_is_none() -> None:
    preview = b"\xff\xe1\x00\x10" + b"\xff\xda" * 7
    assert scans_of(jpg(preview, SCAN) + jpg(SCAN, SCAN)) == 1


@pytest.mark.parametrize(
    "data",
    [
        saved("JPEG")[:-2],
        b"",
        jpg(*[SCAN] * (MOST_SCANS + 1)),
        jpg(*[b"\xff\xfe\x00\x02"] * MOST_PARTS, SCAN),
        jpg(b"\xff\xc9\x00\x02", SCAN),
        jpg(b"\xff\xe0\xff\xff", SCAN),
    ],
    ids=["cut", "empty", "scans", "parts", "arithmetic", "a part beyond the end"],
)
def test_a_jpg_that_no_camera_writes_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no plain or progressive JPG"):
        scans_of(data)


def test_a_png_has_its_end_after_a_few_pieces() -> None:
    png = saved("PNG")
    check_chunks(png)
    many = png[:33] + (bytes(4) + b"abCd" + bytes(4)) * MOST_CHUNKS + png[33:]
    for hostile in (png[:-12], many, b""):
        with pytest.raises(ValueError, match="no PNG with an end"):
            check_chunks(hostile)

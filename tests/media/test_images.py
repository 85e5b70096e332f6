"""Only clean pictures leave the upload."""

import io
import random
import struct
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from generations.media import images
from generations.media.images import BadImage, clean_image
from tests.clips import clip


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 20), **options) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, kind, **options)
    return out.getvalue()


def cleaned(data: bytes) -> images.CleanImage:
    return clean_image(io.BytesIO(data))


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(cleaned(data).content))


@pytest.mark.parametrize(
    ("kind", "mode", "extension", "becomes"),
    [
        ("JPEG", "RGB", "jpg", "JPEG"),
        ("PNG", "RGB", "png", "PNG"),
        ("WEBP", "RGB", "jpg", "JPEG"),
        ("WEBP", "RGBA", "png", "PNG"),
    ],
)
def test_picture_is_written_anew_as_jpg_or_png(kind, mode, extension, becomes):
    out = io.BytesIO()
    Image.new(mode, (40, 20), (9, 9, 9, 99)[: len(mode)]).save(out, kind)
    clean = cleaned(out.getvalue())
    assert (clean.extension, clean.width, clean.height) == (extension, 40, 20)
    assert Image.open(io.BytesIO(clean.content)).format == becomes


@pytest.mark.parametrize(("size", "becomes"), [((3840, 2160), (3840, 2160)), ((4001, 3000), (2001, 1500))])
def test_a_jpg_beyond_4k_is_made_half_as_wide_and_high(size, becomes):
    assert opened(picture("JPEG", size=size)).size == becomes


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_a_picture_elsewhere_is_known_without_decoding_it(kind, name, monkeypatch):
    data = picture(kind, size=(400, 300))
    monkeypatch.setattr(Image.Image, "load", None)
    assert images.picture_kind(data) == name
    with pytest.raises(BadImage, match="cut or damaged"):
        images.picture_kind(data[:-20])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (picture("GIF") + b"<script>alert(1)</script>", "GIF"),
        (picture("BMP"), "BMP"),
        (picture("TIFF"), "TIFF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "EPS"),
        (b"%PDF-1.7", "PDF"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b'<?xml version="1.0"?><svg/>', "SVG or XML"),
        (b"<html>", "HTML"),
        (clip(), "video"),
        (b"hello", "unknown"),
        (b"", "empty"),
    ],
)
def test_other_formats_are_named_and_refused(data, name):
    with pytest.raises(BadImage, match=rf"not a JPG, PNG or WebP picture \(it is .*{name}"):
        cleaned(data)


def test_eleven_megabytes_are_too_much():
    with pytest.raises(BadImage, match="^11 MB: at most 10 MB$"):
        cleaned(picture("JPEG") + bytes(11_000_000 - len(picture("JPEG"))))


def test_no_more_than_the_limit_is_read():
    class Endless(io.BytesIO):
        asked = 0

        def read(self, size=-1):
            Endless.asked += size
            return super().read(size)

    with pytest.raises(BadImage):
        clean_image(Endless(bytes(12 * 2**20)))
    assert Endless.asked == 10_000_001


def png_header(width: int, height: int) -> bytes:
    data = picture("PNG")
    return data[:16] + struct.pack(">II", width, height) + data[24:]


def test_the_largest_of_bombs_is_refused():
    with pytest.raises(BadImage):
        cleaned(png_header(60_000, 60_000))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animation_is_refused(kind):
    more = [Image.new("RGB", (40, 20), colour) for colour in ("red", "blue")]
    with pytest.raises(BadImage, match="animated"):
        cleaned(picture(kind, save_all=True, append_images=more))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_picture_is_refused(kind):
    data = picture(kind, size=(400, 300))
    with pytest.raises(BadImage, match="cut or damaged"):
        cleaned(data[: len(data) // 2])


def exif_of(**tags: object) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = tags.get("orientation", 1)
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    exif[0x010E] = "secret description"
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_is_dropped(kind):
    more: dict[str, Any] = {"comment": b"secret comment"} if kind == "JPEG" else {}
    data = picture(kind, exif=exif_of(), xmp=b"<x>secret xmp</x>", **more)
    assert b"secret" in data
    image = opened(data)
    assert not image.getexif()
    assert b"secret" not in cleaned(data).content
    assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)


def test_what_follows_the_picture_is_dropped():
    assert b"<script>" not in cleaned(picture("PNG") + b"<script>").content


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_picture_is_turned_upright(kind):
    clean = cleaned(picture(kind, exif=exif_of(orientation=6)))
    assert (clean.width, clean.height) == (20, 40)


@pytest.mark.parametrize(
    ("kind", "mode", "becomes"),
    [("JPEG", "CMYK", "RGB"), ("JPEG", "L", "RGB"), ("PNG", "P", "RGB"), ("PNG", "1", "RGB")],
)
def test_rare_kinds_of_pixels_become_plain(kind, mode, becomes):
    assert opened(picture(kind, mode)).mode == becomes


def test_a_transparent_palette_stays_transparent():
    image = opened(picture("PNG", "P", transparency=0))
    assert image.mode == "RGBA"


def test_sixteen_bits_of_grey_become_eight():
    data = io.BytesIO()
    Image.new("I;16", (8, 8), 40_000).save(data, "PNG")
    assert opened(data.getvalue()).getpixel((0, 0)) == 156


def test_colours_of_a_profile_are_kept_without_it():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = opened(picture("JPEG", icc_profile=profile))
    assert "icc_profile" not in image.info
    before = Image.open(io.BytesIO(picture("JPEG")))
    assert abs(image.crop((5, 10, 6, 11)).tobytes()[0] - before.crop((5, 10, 6, 11)).tobytes()[0]) < 8


def test_a_broken_profile_is_no_reason_to_refuse():
    assert opened(picture("JPEG", icc_profile=b"nonsense")).size == (40, 20)


def test_a_phone_picture_with_a_second_one_inside_is_a_jpg():
    data = picture("MPO", save_all=True, append_images=[Image.new("RGB", (40, 20))])
    assert cleaned(data).extension == "jpg"


def test_a_jpg_that_grows_is_saved_at_less_quality(monkeypatch):
    noise = Image.effect_noise((300, 300), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=60)
    monkeypatch.setattr(images, "MAX_IMAGE_BYTES", out.tell() + 40_000)
    assert len(cleaned(out.getvalue()).content) <= out.tell() + 40_000


def test_a_png_that_grows_names_the_way_out(monkeypatch):
    out = io.BytesIO()
    Image.effect_noise((300, 300), 90).convert("P").save(out, "PNG")
    data = out.getvalue()
    monkeypatch.setattr(images, "MAX_IMAGE_BYTES", len(data))
    with pytest.raises(BadImage, match="save it as JPG"):
        clean_image(io.BytesIO(data))


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    progressive=st.booleans(),
    at=st.floats(0, 1),
    put=st.binary(min_size=1, max_size=9),
)
def test_a_changed_picture_passes_or_is_refused(kind, progressive, at, put):
    data = picture(kind, exif=exif_of(orientation=3), progressive=progressive)
    place = int(at * (len(data) - len(put)))
    try:
        cleaned(data[:place] + put + data[place + len(put) :])
    except BadImage as refused:
        assert str(refused).isascii()


def test_a_jpg_whose_colours_have_no_size_is_refused():
    data = bytearray(picture("JPEG", progressive=True))
    start = data.index(b"\xff\xc2") + 10  # of three times: number, sampling, table
    data[start + 1 : start + 9 : 3] = bytes(3)
    with pytest.raises(BadImage, match="cut or damaged"):
        cleaned(bytes(data))


def test_random_bytes_behind_a_good_start_are_refused():
    chance = random.Random(3)
    began = time.monotonic()
    for start in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x64\0\0\0WEBP"):
        for _ in range(50):
            with pytest.raises(BadImage):
                cleaned(start + chance.randbytes(100))
    assert time.monotonic() - began < 5

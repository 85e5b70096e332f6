"""Only whole clips are clips, and only clean pictures leave the upload."""

import io
import random
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from generations import media
from generations.media import BadImage, Clip, NotAVideo, clean_image, poster, verify
from generations.mp4 import read_tracks
from tests.clips import LAYOUTS, boxes, clip
from tests.test_mp4 import cuts_of

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def verified(data: bytes, folder: Path) -> Clip:
    path = folder / "clip.mp4"
    path.write_bytes(data)
    return verify(path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_whole_clip_passes(layout, tmp_path):
    assert verified(clip(layout), tmp_path) == Clip(1.0, 64, 64, 24.0, True, "h264", "aac")


def test_silent_clip_has_no_audio(tmp_path):
    found = verified(clip(sound=False), tmp_path)
    assert (found.has_audio, found.audio_codec) == (False, "")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_cut_survives(layout, tmp_path):
    data = clip(layout)
    for cut in cuts_of(data):
        with pytest.raises(NotAVideo):
            pytest.fail(f"cut at {cut} of {len(data)}: {verified(data[:cut], tmp_path)}")


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"<!DOCTYPE html><html>Not found</html>", b'{"code": 404}', b"\x89PNG\r\n\x1a\n" + bytes(99)],
    ids=["empty", "one byte", "HTML", "JSON", "PNG"],
)
def test_what_is_no_video_is_refused(data, tmp_path):
    with pytest.raises(NotAVideo):
        verified(data, tmp_path)


def test_sound_alone_is_refused(tmp_path):
    with pytest.raises(NotAVideo, match="no picture"):
        verified(clip(picture=False), tmp_path)


def test_half_a_file_with_its_index_in_front_is_refused(tmp_path):
    data = clip("faststart")
    with pytest.raises(NotAVideo, match="cut"):
        verified(data[: len(data) // 2], tmp_path)


@pytest.mark.parametrize("filler", [b"\0", b"\xff"])
def test_a_hole_of_the_right_length_is_refused(filler, tmp_path):
    """A disk that lost blocks, or a download that skipped some, leaves the structure intact."""
    data = clip("faststart")
    start = next(start for kind, start, _ in boxes(data) if kind == b"mdat") + 12_000
    with pytest.raises(NotAVideo):
        verified(data[:start] + filler * 4096 + data[start + 4096 :], tmp_path)


def test_fewer_pictures_than_promised_are_refused(tmp_path, monkeypatch):
    def promising_more(path):
        tracks = read_tracks(path)
        tracks[0].samples += 1
        return tracks

    monkeypatch.setattr(media, "read_tracks", promising_more)
    with pytest.raises(NotAVideo, match="promises 25 pictures and holds 24"):
        verified(clip(), tmp_path)


def test_too_large_a_picture_is_refused_before_decoding(tmp_path):
    data = bytearray(clip())
    at = data.index(b"avc1", data.index(b"stsd")) + 28
    data[at : at + 4] = struct.pack(">HH", 20_000, 20_000)
    with pytest.raises(NotAVideo, match="20000 x 20000"):
        verified(bytes(data), tmp_path)


def test_too_large_a_picture_that_the_index_hides_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(media, "MAX_CLIP_PIXELS", 64 * 64)
    data = bytearray(clip(width=128, height=128))
    at = data.index(b"avc1", data.index(b"stsd")) + 28
    data[at : at + 4] = struct.pack(">HH", 64, 64)
    with pytest.raises(NotAVideo):
        verified(bytes(data), tmp_path)


def test_too_long_a_clip_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(media, "MAX_SECONDS", 0.5)
    with pytest.raises(NotAVideo, match="it lasts 1.0 s"):
        verified(clip(), tmp_path)


def test_decoding_ends_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr(media, "DECODE_SECONDS", 0)
    with pytest.raises(NotAVideo):
        verified(clip(), tmp_path)


def test_a_decoder_that_browsers_lack_is_never_reached(tmp_path):
    data = clip()
    at = data.index(b"avc1", data.index(b"stsd"))
    with pytest.raises(NotAVideo, match="browsers do not play"):
        verified(data[:at] + b"apcn" + data[at + 4 :], tmp_path)


def test_a_missing_file_is_an_error_of_the_disk(tmp_path):
    with pytest.raises(FileNotFoundError):
        verify(tmp_path / "nowhere.mp4")


@QUICK
@given(layout=st.sampled_from(LAYOUTS), at=st.floats(0, 1), put=st.binary(min_size=1, max_size=9))
def test_a_changed_clip_passes_or_is_refused(layout, at, put, tmp_path):
    data = clip(layout)
    place = int(at * (len(data) - len(put)))
    path = tmp_path / "clip.mp4"
    path.write_bytes(data[:place] + put + data[place + len(put) :])
    for look in (verify, lambda path: poster(path, tmp_path / "poster.jpg")):
        try:
            look(path)
        except NotAVideo as refused:
            assert str(refused).isascii()


def test_poster_is_a_small_jpeg_of_the_right_shape(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(clip(width=256, height=144))
    poster(tmp_path / "clip.mp4", tmp_path / "poster.jpg", width=128)
    with Image.open(tmp_path / "poster.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (128, 72))


def test_poster_is_never_wider_than_the_clip(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(clip())
    poster(tmp_path / "clip.mp4", tmp_path / "poster.jpg")
    with Image.open(tmp_path / "poster.jpg") as image:
        assert image.size == (64, 64)


@pytest.mark.parametrize("at", [0.0, 0.15, 0.7, 1.0])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_poster_exists_at_any_time(layout, at, tmp_path):
    (tmp_path / "clip.mp4").write_bytes(clip(layout))
    poster(tmp_path / "clip.mp4", tmp_path / "poster.jpg", at=at)
    assert (tmp_path / "poster.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


# Pictures


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 20), **options) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, kind, **options)
    return out.getvalue()


def cleaned(data: bytes) -> media.CleanImage:
    return clean_image(io.BytesIO(data))


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(cleaned(data).content))


@pytest.mark.parametrize(("kind", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_picture_is_written_anew_in_its_own_format(kind, extension):
    clean = cleaned(picture(kind))
    assert (clean.extension, clean.width, clean.height) == (extension, 40, 20)
    assert Image.open(io.BytesIO(clean.content)).format == kind


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
        cleaned(picture("JPEG") + bytes(11 * 2**20 - len(picture("JPEG"))))


def test_no_more_than_the_limit_is_read():
    class Endless(io.BytesIO):
        asked = 0

        def read(self, size=-1):
            Endless.asked += size
            return super().read(size)

    with pytest.raises(BadImage):
        clean_image(Endless(bytes(12 * 2**20)))
    assert Endless.asked == 10 * 2**20 + 1


BOMB = """
import io, resource, sys, time
from generations.media import BadImage, clean_image
from PIL import Image
data = sys.stdin.buffer.read()
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
try:
    clean_image(io.BytesIO(data))
except BadImage as error:
    print(error)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert after - before < 20_000, (before, after)
assert time.monotonic() - began < 1
"""


def png_bomb() -> bytes:
    out = io.BytesIO()
    Image.new("L", (13_000, 13_000)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def webp_bomb() -> bytes:
    """Return a small lossless WebP whose header says 13,000 x 13,000: nobody should get as far as its pixels."""
    data = picture("WEBP", lossless=True)
    (bits,) = struct.unpack_from("<I", data, 21)
    return data[:21] + struct.pack("<I", bits & 0xF0000000 | 12_999 << 14 | 12_999) + data[25:]


@pytest.mark.parametrize("bomb", [png_bomb, webp_bomb])
def test_bomb_is_refused_fast_and_in_little_memory(bomb):
    run = subprocess.run([sys.executable, "-c", BOMB], input=bomb(), capture_output=True, check=False)
    assert (run.stdout.decode().strip(), run.returncode) == ("169 megapixels: at most 25", 0), run.stderr


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
    more = {"comment": b"secret comment"} if kind == "JPEG" else {}
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
    assert abs(image.getpixel((5, 10))[0] - Image.open(io.BytesIO(picture("JPEG"))).getpixel((5, 10))[0]) < 8


def test_a_broken_profile_is_no_reason_to_refuse():
    assert opened(picture("JPEG", icc_profile=b"nonsense")).size == (40, 20)


def test_a_phone_picture_with_a_second_one_inside_is_a_jpg():
    data = picture("MPO", save_all=True, append_images=[Image.new("RGB", (40, 20))])
    assert cleaned(data).extension == "jpg"


def test_a_jpg_that_grows_is_saved_at_less_quality(monkeypatch):
    noise = Image.effect_noise((300, 300), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=60)
    monkeypatch.setattr(media, "MAX_IMAGE_BYTES", out.tell() + 40_000)
    assert len(cleaned(out.getvalue()).content) <= out.tell() + 40_000


def test_a_png_that_grows_names_the_way_out(monkeypatch):
    out = io.BytesIO()
    Image.effect_noise((300, 300), 90).convert("P").save(out, "PNG")
    data = out.getvalue()
    monkeypatch.setattr(media, "MAX_IMAGE_BYTES", len(data))
    with pytest.raises(BadImage, match="save it as JPG"):
        clean_image(io.BytesIO(data))


@QUICK
@given(kind=st.sampled_from(["JPEG", "PNG", "WEBP"]), at=st.floats(0, 1), put=st.binary(min_size=1, max_size=9))
def test_a_changed_picture_passes_or_is_refused(kind, at, put):
    data = picture(kind, exif=exif_of(orientation=3))
    place = int(at * (len(data) - len(put)))
    try:
        cleaned(data[:place] + put + data[place + len(put) :])
    except BadImage as refused:
        assert str(refused).isascii()


def test_random_bytes_behind_a_good_start_are_refused():
    chance = random.Random(3)
    began = time.monotonic()
    for start in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x64\0\0\0WEBP"):
        for _ in range(50):
            with pytest.raises(BadImage):
                cleaned(start + chance.randbytes(100))
    assert time.monotonic() - began < 5

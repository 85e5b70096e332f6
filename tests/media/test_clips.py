"""Only whole clips are clips, and every one has a poster."""

import io
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from generations.media import clips
from generations.media.clips import Clip, NotAVideo, poster, smaller, verify
from generations.media.mp4 import read_tracks
from tests.clips import LAYOUTS, boxes, clip, cuts_of


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

    monkeypatch.setattr(clips, "read_tracks", promising_more)
    with pytest.raises(NotAVideo, match="promises 25 pictures and holds 24"):
        verified(clip(), tmp_path)


def test_too_large_a_picture_is_refused_before_decoding(tmp_path):
    data = bytearray(clip())
    at = data.index(b"avc1", data.index(b"stsd")) + 28
    data[at : at + 4] = struct.pack(">HH", 20_000, 20_000)
    with pytest.raises(NotAVideo, match="20000 x 20000"):
        verified(bytes(data), tmp_path)


def test_too_large_a_picture_that_the_index_hides_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "MAX_CLIP_PIXELS", 64 * 64)
    data = bytearray(clip(width=128, height=128))
    at = data.index(b"avc1", data.index(b"stsd")) + 28
    data[at : at + 4] = struct.pack(">HH", 64, 64)
    with pytest.raises(NotAVideo):
        verified(bytes(data), tmp_path)


def test_too_long_a_clip_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "MAX_SECONDS", 0.5)
    with pytest.raises(NotAVideo, match="it lasts 1.0 s"):
        verified(clip(), tmp_path)


def test_decoding_ends_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "DECODE_SECONDS", 0)
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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layout=st.sampled_from(LAYOUTS), at=st.floats(0, 1), put=st.binary(min_size=1, max_size=9))
def test_a_changed_clip_passes_or_is_refused(layout, at, put, tmp_path):
    data = clip(layout)
    place = int(at * (len(data) - len(put)))
    path = tmp_path / "clip.mp4"
    path.write_bytes(data[:place] + put + data[place + len(put) :])
    for look in (verify, poster):
        try:
            look(path)
        except NotAVideo as refused:
            assert str(refused).isascii()


def test_poster_is_a_small_jpeg_of_the_right_shape(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(clip(width=256, height=144))
    with Image.open(io.BytesIO(poster(tmp_path / "clip.mp4", width=128))) as image:
        assert (image.format, image.size) == ("JPEG", (128, 72))


def test_lists_load_a_picture_half_as_wide_and_never_a_larger_one(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(clip(width=256, height=144))
    still = poster(tmp_path / "clip.mp4")
    for width, size in ((128, (128, 72)), (320, (256, 144))):
        with Image.open(io.BytesIO(smaller(still, width=width))) as image:
            assert (image.format, image.size) == ("JPEG", size)


def test_poster_is_never_wider_than_the_clip(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(clip())
    with Image.open(io.BytesIO(poster(tmp_path / "clip.mp4"))) as image:
        assert image.size == (64, 64)


@pytest.mark.parametrize("at", [0.0, 0.15, 0.7, 1.0])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_poster_exists_at_any_time(layout, at, tmp_path):
    (tmp_path / "clip.mp4").write_bytes(clip(layout))
    assert poster(tmp_path / "clip.mp4", at=at)[:3] == b"\xff\xd8\xff"

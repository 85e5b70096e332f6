"""Only whole clips are clips, and every one has a poster."""

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generations.media import clips, frames
from generations.media.clips import Clip, NotAVideo, TookTooLong, decode_all, poster, verify
from generations.media.mp4 import read_tracks
from tests.clips import LAYOUTS, boxes, clip, cuts_of
from tests.corpus import SHAPES, TRANSPORT, clip_of, corruptions, damaged_inside


def verified(data: bytes, folder: Path) -> Clip:
    path = folder / "clip.mp4"
    path.write_bytes(data)
    return verify(path).clip


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
    monkeypatch.setattr(frames, "DECODE_SECONDS", 0)
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
    for look in (verify, decode_all, poster):
        try:
            look(path)
        except NotAVideo as refused:
            assert str(refused).isascii()


def test_what_the_first_step_leaves_is_told(tmp_path):
    path = tmp_path / "clip.mp4"
    for shape, is_decoded in (("h264", False), ("mpeg4", True)):
        path.write_bytes(clip_of(shape, seconds=0.5, size=(64, 64)))
        assert verify(path).is_decoded is is_decoded


def test_damage_that_only_a_full_decoding_finds_is_found_later(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(damaged_inside(clip_of("h264")))
    assert verify(path).clip.duration_seconds == 2.5
    with pytest.raises(NotAVideo):
        decode_all(path)


def test_too_slow_a_machine_proves_no_damage(tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "DECODE_SECONDS", -1)
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip())
    with pytest.raises(TookTooLong):
        decode_all(path)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_whole_clip_of_any_codec_and_shape_is_refused(shape, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip_of(shape, seconds=1.5, size=(160, 96)))
    assert verify(path).stills
    decode_all(path)


@pytest.mark.parametrize("shape", ["h264", "h264, fragmented", "hevc"])
def test_no_fault_of_a_transport_survives_the_first_step(shape, tmp_path):
    path = tmp_path / "clip.mp4"
    for _, fault, bad in corruptions(TRANSPORT, times=2, shapes=[shape]):
        path.write_bytes(bad)
        with pytest.raises(NotAVideo):
            pytest.fail(f"{fault}: {verify(path)}")


@pytest.mark.parametrize("at", [0.0, 0.15, 0.7, 1.0])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_poster_exists_at_any_time(layout, at, tmp_path):
    (tmp_path / "clip.mp4").write_bytes(clip(layout))
    assert poster(tmp_path / "clip.mp4", seconds=at).poster[:3] == b"\xff\xd8\xff"

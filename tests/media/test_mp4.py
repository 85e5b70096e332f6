"""Every cut of every layout is seen, and nothing that a stranger writes into a file makes the reader stumble."""

import struct
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generations.media.mp4 import MAX_BOXES, NotAVideo, read_tracks
from tests.clips import LAYOUTS, boxes, clip, cuts_of


def tracks_of(data: bytes, folder: Path):
    path = folder / "clip.mp4"
    path.write_bytes(data)
    return read_tracks(path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_whole_clip_is_read(layout, tmp_path):
    video, audio = tracks_of(clip(layout), tmp_path)
    assert (video.handler, video.codec, video.samples, video.duration_seconds) == ("vide", "avc1", 24, 1.0)
    assert (video.width, video.height) == (64, 64)
    assert (audio.handler, audio.codec) == ("soun", "mp4a")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_cut_survives(layout, tmp_path):
    data = clip(layout)
    for cut in cuts_of(data):
        with pytest.raises(NotAVideo):
            pytest.fail(f"cut at {cut} of {len(data)}: {tracks_of(data[:cut], tmp_path)}")


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 8, b"\0" * 4096, b"<html>not a box</html>", b"\0\0\0\x09moov"])
def test_bytes_after_the_end_are_refused(tail, tmp_path):
    with pytest.raises(NotAVideo):
        tracks_of(clip() + tail, tmp_path)


def test_unknown_boxes_are_let_be(tmp_path):
    assert tracks_of(clip() + struct.pack(">I4s", 12, b"uuid") + b"abcd", tmp_path)


def test_fragmented_clip_that_nothing_proves_whole_is_refused(tmp_path):
    data = clip("fragmented")
    end = next(start for kind, start, _ in boxes(data) if kind == b"mfra")
    with pytest.raises(NotAVideo, match="does not say how long"):
        tracks_of(data[:end], tmp_path)


def test_samples_in_another_file_are_refused(tmp_path):
    data = bytearray(clip())
    at = data.index(b"url ")
    data[at + 7] = 0
    with pytest.raises(NotAVideo, match="another file"):
        tracks_of(bytes(data), tmp_path)


def test_a_sample_that_points_out_of_the_media_data_is_refused(tmp_path):
    data = bytearray(clip())
    at = data.index(b"stco")
    data[at + 12 : at + 16] = struct.pack(">I", 8)
    with pytest.raises(NotAVideo, match="is not there"):
        tracks_of(bytes(data), tmp_path)


def test_two_indexes_are_refused(tmp_path):
    data = clip()
    start, end = next((start, end) for kind, start, end in boxes(data) if kind == b"moov")
    with pytest.raises(NotAVideo, match="two indexes"):
        tracks_of(data + data[start:end], tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        clip()[:32] + struct.pack(">I4s", 8, b"free") * (MAX_BOXES + 1),
        clip()[:32] + struct.pack(">I4s", 5 * 2**20, b"moov") + bytes(5 * 2**20 - 8),
        clip()[:32] + struct.pack(">I4s", 8 + 8 * 500_000, b"moov") + struct.pack(">I4s", 8, b"trak") * 500_000,
    ],
    ids=["boxes without end", "an index of 5 MB", "an index of nothing but tracks"],
)
def test_files_made_to_keep_us_busy_are_refused_at_once(data, tmp_path):
    began = time.process_time()
    with pytest.raises(NotAVideo):
        tracks_of(data, tmp_path)
    assert time.process_time() - began < 2


def test_a_count_that_the_table_does_not_hold_is_refused(tmp_path):
    data = bytearray(clip())
    for name in (b"stts", b"stco", b"stsc"):
        at = data.index(name)
        spoiled = data[: at + 8] + b"\xff\xff\xff\xff" + data[at + 12 :]
        with pytest.raises(NotAVideo):
            tracks_of(bytes(spoiled), tmp_path)


def read_or_refuse(data: bytes, folder: Path) -> None:
    try:
        tracks_of(data, folder)
    except NotAVideo as refused:
        assert str(refused).isascii()


QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data, tmp_path):
    read_or_refuse(data, tmp_path)
    read_or_refuse(clip()[:32] + data, tmp_path)


@QUICK
@given(layout=st.sampled_from(LAYOUTS), at=st.floats(0, 1), put=st.binary(min_size=1, max_size=9))
def test_any_change_of_the_index_is_read_or_refused(layout, at, put, tmp_path):
    data = clip(layout)
    index = [byte for kind, start, end in boxes(data) if kind != b"mdat" for byte in range(start, end)]
    place = index[min(int(at * len(index)), len(index) - 1)]
    read_or_refuse(data[:place] + put + data[place + len(put) :], tmp_path)

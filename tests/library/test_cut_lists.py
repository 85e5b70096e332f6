"""Cut lists are read back by OpenTimelineIO as they were meant."""

from __future__ import annotations

import opentimelineio as otio

from generations.library.cut_lists import Cut, as_edl, as_otio
from generations.models import Video

CUTS = [
    Cut(Video(title="A fox\nin snow", fps=24.0, duration_seconds=5.0417), "0001_a fox_17.mp4"),
    Cut(Video(title="b", fps=30.0, duration_seconds=10.0), "0002_b_18.mp4"),
    Cut(Video(title="c", fps=24.0, duration_seconds=5.0), "0003_c_19.mp4"),
]


def test_a_timeline_holds_each_clip_whole_at_its_own_frame_rate() -> None:
    track = otio.adapters.read_from_string(as_otio("Teaser", CUTS), "otio_json").tracks[0]
    assert [(clip.media_reference.target_url, clip.duration().value, clip.duration().rate) for clip in track] == [
        ("0001_a fox_17.mp4", 121, 24), ("0002_b_18.mp4", 300, 30), ("0003_c_19.mp4", 120, 24),
    ]  # fmt: skip


def test_an_edl_keeps_the_order_and_names_reels_by_number_and_files_in_comments() -> None:
    edl = as_edl("Tea\nser", CUTS)
    track = otio.adapters.read_from_string(edl, "cmx_3600", rate=24).tracks[0]
    assert [(clip.name, clip.duration().value) for clip in track] == [
        ("CLIP0001", 121), ("CLIP0002", 240), ("CLIP0003", 120),
    ]  # fmt: skip
    assert "* FROM CLIP: 0001_a fox_17.mp4" in edl
    assert edl.startswith("TITLE: Tea ser\n")


def test_a_name_injects_no_line() -> None:
    hostile = Cut(Video(title="x", fps=24.0, duration_seconds=1.0), "x\n002  EVIL V C 00:00:00:00\x85\u2028.mp4")
    track = otio.adapters.read_from_string(as_edl("\r\n002  EVIL", [hostile]), "cmx_3600", rate=24).tracks[0]
    assert [clip.name for clip in track] == ["CLIP0001"]


def test_a_clip_of_unknown_frame_rate_and_an_empty_collection_are_written_too() -> None:
    assert Cut(Video(fps=0.0, duration_seconds=2.0), "x.mp4").frames == 48
    assert "TITLE: Empty" in as_edl("Empty", [])

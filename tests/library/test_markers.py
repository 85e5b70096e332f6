"""Comments for other programs."""

from __future__ import annotations

import opentimelineio as otio
import pytest
from django.contrib.auth.models import User

from generations.library import comments, markers
from generations.models import Video
from tests.factories import NOW, a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def video() -> Video:
    """A clip with an open comment, a resolved one with an answer, and one about all of it."""
    video, anna = (
        a_video(title="A fox\n002  AX V C", fps=24.0, duration_seconds=5.0),
        User.objects.create(username="anna"),
    )
    comments.write(video, "brighter\n003  AX  V  C  00:00:00:00", at=NOW, author=anna, at_seconds=(75 + 0.5) / 24)
    done = comments.write(video, "cut", at=NOW, author=anna, at_seconds=4.0)
    comments.write(video, "done", at=NOW, author=anna, parent=done)
    comments.resolve(done, at=NOW, by=anna)
    comments.write(video, "lovely", at=NOW, author=anna)
    return video


def test_markers_stand_at_their_frames_and_no_text_adds_a_line(video: Video) -> None:
    assert markers.edl(video, comments.threads(video)).split("\r\n") == [
        f"TITLE: Comments on clip {video.pk}",
        "FCM: NON-DROP FRAME",
        "",
        f"001  CLIP{video.pk:<8} V     C        00:00:00:00 00:00:05:00 00:00:00:00 00:00:05:00",
        "* FROM CLIP NAME: A fox 002 AX V C",
        "* LOC: 00:00:03:03 RED     anna: brighter 003 AX V C 00:00:00:00",
        "* LOC: 00:00:04:00 GREEN   anna: cut / anna: done",
        "",
    ]


def test_an_editing_program_reads_the_markers_back(video: Video) -> None:
    timeline = otio.adapters.read_from_string(markers.edl(video, comments.threads(video)), "cmx_3600", rate=24)
    (clip,) = timeline.find_clips()
    assert clip.name == "A fox 002 AX V C"
    assert [(each.marked_range.start_time.to_frames(), str(each.color)) for each in clip.markers] == [
        (75, "RED"),
        (96, "GREEN"),
    ]
    assert clip.markers[1].name == "anna: cut / anna: done"


def test_a_rate_between_whole_numbers_counts_in_the_next_whole_one() -> None:
    video, anna = a_video(fps=23.976, duration_seconds=5.0), User.objects.create(username="anna")
    comments.write(video, "here", at=NOW, author=anna, at_seconds=2.0)
    assert "* LOC: 00:00:01:23 RED" in markers.edl(video, comments.threads(video))


def test_the_table_has_each_comment_and_its_answers(video: Video) -> None:
    rows = markers.table(video, comments.threads(video)).rows
    assert [(row[2], row[3], row[4], row[6]) for row in rows] == [
        ("", None, "anna", "lovely"),
        ("0:03.14", 75, "anna", "brighter\n003  AX  V  C  00:00:00:00"),
        ("0:04.00", 96, "anna", "cut"),
        ("", None, "anna", "done"),
    ]
    assert rows[3][1] == rows[2][0]
    assert rows[2][8]

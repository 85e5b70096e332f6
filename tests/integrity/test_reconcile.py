"""What a run does about clips and their posters."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from generations.integrity import reconcile
from generations.media.store import LocalStore, Unreadable
from generations.models import Status, Video
from tests.clips import clip
from tests.factories import NOW
from tests.integrity.reconciling import GOOD, LATER, all_rows, left, run, with_poster
from tests.trees import a_complete_video, a_file, tree

pytestmark = pytest.mark.django_db


def test_where_all_is_well_nothing_is_done_but_a_stamp() -> None:
    video = with_poster()
    before, files = all_rows(), tree()
    done = run()
    assert done.is_well
    assert done.checked == {"videos": 1, "images": 0, "files": 3, "bytes": len(GOOD())}
    assert (all_rows(), tree()) == (before, files)
    video.refresh_from_db()
    assert (video.checked_at, video.damage) == (NOW, "")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda path: path.unlink(), "its file is missing"),
        (lambda path: path.write_bytes(GOOD()[:100]), f"its file has 100 bytes instead of {len(GOOD())}"),
        (lambda path: path.write_bytes(b"\0" * len(GOOD())), "its file has other bytes than were stored"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/passwd")), "a link stands in the place of its file"),
        (lambda path: (path.unlink(), path.mkdir()), "a folder stands in the place of its file"),
    ],
    ids=["missing", "cut", "drift", "link", "folder"],
)
def test_damage_that_cannot_be_repaired_is_marked_logged_once_and_told(
    harm: Callable[[Path], object], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    video = a_complete_video(content=GOOD())
    harm(video.path)
    done = run()
    video.refresh_from_db()
    assert (video.damage, video.checked_at) == (words, NOW)
    (item,) = [item for item in done.remains if item["what"] == "video"]
    assert (item["id"], item["path"]) == (video.pk, video.file)
    assert item["why"].startswith(f"{words}; http://127.0.0.1:9/clip.mp4: no connection")
    assert video.task.status == Status.STORED
    run(LATER)
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1


def test_the_mark_goes_when_the_file_is_right_again() -> None:
    video = a_complete_video(content=GOOD())
    video.path.unlink()
    run()
    video.path.write_bytes(GOOD())
    done = run(LATER)
    video.refresh_from_db()
    assert (done.cleared, done.is_well, video.damage) == ([video.pk], True, "")
    assert run(LATER).cleared == []


def test_what_its_url_still_has_is_brought_back_and_nothing_remains(lost: Callable[..., Video]) -> None:
    video = lost()
    before = all_rows()
    done = run()
    assert (done.repaired["videos"], done.is_well) == ([video.pk], True)
    assert tree() == {video.file: GOOD()}
    assert all_rows() == before  # the status is the end that it was, and there is no mark to clear
    video.refresh_from_db()
    assert video.checked_at == NOW
    again = run(LATER)
    assert (again.repaired["videos"], again.is_well) == ([], True)


def test_a_clip_that_was_marked_before_is_brought_back_when_its_url_answers_again(lost: Callable[..., Video]) -> None:
    video = lost()
    Video.objects.update(damage="its file is missing")
    done = run()
    video.refresh_from_db()
    assert (done.repaired["videos"], done.cleared, video.damage, done.is_well) == ([video.pk], [], "", True)


def test_a_url_that_gives_another_clip_now_repairs_nothing(lost: Callable[..., Video]) -> None:
    video = lost(clip("faststart", seconds=2.0))
    assert left(run()) == [("video", video.pk, "its file is missing; its source URL returns a different file now")]
    assert tree() == {}


def test_when_nobody_answers_three_times_the_rest_is_not_asked(
    lost: Callable[..., Video], httpserver: HTTPServer
) -> None:
    videos = [lost(status=503) for _ in range(5)]
    done = run()
    assert len(httpserver.log) == reconcile.NO_ANSWERS
    assert [why for _, _, why in left(done)][3:] == ["its file is missing; not fetched again in this run"] * 2
    assert Video.objects.exclude(damage="").count() == len(videos)


def test_a_disk_that_does_not_let_us_look_marks_no_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run by somebody who may not read the files, it must not take the whole catalog down."""

    def refusing(*_: object, **__: object) -> str:
        raise Unreadable("its file cannot be read: Permission denied")

    video = a_complete_video()
    monkeypatch.setattr(LocalStore, "check", refusing)
    done = run()
    assert left(done) == [("video", video.pk, "its file cannot be read: Permission denied")]
    video.refresh_from_db()
    assert (video.damage, video.checked_at) == ("", None)


def test_a_disk_that_is_not_mounted_is_not_taken_for_lost_files(media_root: Path) -> None:
    video = a_complete_video()
    media_root.rename(media_root.with_name("elsewhere"))
    done = run()
    assert left(done) == [("store", None, "the folder of clips is missing: is its disk mounted?")]
    video.refresh_from_db()
    assert video.damage == ""


def test_a_new_site_without_any_file_is_well() -> None:
    assert run().is_well


@pytest.mark.parametrize("harm", ["gone", "cut", "empty"])
def test_the_poster_of_a_complete_clip_is_made_again(harm: str, media_root: Path) -> None:
    video = with_poster({"cut": b"\xff\xd8 cut", "empty": b""}.get(harm, b"gone"))
    if harm == "gone":
        (media_root / str(video.poster)).unlink()
    done = run()
    assert (done.repaired["posters"], done.is_well) == ([video.pk], True)
    assert tree()[str(video.poster)].endswith(b"\xff\xd9")
    assert run(LATER).repaired["posters"] == []


def test_a_clip_from_before_small_posters_gets_one_once() -> None:
    video = with_poster(poster_small="")
    assert run().repaired["posters"] == [video.pk]
    assert run(LATER).repaired["posters"] == []
    video.refresh_from_db()
    assert tree()[str(video.poster_small)].endswith(b"\xff\xd9")


def test_a_poster_that_cannot_be_made_is_blanked_once() -> None:
    video = a_complete_video(content=b"no picture in it", poster="posters/2026/gone.jpg")
    assert run().posters_blanked == [video.pk]
    video.refresh_from_db()
    assert not video.poster
    assert not video.poster_small
    assert run(LATER).posters_blanked == []


def test_the_poster_of_a_damaged_clip_is_left_alone(media_root: Path) -> None:
    video = with_poster(b"cut")
    video.path.unlink()
    run()
    video.refresh_from_db()
    assert (str(video.poster), (media_root / str(video.poster)).read_bytes()) == ("posters/2026/a.jpg", b"cut")


def test_a_poster_that_the_disk_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    video = with_poster(b"cut")
    monkeypatch.setattr(LocalStore, "publish", full)
    assert left(run()) == [("poster", video.pk, "it cannot be made: No space left on device")]


@pytest.mark.parametrize("harm", ["gone", "cut"])
def test_a_lost_preview_is_made_again_in_the_background(harm: str) -> None:
    whole = clip(seconds=0.5)
    a_file("previews/2026/whole.mp4", whole)
    a_complete_video(content=GOOD(), preview="previews/2026/whole.mp4")
    if harm == "cut":
        a_file("previews/2026/lost.mp4", whole[:-1])
    video = a_complete_video(content=GOOD(), preview="previews/2026/lost.mp4", preview_tries=1)
    done = run()
    assert (done.repaired["previews"], done.is_well) == ([video.pk], True)
    assert [moved["from"] for moved in done.quarantined] == (["previews/2026/lost.mp4"] if harm == "cut" else [])
    video.refresh_from_db()
    assert (str(video.preview), video.preview_due_at, video.preview_tries) == ("", NOW, 0)


def test_a_clip_that_is_brought_back_gets_the_preview_that_it_could_not_have(lost: Callable[..., Video]) -> None:
    video = lost()
    run()
    video.refresh_from_db()
    assert video.preview_due_at == NOW


def test_a_clip_that_arrived_damaged_remains_for_a_person_until_one_decides() -> None:
    video = with_poster()
    Video.objects.update(arrived_damaged="it is cut")
    assert left(run()) == [("video", video.pk, "arrived damaged: it is cut; watch it, then approve or reject it")]
    Video.objects.update(review="approved", reviewed_at=NOW)
    assert run().is_well

"""Rows and files, brought together again: what is repaired, what is told, and what is left alone."""

from __future__ import annotations

import errno
import json
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_httpserver import HTTPServer

from generations.integrity import reconcile
from generations.integrity.reconcile import AuditResult, Slice
from generations.lifecycle import saving
from generations.media import downloads
from generations.media.store import LocalStore, Unreadable, store
from generations.models import GenerationTask, Lease, Status, TaskEvent, Video
from generations.models.leases import LeaseHolder
from generations.worker import conductor
from tests.clips import clip
from tests.factories import NOW, a_task, an_image, due
from tests.trees import OLD, a_file, a_whole_video, aged, tree

pytestmark = pytest.mark.django_db

GOOD = cache(lambda: clip("faststart", seconds=1.0))
LATER = NOW + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def nobody_answers(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source URLs lead nowhere, at once, but where a test serves them."""
    settings.RESULT_ORIGINS = ["http://127.0.0.1:9"]
    monkeypatch.setattr(downloads, "PAUSES_SECONDS", (0.0,))


@pytest.fixture
def lost(httpserver: HTTPServer, settings: Settings) -> Callable[..., Video]:
    """A clip whose file is gone, and whose source URL answers."""

    def video(body: bytes | None = None, *, status: int = 200) -> Video:
        settings.RESULT_ORIGINS = [httpserver.url_for("").rstrip("/")]
        content = GOOD() if body is None else body
        httpserver.expect_request("/clip.mp4").respond_with_data(content, status=status, content_type="video/mp4")
        url = httpserver.url_for("/clip.mp4")
        made = a_whole_video(a_task(Status.STORED, result_urls=[url]), content=GOOD(), source_url=url)
        made.path.unlink()
        return made

    return video


def run(at: datetime = NOW, *, worker_lives: bool = True, part: Slice | None = None) -> AuditResult:
    done = reconcile.reconcile(at=at, worker_lives=worker_lives, part=part)
    assert done is not None
    return done


def left(done: AuditResult) -> list[tuple[str, int | None, str]]:
    return [(item["what"], item["id"], item["why"]) for item in done.remains]


def all_rows() -> dict[str, Any]:
    """What the database says, but for the stamps of the comparison itself."""
    return {
        "videos": list(Video.objects.order_by("pk").values_list("pk", "file", "poster", "damage", "source_url")),
        "tasks": list(GenerationTask.objects.order_by("pk").values()),
        "events": list(TaskEvent.objects.order_by("pk").values()),
    }


def with_poster(content: bytes = b"\xff\xd8 still \xff\xd9", **changes: Any) -> Video:
    a_file("posters/2026/a.jpg", content, age=timedelta(0))
    return a_whole_video(content=GOOD(), poster="posters/2026/a.jpg", **changes)


# --- Clips


def test_where_all_is_well_nothing_is_done_but_a_stamp() -> None:
    video = with_poster()
    before, files = all_rows(), tree()
    done = run()
    assert done.is_well
    assert done.checked == {"videos": 1, "images": 0, "files": 2, "bytes": len(GOOD())}
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
    video = a_whole_video(content=GOOD())
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
    video = a_whole_video(content=GOOD())
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
    assert left(run()) == [("video", video.pk, "its file is missing; its source URL gives another file now")]
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

    video = a_whole_video()
    monkeypatch.setattr(LocalStore, "check", refusing)
    done = run()
    assert left(done) == [("video", video.pk, "its file cannot be read: Permission denied")]
    video.refresh_from_db()
    assert (video.damage, video.checked_at) == ("", None)


def test_a_disk_that_is_not_mounted_is_not_taken_for_lost_files(media_root: Path) -> None:
    video = a_whole_video()
    media_root.rename(media_root.with_name("elsewhere"))
    done = run()
    assert left(done) == [("store", None, "there is no folder of clips: is its disk mounted?")]
    video.refresh_from_db()
    assert video.damage == ""


def test_a_new_site_without_any_file_is_well() -> None:
    assert run().is_well


# --- Posters


@pytest.mark.parametrize("harm", ["gone", "cut", "empty"])
def test_the_poster_of_a_whole_clip_is_made_again(harm: str, media_root: Path) -> None:
    video = with_poster({"cut": b"\xff\xd8 cut", "empty": b""}.get(harm, b"gone"))
    if harm == "gone":
        (media_root / str(video.poster)).unlink()
    done = run()
    assert (done.repaired["posters"], done.is_well) == ([video.pk], True)
    assert tree()[str(video.poster)].endswith(b"\xff\xd9")
    assert run(LATER).repaired["posters"] == []


def test_a_poster_that_cannot_be_made_is_blanked_once() -> None:
    video = a_whole_video(content=b"no picture in it", poster="posters/2026/gone.jpg")
    assert run().posters_blanked == [video.pk]
    video.refresh_from_db()
    assert video.poster == ""
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


# --- Files without a row


def test_files_without_a_row_are_put_aside_and_those_with_one_are_not() -> None:
    video, image = with_poster(), an_image()
    for file in (video.file, video.poster, image.file):
        aged(Path(file.path))
    for name in ("videos/2026/stray.mp4", "posters/2026/stray.jpg", "images/stray.png"):
        a_file(name)
    a_file("videos/2026/young.mp4", age=timedelta(minutes=59))
    done = run()
    assert sorted(move["from"] for move in done.quarantined) == [
        "images/stray.png", "posters/2026/stray.jpg", "videos/2026/stray.mp4",
    ]  # fmt: skip
    assert done.is_well
    assert sorted(tree()) == sorted([
        str(video.file), str(video.poster), str(image.file), "videos/2026/young.mp4",
        *(f"quarantine/2026-11-20/{move['from']}" for move in done.quarantined),
    ])  # fmt: skip
    assert run(LATER).quarantined == []


def test_strange_things_remain_for_a_person(media_root: Path) -> None:
    (media_root / "videos").mkdir(parents=True)
    (media_root / "videos/link.mp4").symlink_to("/etc/passwd")
    done = run()
    assert [(item["what"], item["path"], item["why"]) for item in done.remains] == [
        ("file", "videos/link.mp4", "a link")
    ]


def test_a_file_that_was_put_aside_comes_back_with_its_row() -> None:
    """A backup of the database is restored that is older than the files, and later the newer one."""
    video = a_whole_video()
    aged(video.path)
    columns = Video.objects.filter(pk=video.pk).values().get()
    video.delete()
    assert len(run().quarantined) == 1
    Video.objects.create(**columns)
    done = run(LATER)
    assert (done.repaired["videos"], done.is_well) == ([columns["id"]], True)
    assert list(tree()) == [columns["file"]]


def test_a_start_image_comes_back_from_quarantine_or_is_told() -> None:
    image, gone = an_image(b"a picture"), an_image(b"another")
    a_file(f"quarantine/2026-11-19/{image.file.name}", b"a picture")
    for one in (image, gone):
        Path(one.file.path).unlink()
    done = run()
    assert done.repaired["images"] == [image.pk]
    assert left(done) == [("image", gone.pk, "its file is missing")]


# --- What dead workers leave


def test_old_part_files_go_and_young_ones_stay() -> None:
    a_file("tmp/old.part")
    a_file("tmp/young.part", age=timedelta(minutes=1))
    assert run().parts_removed == ["tmp/old.part"]
    assert list(tree()) == ["tmp/young.part"]


def test_only_leases_that_ran_out_long_ago_are_cleared() -> None:
    for task_id, ago in ((1, 700), (2, 60), (3, -20)):
        Lease.objects.take(f"save:{task_id}", seconds=-ago)
    Lease.objects.take("conductor", seconds=-700)
    assert run().leases_cleared == 1
    held = Lease.objects.filter(token__isnull=False).order_by("name").values_list("name", flat=True)
    assert list(held) == ["conductor", "save:2", "save:3"]


def test_a_saver_that_slept_through_it_writes_no_row_for_the_file_that_was_put_aside(
    lost: Callable[..., Video], media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process was stopped between the rename and the row, and is woken after an hour."""
    task = a_task(Status.READY, result_urls=[lost().source_url], source_expires_at=NOW + timedelta(days=400))
    Video.objects.all().delete()
    publish = LocalStore.publish

    def sleep_after(store: LocalStore, part: Path, name: str) -> None:
        publish(store, part, name)
        if name.startswith("posters"):
            return
        for path in media_root.glob("*/*/*.*"):
            aged(path)
        late = NOW - OLD
        Lease.objects.filter(name=saving.lease_of(task.pk)).update(expires_at=late)
        assert len(run().quarantined) == 2

    monkeypatch.setattr(LocalStore, "publish", sleep_after)
    assert not saving.save(task.pk)
    assert not Video.objects.exists()
    assert all(name.startswith("quarantine/") for name in tree())


# --- Tasks


def test_what_is_overdue_is_rung_for_once_and_keeps_its_place() -> None:
    late = [a_task(status, due_at=NOW - timedelta(minutes=6)) for status in (Status.QUEUED, Status.READY)]
    a_task(Status.RUNNING, due_at=NOW - timedelta(minutes=4))
    a_task(Status.READY, due_at=NOW - timedelta(days=1), practice=False)
    before = all_rows()
    done = run()
    assert (done.overdue, done.is_well) == ([task.pk for task in late], True)
    assert all_rows() == before
    assert OrmQ.objects.count() == 1


def test_nothing_overdue_rings_for_nobody() -> None:
    a_task(Status.QUEUED)
    run()
    assert OrmQ.objects.count() == 0


def test_overdue_tasks_without_a_worker_need_a_person() -> None:
    a_task(Status.QUEUED, due_at=NOW - timedelta(minutes=6))
    assert [what for what, _, _ in left(run(worker_lives=False))] == ["worker"]


def test_a_finished_clip_whose_job_was_lost_moves_again(monkeypatch: pytest.MonkeyPatch) -> None:
    task = a_task(Status.READY, due_at=NOW - timedelta(days=1))
    assert run().overdue == [task.pk]
    OrmQ.objects.all().delete()
    monkeypatch.setattr(conductor, "SLICE_SECONDS", 0.2)
    conductor.conduct()
    assert OrmQ.objects.count() == 1  # to save it
    task.refresh_from_db()
    assert run(due(task)).overdue == []


def test_a_task_that_a_wrong_clock_put_off_for_a_year_is_due_now() -> None:
    task = a_task(Status.RUNNING, due_at=NOW + timedelta(days=365))
    soon = a_task(Status.RUNNING, due_at=NOW + timedelta(hours=12))
    assert run().hastened == [task.pk]
    assert OrmQ.objects.count() == 1
    for one in (task, soon):
        one.refresh_from_db()
    assert (task.due_at, soon.due_at) == (NOW, NOW + timedelta(hours=12))
    assert run().hastened == []


def test_undecided_and_lost_orders_need_a_person() -> None:
    unsure, lost = a_task(Status.UNCONFIRMED), a_task(Status.LOST)
    a_task(Status.LOST, practice=False)
    a_task(Status.FAILED)
    assert left(run()) == [
        ("task", unsure.pk, "unconfirmed: nobody knows whether it was accepted"),
        ("task", lost.pk, "lost: paid, and lost"),
    ]


# --- All of it


def everything_wrong(lost: Callable[..., Video]) -> None:
    lost()
    a_whole_video().path.unlink()
    a_whole_video(content=b"twelve bytes").path.write_bytes(b"twelve BYTES")
    with_poster(b"cut")
    a_file("videos/stray.mp4")
    a_file("tmp/old.part")
    (store.root / "videos/link.mp4").symlink_to("/etc/passwd")
    a_task(Status.READY, due_at=NOW - timedelta(days=1))
    a_task(Status.UNCONFIRMED)
    an_image(b"gone")
    (store.root / "images").rename(store.root / "quarantine")


def test_a_second_run_changes_nothing_and_tells_what_remains(lost: Callable[..., Video]) -> None:
    everything_wrong(lost)
    first = run()
    rows, files = all_rows(), tree()
    second = run(LATER)
    assert (all_rows(), tree()) == (rows, files)
    assert second.remains == first.remains
    assert {item["what"] for item in second.remains} == {"video", "image", "file", "task"}
    nothing = AuditResult(finished=True, checked=second.checked, overdue=second.overdue, remains=second.remains)
    assert second == nothing


def test_the_report_is_one_json_object_with_the_same_keys_always(lost: Callable[..., Video]) -> None:
    keys = set(json.loads(json.dumps(run().as_json())))
    everything_wrong(lost)
    assert set(json.loads(json.dumps(run(LATER).as_json()))) == keys
    assert keys == {
        "ok", "finished", "checked", "repaired", "cleared", "posters_blanked", "quarantined", "parts_removed",
        "leases_cleared", "overdue", "hastened", "remains",
    }  # fmt: skip


def test_many_rows_take_few_questions(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(40):
        a_whole_video()
    with django_assert_max_num_queries(40):
        assert run().checked["videos"] == 40


def test_files_are_read_outside_of_any_transaction(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, lost: Callable[..., Video]
) -> None:
    fetch, fetching = downloads.fetch, []

    def spied(*args: Any, **options: Any) -> Any:
        fetching.append(connection.in_atomic_block)
        return fetch(*args, **options)

    lost()
    monkeypatch.setattr(downloads, "fetch", spied)
    run()
    assert fetching == [False]


# --- One at a time, and in slices


def test_two_runs_do_not_meet() -> None:
    Lease.objects.take(reconcile.LEASE, seconds=60)
    video = a_whole_video()
    video.path.unlink()
    assert reconcile.reconcile(at=NOW, worker_lives=True) is None
    video.refresh_from_db()
    assert video.damage == ""


def test_the_end_of_another_run_is_waited_for() -> None:
    Lease.objects.take(reconcile.LEASE, seconds=0.5)
    assert reconcile.reconcile(at=NOW, worker_lives=True, wait_seconds=10) is not None


def test_a_run_that_lost_its_lease_stops_and_says_that_it_did_not_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    a_whole_video()
    a_file("videos/stray.mp4")
    monkeypatch.setattr(LeaseHolder, "is_ours", False)
    done = run()
    assert (done.finished, done.quarantined, list(tree())) == (
        False,
        [],
        [Video.objects.get().file, "videos/stray.mp4"],
    )


def test_a_slice_ends_when_its_time_is_over_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "PORTION_BYTES", 1)
    videos = [a_whole_video() for _ in range(3)]
    a_file("videos/stray.mp4")
    for number in range(1, 4):
        at = NOW + timedelta(minutes=number)
        done = run(at, part=Slice(seconds=0, since=NOW))
        assert done.checked["videos"] == 1
        assert not done.quarantined
    assert not Video.objects.filter(checked_at=None).exists()
    last = run(NOW + timedelta(minutes=4), part=Slice(seconds=30, since=NOW))
    assert (last.finished, last.checked["videos"], len(last.quarantined)) == (True, 0, 1)
    assert len(videos) == 3


def test_what_a_slice_had_no_time_to_fetch_is_marked_and_the_next_ones_first(
    lost: Callable[..., Video], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost()
    monkeypatch.setattr(reconcile._Run, "_has_time", False)
    run(part=Slice(seconds=0, since=NOW))
    video = Video.objects.get()
    assert (video.damage, video.checked_at) == ("its file is missing", None)
    monkeypatch.undo()


def test_a_whole_run_compares_what_a_slice_would_leave_out() -> None:
    video = a_whole_video(checked_at=NOW)
    video.path.unlink()
    assert run(part=Slice(seconds=30, since=NOW - timedelta(hours=20))).checked["videos"] == 0
    assert run().checked["videos"] == 1


def test_it_runs_beside_savers_and_takes_nothing_from_them(
    transactional_db: None, httpserver: HTTPServer, settings: Settings
) -> None:
    """Clean-up against download: forty clips come home while the tree is looked through again and again."""
    settings.RESULT_ORIGINS = [httpserver.url_for("").rstrip("/")]
    httpserver.expect_request("/clip.mp4").respond_with_data(GOOD(), content_type="video/mp4")
    tasks = [a_task(Status.READY, result_urls=[httpserver.url_for("/clip.mp4")]) for _ in range(40)]
    GenerationTask.objects.update(source_expires_at=datetime.now(tz=NOW.tzinfo) + timedelta(days=1))
    over = threading.Event()
    runs: list[AuditResult | None] = []

    def again_and_again() -> None:
        while not over.is_set():
            runs.append(reconcile.reconcile(at=datetime.now(tz=NOW.tzinfo), worker_lives=True))
            time.sleep(0.01)
        connection.close()

    runner = threading.Thread(target=again_and_again)
    runner.start()
    try:
        stored = [saving.save(task.pk) for task in tasks]
    finally:
        over.set()
        runner.join()
    assert all(stored)
    assert len(runs) > 3
    assert all(done and not done.quarantined and not done.remains for done in runs)
    assert run(datetime.now(tz=NOW.tzinfo)).is_well

"""Whole runs: what they say, one at a time, and in slices."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_httpserver import HTTPServer

from generations.integrity import reconcile
from generations.integrity.reconcile import AuditResult, Slice
from generations.lifecycle import saving
from generations.media import downloads
from generations.models import GenerationTask, Lease, Status, Video
from generations.models.leases import LeaseHolder
from tests.factories import NOW, a_task
from tests.integrity.reconciling import GOOD, LATER, all_rows, everything_wrong, run
from tests.trees import a_complete_video, a_file, tree

pytestmark = pytest.mark.django_db


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
        a_complete_video()
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


def test_two_runs_do_not_meet() -> None:
    Lease.objects.take(reconcile.LEASE, seconds=60)
    video = a_complete_video()
    video.path.unlink()
    assert reconcile.reconcile(at=NOW, worker_lives=True) is None
    video.refresh_from_db()
    assert video.damage == ""


def test_the_end_of_another_run_is_waited_for() -> None:
    Lease.objects.take(reconcile.LEASE, seconds=0.5)
    assert reconcile.reconcile(at=NOW, worker_lives=True, wait_seconds=10) is not None


def test_a_run_that_lost_its_lease_stops_and_says_that_it_did_not_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    a_complete_video()
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
    videos = [a_complete_video() for _ in range(3)]
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
    video = a_complete_video(checked_at=NOW)
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

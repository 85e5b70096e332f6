"""The promises, all of them: ones that hold are quiet, broken ones are named, and nothing is changed."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Model
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_httpserver import HTTPServer

from generations import clock
from generations.integrity import invariants
from generations.integrity.invariants import Broken, CheckResult
from generations.lifecycle import saving
from generations.models import (
    BalanceReading,
    GenerationTask,
    LedgerEntry,
    Pause,
    Status,
    TaskEvent,
    Video,
)
from generations.money import limits
from tests.clips import clip
from tests.factories import NOW, a_task, an_image, configure
from tests.task_histories import a_life, go, unguarded
from tests.trees import a_complete_video, a_file, aged, tree

pytestmark = pytest.mark.django_db
S = Status


def check(*, worker_lives: bool = True, deep: bool = True) -> CheckResult:
    return invariants.check_all(at=NOW, worker_lives=worker_lives, deep=deep)


def broken(**options: Any) -> list[tuple[str, int | None, str]]:
    return [(one.promise, one.task, one.what) for one in check(**options).broken]


def a_stored_video() -> Video:
    return Video.objects.get(task=a_life(S.STORED))


def test_a_site_with_tasks_in_every_status_keeps_all() -> None:
    for status in Status:
        a_life(status)
    an_image()
    report = check()
    assert report.broken == []
    assert list(report.checked) == [f"P{number}" for number in range(1, 14)]
    assert report.checked["P7"] == "1 clips, every byte"


def test_an_empty_site_keeps_all() -> None:
    assert check().as_json()["ok"] is True


def test_nothing_is_changed_by_looking() -> None:
    a_stored_video().path.unlink()
    a_life(S.READY, due_at=NOW - timedelta(days=1))
    for name in ("videos/stray.mp4", "tmp/old.part", "images/stray.png"):
        a_file(name)

    def everything() -> list[Any]:
        models: tuple[type[Model], ...] = (GenerationTask, TaskEvent, LedgerEntry, Video, OrmQ)
        return [list(model._default_manager.order_by("pk").values()) for model in models]

    rows, files = everything(), tree()
    assert len(check().broken) == 5
    assert (everything(), tree()) == (rows, files)


def test_breaches_are_told_in_the_order_of_the_promises_and_as_json() -> None:
    task = a_life(S.RUNNING, remote_id=None, due_at=NOW - timedelta(hours=1))
    with unguarded():
        LedgerEntry.objects.filter(task=task).delete()
    answer = json.loads(json.dumps(check().as_json()))
    assert [one["promise"] for one in answer["broken"]] == ["P2", "P3", "P5", "P10"]
    assert answer["ok"] is False
    assert answer["broken"][1] == {
        "promise": "P3", "what": "it is running, but has no id of the provider", "task": task.pk,
    }  # fmt: skip
    assert str(Broken("P3", "its id is not known", 7)) == "P3: task 7: its id is not known"


needs_postgresql = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite keeps such a constraint in its table, where no hand can drop it"
)


@needs_postgresql
def test_one_id_at_two_tasks_is_seen() -> None:
    drop("generations_generationtask", "task_remote_id_once")
    for _ in range(2):
        a_life(S.RUNNING, remote_id="the-same")
    a_life(S.RUNNING, remote_id="the-same", provider="apikley")
    assert broken() == [("P3", None, "2 tasks have the id the-same at apixo")]


@needs_postgresql
def test_one_result_that_was_stored_twice_is_seen() -> None:
    drop("generations_video", "video_once_per_result")
    task = a_life(S.STORED)
    a_complete_video(task)
    assert broken() == [("P11", task.pk, "result 0 was stored 2 times")]


def drop(table: str, constraint: str) -> None:
    """Lose a unique constraint, as a database that is moved by hand may; the test's end brings it back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


# --- Money


def test_counters_of_a_budget_that_the_ledger_does_not_know_are_seen() -> None:
    budget = limits.set_limit(scope="site", period="month", limit_usd=Decimal(5), at=NOW)
    a_life(S.STORED)
    a_life(S.RUNNING)
    report = check()
    assert report.broken == []
    assert report.checked["P4"] == "1 periods of budgets beside the ledger"
    budget.periods.update(spent_usd=Decimal("0.10"))
    assert broken() == [("P4", None, "budget site month, November 2026: spent is $0.10, the ledger says $0.30")]


def test_a_ledger_that_the_database_no_longer_keeps_is_seen() -> None:
    with unguarded():
        assert broken() == [("P5", None, "the database does not stop changes and deletions of ledger entries")]
    assert broken() == []


# --- Files


@pytest.mark.parametrize(
    ("harm", "words", "quick"),
    [
        (lambda path: path.unlink(), "its file is missing", True),
        (lambda path: path.write_bytes(b"cut"), "its file has 3 bytes instead of 12", True),
        (lambda path: path.write_bytes(b"A WHOLE CLIP"), "its file has other bytes than were stored", False),
    ],
    ids=["missing", "cut", "drift"],
)
def test_a_clip_that_is_not_the_one_that_was_stored_is_seen(harm: Any, words: str, quick: bool) -> None:
    video = a_stored_video()
    harm(video.path)
    assert broken() == [("P7", video.task_id, f"video {video.pk}: {words} ({video.file})")]
    assert bool(broken(deep=False)) is quick


def test_a_store_that_is_not_mounted_is_one_breach_and_not_a_thousand(media_root: Path) -> None:
    a_stored_video()
    media_root.rename(media_root.with_name("elsewhere"))
    assert broken() == [("P7", None, "the folder of clips is missing: is its disk mounted?")]


@pytest.mark.parametrize("folder", ["videos", "posters", "images"])
def test_half_a_file_under_a_public_name_is_seen_at_any_age(folder: str) -> None:
    a_file(f"{folder}/2026/half.part", age=timedelta(0))
    assert broken() == [("P7", None, f"{folder}/2026/half.part: a partial file under a final name")]


def test_a_file_that_is_being_written_is_no_breach() -> None:
    a_file("tmp/half.part", age=timedelta(minutes=1))
    assert broken() == []


@pytest.mark.parametrize("name", ["videos/2026/stray.mp4", "posters/stray.jpg", "images/stray.png"])
def test_a_file_that_no_row_names_is_seen_after_an_hour(name: str) -> None:
    path = a_file(name, age=timedelta(minutes=59))
    assert broken() == []
    aged(path)
    assert broken() == [("P8", None, f"{name}: no row names it")]


def test_what_was_left_half_done_is_seen_once_after_an_hour() -> None:
    a_file("tmp/old.part")
    assert broken() == [("P8", None, "tmp/old.part: a partial file, more than an hour old")]


def test_what_is_in_quarantine_is_no_breach() -> None:
    a_file("quarantine/2026-11-19/videos/stray.mp4")
    assert broken() == []


def test_links_are_seen_and_not_followed(media_root: Path) -> None:
    (media_root / "videos").mkdir(parents=True)
    (media_root / "videos/link").symlink_to("/")
    assert broken() == [("P8", None, "videos/link: a link")]


# --- Liveness


def test_what_nobody_looked_at_for_five_minutes_is_seen_while_a_worker_lives() -> None:
    task = a_life(S.RUNNING, due_at=NOW - timedelta(minutes=6))
    a_life(S.RUNNING, due_at=NOW - timedelta(minutes=4))
    assert broken() == [("P10", task.pk, "it is running, and overdue by more than 5 minutes")]
    report = check(worker_lives=False)
    assert report.broken == []
    assert report.checked["P10"] == "no worker runs: 1 overdue tasks are not counted as broken"


def test_an_order_that_waits_while_its_line_stands_still_is_seen() -> None:
    task = a_life(S.QUEUED, due_at=NOW - timedelta(minutes=6))
    assert broken() == [("P10", task.pk, "it is queued, and overdue by more than 5 minutes")]


def test_an_order_may_wait_in_a_line_that_moves() -> None:
    a_life(S.QUEUED, due_at=NOW - timedelta(hours=2))
    sent = a_life(S.RUNNING, submitted_at=NOW - timedelta(minutes=4), provider="apikley")
    assert [promise for promise, *_ in broken()] == ["P10"]  # another provider's line
    GenerationTask.objects.filter(pk=sent.pk).update(provider="apixo")
    assert broken() == []


def test_an_order_may_wait_behind_an_open_pause() -> None:
    a_life(S.QUEUED, due_at=NOW - timedelta(hours=2))
    Pause.objects.create(provider="apixo", reason="402: top up", paused_at=NOW)
    assert broken() == []


def test_an_order_may_wait_while_the_provider_takes_no_more(settings: Settings) -> None:
    configure(settings, "apixo", concurrent_tasks=1)
    a_life(S.QUEUED, due_at=NOW - timedelta(hours=2))
    a_life(S.RUNNING, submitted_at=NOW - timedelta(hours=1))
    assert broken() == []


def test_an_order_to_a_provider_that_there_is_not_waits_for_ever() -> None:
    task = a_life(S.QUEUED, due_at=NOW - timedelta(minutes=6), provider="no-such")
    assert [(promise, pk) for promise, pk, _ in broken()] == [("P10", task.pk)]


# --- Balances


def test_a_balance_beside_the_ledger_is_told_and_not_judged() -> None:
    for hours, amount in ((0, "20"), (24, "18.5")):
        BalanceReading.objects.create(
            provider="apixo", practice=True, unit="USD", amount=Decimal(amount), at=NOW + timedelta(hours=hours)
        )
    task = a_life(S.STORED)
    with unguarded():
        LedgerEntry.objects.filter(task=task).update(at=NOW + timedelta(hours=1))
    report = check()
    assert report.checked["P6"] == "apixo, practice: 1.5000 USD less since the first reading, 0.3000 USD on the ledger"
    assert report.broken == []


def test_one_reading_says_nothing_yet() -> None:
    BalanceReading.objects.create(provider="apixo", practice=True, unit="USD", amount=Decimal(20), at=NOW)
    assert check().checked["P6"] == "no two readings of a balance yet"


# --- Scale


def test_many_rows_take_no_more_questions_than_few(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(30):
        a_life(S.STORED)
    with django_assert_max_num_queries(25):
        assert check().broken == []


def test_looking_while_clips_are_saved_raises_no_false_alarm(
    transactional_db: None, httpserver: HTTPServer, settings: Settings
) -> None:
    content = clip("faststart", seconds=1.0)
    httpserver.expect_request("/clip.mp4").respond_with_data(content, content_type="video/mp4")
    url = httpserver.url_for("/clip.mp4")
    settings.RESULT_ORIGINS = [url.removesuffix("/clip.mp4")]
    now = clock.now()
    tasks = [
        a_life(S.READY, result_urls=[url], source_expires_at=now + timedelta(days=1), due_at=now) for _ in range(8)
    ]
    fresh = [a_life(S.RUNNING, due_at=now) for _ in range(8)]
    over, said = threading.Event(), []

    def look_again_and_again() -> None:
        while not over.is_set():
            said.extend(invariants.check_all(at=clock.now(), worker_lives=True).broken)
            looks.append(len(said))
        connection.close()

    looks: list[int] = []
    looker = threading.Thread(target=look_again_and_again)
    looker.start()
    try:
        for task, running in zip(tasks, fresh, strict=True):
            assert saving.save(task.pk)
            with transaction.atomic():  # as the conductor does: the move and its money are one
                go(running, S.READY, at=clock.now())
    finally:
        over.set()
        looker.join()
    assert said == []
    assert looks


def test_a_clip_whose_late_decoding_was_forgotten_or_came_too_late_breaks_a_promise() -> None:
    waits = a_complete_video(a_task(S.STORED, source_expires_at=NOW), decoded_at=None, decode_due_at=NOW)
    assert not [one for one in check().broken if one.promise == "P13"]
    GenerationTask.objects.filter(pk=waits.task_id).update(source_expires_at=NOW - timedelta(hours=2))
    assert [str(one) for one in check().broken if one.promise == "P13"] == [
        f"P13: task {waits.task_id}: video {waits.pk}: its link has expired, and not every frame was decoded"
    ]
    Video.objects.update(damage="its file is missing")  # told by P7, and repaired first
    assert not [one for one in check().broken if one.promise == "P13"]

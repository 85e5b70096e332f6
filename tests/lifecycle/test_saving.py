"""A finished clip is stored complete, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from generations.lifecycle import saving
from generations.media import clips
from generations.media.clips import Clip
from generations.media.store import LocalStore
from generations.models import EntryKind, GenerationTask, Lease, Prompt, Status, Video
from generations.models.leases import lease_held
from tests.clips import clip
from tests.corpus import clip_of
from tests.factories import a_prompt, a_task

pytestmark = pytest.mark.django_db

GOOD = cache(lambda: clip("faststart", seconds=1.0))


@pytest.fixture(autouse=True)
def allow(httpserver: HTTPServer, settings: Settings) -> None:
    settings.RESULT_ORIGINS = [httpserver.url_for("").rstrip("/")]
    settings.DOWNLOAD_DEADLINE_SECONDS = 10


@pytest.fixture
def served(httpserver: HTTPServer) -> Callable[..., GenerationTask]:
    """A finished task whose results are these bodies."""

    def task_of(*bodies: bytes, content_type: str = "video/mp4", **changes: Any) -> GenerationTask:
        urls = []
        for number, body in enumerate(bodies):
            httpserver.expect_request(f"/{number}.mp4").respond_with_data(body, content_type=content_type)
            urls.append(httpserver.url_for(f"/{number}.mp4"))
        fields = {"source_expires_at": timezone.now() + timedelta(days=1), "duration_seconds": 5}
        return a_task(Status.READY, result_urls=urls, **(fields | changes))

    return task_of


def test_a_good_clip_is_stored_with_what_it_really_is(served: Any, media_root: Path) -> None:
    task = served(GOOD())
    assert saving.save(task.pk)
    video = Video.objects.get()
    task.refresh_from_db()
    assert (task.status, task.due_at) == (Status.STORED, None)
    assert (media_root / str(video.file)).read_bytes() == GOOD()
    assert video.sha256 == hashlib.sha256(GOOD()).hexdigest()
    assert (video.size_bytes, video.has_audio, round(video.duration_seconds)) == (len(GOOD()), True, 1)
    for name in (video.poster, video.poster_small):
        assert (media_root / str(name)).read_bytes()[:2] == b"\xff\xd8"
    assert video.source_url == task.result_urls[0]
    assert list((media_root / "tmp").iterdir()) == []


def test_a_clip_is_named_after_the_words_that_were_ordered(served: Any) -> None:
    task = served(GOOD())
    Prompt.objects.update(title="Another title by now", text="other words")
    assert saving.save(task.pk)
    assert task.videos.get().title == task.prompt_text == "a lighthouse at dawn"


def test_a_clip_that_was_ordered_without_words_is_named_after_its_prompt(served: Any) -> None:
    task = served(GOOD(), prompt=a_prompt(text="", title="Kling 3.0 Std motion control"), prompt_text="")
    assert saving.save(task.pk)
    assert task.videos.get().title == "Kling 3.0 Std motion control"


def test_several_results_are_several_videos_and_one_charge(served: Any) -> None:
    task = served(GOOD(), GOOD(), GOOD())
    assert saving.save(task.pk)
    assert list(task.videos.order_by("position").values_list("position", flat=True)) == [0, 1, 2]
    assert task.entries.filter(kind=EntryKind.CHARGE).count() == 1


def test_a_second_ring_stores_nothing_twice(served: Any) -> None:
    task = served(GOOD())
    assert saving.save(task.pk)
    assert not saving.save(task.pk)
    assert Video.objects.count() == 1


def test_what_was_stored_before_a_failure_is_not_fetched_again(served: Any, httpserver: HTTPServer) -> None:
    task = served(GOOD(), b"<html>")
    assert not saving.save(task.pk)
    assert not saving.save(task.pk)
    assert sum(request.path == "/0.mp4" for request, __ in httpserver.log) == 1
    task.refresh_from_db()
    assert task.status == Status.READY


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (GOOD()[: len(GOOD()) * 6 // 10], "video/mp4"),
        (b"<html>gone</html>", "text/html"),
        (b"", "video/mp4"),
        (b"\0\0\0\x20ftypisom" + b"\0" * 5000, "video/mp4"),
    ],
    ids=["cut", "html", "empty", "undecodable"],
)
def test_what_is_no_whole_clip_is_never_stored_and_is_tried_again(
    body: bytes, content_type: str, served: Any, media_root: Path
) -> None:
    task = served(body, content_type=content_type)
    assert not saving.save(task.pk)
    task.refresh_from_db()
    assert task.status == Status.READY
    assert task.due_at > timezone.now() - timedelta(seconds=5)
    assert task.error_message
    assert task.events.filter(reason__startswith="not stored yet").count() == 1
    assert [path for path in media_root.rglob("*") if path.is_file()] == []
    assert not Video.objects.exists()


CUT = GOOD()[: len(GOOD()) * 6 // 10]


def test_the_same_damaged_bytes_twice_are_kept_and_flagged(served: Any, media_root: Path) -> None:
    """They were paid for, and no others may ever come."""
    task = served(CUT)
    assert not saving.save(task.pk)
    assert saving.save(task.pk)
    task.refresh_from_db()
    video = task.videos.get()
    assert task.status == Status.STORED
    assert "cut" in video.arrived_damaged
    assert (media_root / str(video.file)).read_bytes() == CUT
    assert (video.sha256, video.size_bytes) == (hashlib.sha256(CUT).hexdigest(), len(CUT))
    assert (video.poster, video.width, video.decoded_at, video.differences) == ("", 0, None, [])
    assert video.decode_due_at == video.created_at + saving.FETCH_DAMAGED_AGAIN
    assert task.events.last().reason == "stored as it came: damaged"


def test_other_damaged_bytes_are_tried_again(served: Any, httpserver: HTTPServer) -> None:
    task = served(CUT)
    assert not saving.save(task.pk)
    httpserver.clear()
    httpserver.expect_request("/0.mp4").respond_with_data(CUT[:-1], content_type="video/mp4")
    assert not saving.save(task.pk)
    assert not Video.objects.exists()


def test_a_whole_clip_after_a_damaged_one_has_no_flag(served: Any, httpserver: HTTPServer) -> None:
    task = served(CUT)
    assert not saving.save(task.pk)
    httpserver.clear()
    httpserver.expect_request("/0.mp4").respond_with_data(GOOD(), content_type="video/mp4")
    assert saving.save(task.pk)
    assert task.videos.get().arrived_damaged == ""
    assert task.events.last().reason == "verified and stored"


def test_a_machine_that_is_too_slow_flags_nothing(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(path: Path) -> None:
        raise clips.TookTooLong

    monkeypatch.setattr(clips, "verify", slow)
    task = served(GOOD())
    assert not saving.save(task.pk)
    assert not saving.save(task.pk)
    assert not Video.objects.exists()


def test_a_clip_that_was_decoded_whole_needs_no_late_decoding(served: Any) -> None:
    task = served(clip_of("mpeg4", seconds=0.5, size=(64, 64)))
    assert saving.save(task.pk)
    video = task.videos.get()
    assert (video.decoded_at, video.decode_due_at) == (video.created_at, None)


def test_what_is_too_large_is_not_stored(served: Any, settings: Settings) -> None:
    settings.DOWNLOAD_MAX_MB = 0
    task = served(GOOD())
    assert not saving.save(task.pk)
    assert not Video.objects.exists()


def test_a_dead_url_makes_the_provider_be_asked_for_a_fresh_one(served: Any, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/dead.mp4").respond_with_data("expired", status=403)
    task = a_task(Status.READY, result_urls=[httpserver.url_for("/dead.mp4")])
    assert not saving.save(task.pk)
    task.refresh_from_db()
    assert (task.status, task.urls_died, task.failures) == (Status.READY, True, 1)
    assert list(GenerationTask.objects.to_be_asked()) == [task]


def test_dead_urls_after_other_failures_are_asked_for_again_and_not_given_up(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/dead.mp4").respond_with_data("expired", status=410)
    task = a_task(
        Status.READY, result_urls=[httpserver.url_for("/dead.mp4")], failures=50,
        source_expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    assert not saving.save(task.pk)
    task.refresh_from_db()
    assert (task.status, task.urls_died) == (Status.READY, True)


def test_urls_that_are_dead_when_their_life_has_ended_make_a_clip_lost_loudly(
    httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request("/dead.mp4").respond_with_data("expired", status=410)
    task = a_task(Status.READY, result_urls=[httpserver.url_for("/dead.mp4")], source_expires_at=timezone.now())
    assert not saving.save(task.pk)
    task.refresh_from_db()
    assert (task.status, task.due_at) == (Status.LOST, None)
    assert "is lost" in caplog.text


def test_when_the_commits_own_answer_is_lost_the_file_stays(
    served: Any, monkeypatch: pytest.MonkeyPatch, media_root: Path
) -> None:
    """The row may be there: a file without a row is better than a row without its file."""
    task, create = served(GOOD()), Video.objects.create

    def lost(**columns: Any) -> None:
        create(**columns)
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(Video.objects, "create", lost)
    with pytest.raises(OperationalError):
        saving.save(task.pk)
    assert len(list(media_root.rglob("*.mp4"))) == 1


def test_a_full_disk_leaves_nothing_behind(served: Any, monkeypatch: pytest.MonkeyPatch, media_root: Path) -> None:
    def full(store: LocalStore, part: Path, name: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LocalStore, "publish", full)
    task = served(GOOD())
    assert not saving.save(task.pk)
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


def test_trying_ends_with_the_life_of_the_url(served: Any) -> None:
    task = served(b"<html>", content_type="text/html", source_expires_at=timezone.now() - timedelta(seconds=1))
    assert not saving.save(task.pk)
    task.refresh_from_db()
    assert task.status == Status.LOST
    assert "link expired" in task.error_message


def test_a_url_outside_the_allowed_origins_is_not_touched(
    served: Any, settings: Settings, httpserver: HTTPServer
) -> None:
    settings.RESULT_ORIGINS = ["r2.apixo.ai"]
    task = served(GOOD())
    assert not saving.save(task.pk)
    assert httpserver.log == []


def test_while_another_worker_saves_it_this_one_does_nothing(served: Any, httpserver: HTTPServer) -> None:
    task = served(GOOD())
    Lease.objects.take(f"save:{task.pk}", seconds=60)
    assert not saving.save(task.pk)
    assert httpserver.log == []


def test_a_worker_that_lost_its_lease_leaves_no_row_and_no_file(served: Any, media_root: Path) -> None:
    task = served(GOOD())
    with lease_held(f"save:{task.pk}", seconds=60) as hold:
        assert hold is not None
        Lease.objects.filter(name=hold.name).update(token="00000000-0000-0000-0000-000000000000")
        with pytest.raises(saving.LeaseLost):
            saving._store(task, 0, task.result_urls[0], hold, seconds=10)
    assert not Video.objects.exists()
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("ordered", "real", "words"),
    [
        ({"duration_seconds": 5}, {"duration_seconds": 3.0}, ["3.0 s long, but 5 s were ordered"]),
        ({"aspect_ratio": "16:9"}, {"width": 720, "height": 720}, ["1:1 picture, but 16:9 was ordered"]),
        ({"aspect_ratio": "16:9"}, {"width": 1920, "height": 1088}, []),
        ({"aspect_ratio": "auto"}, {"width": 1080, "height": 1920}, []),
        ({"sound": True}, {"has_audio": False}, ["silent, but sound was ordered"]),
        ({"sound": False}, {"has_audio": True}, ["has sound, but none was ordered"]),
        ({"sound": None}, {"has_audio": True}, []),
        ({}, {"duration_seconds": 5.04}, []),
    ],
)
def test_a_clip_that_differs_from_the_order_is_flagged_in_words(
    ordered: dict[str, Any], real: dict[str, Any], words: list[str]
) -> None:
    task = GenerationTask(**({"duration_seconds": 5} | ordered))
    facts: dict[str, Any] = {
        "duration_seconds": 5.0, "width": 1280, "height": 720, "fps": 24.0, "has_audio": False,
        "video_codec": "h264", "audio_codec": "",
    }  # fmt: skip
    assert saving.differences(task, Clip(**(facts | real))) == words

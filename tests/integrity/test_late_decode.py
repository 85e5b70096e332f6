"""Stored clips are decoded to their end; what arrived damaged is fetched again, replaced or kept and flagged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from generations import clock
from generations.integrity import late_decode
from generations.integrity.late_decode import CLAIM, LATER, decode_next
from generations.lifecycle import saving
from generations.media import clips
from generations.media.clips import TookTooLong
from generations.models import Status, Video
from tests.clips import clip
from tests.corpus import damaged_inside
from tests.factories import NOW, a_task
from tests.trees import a_complete_video, a_file, tree

pytestmark = pytest.mark.django_db

GOOD = cache(lambda: clip("faststart", seconds=1.0))
BAD = cache(lambda: damaged_inside(GOOD()))


@pytest.fixture(autouse=True)
def allow(httpserver: HTTPServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RESULT_ORIGINS = [httpserver.url_for("").rstrip("/")]
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def stored(httpserver: HTTPServer) -> Callable[..., Video]:
    """A clip that was stored with `content`, and whose link serves `again` now."""

    def video(content: bytes, again: bytes = b"", *, status: int = 200, **changes: Any) -> Video:
        httpserver.expect_request("/clip.mp4").respond_with_data(again, status=status, content_type="video/mp4")
        expires_at = changes.pop("source_expires_at", NOW + timedelta(days=1))
        task = a_task(Status.STORED, source_expires_at=expires_at, result_urls=[])
        url = {"source_url": httpserver.url_for("/clip.mp4")}
        due = {"decoded_at": None, "decode_due_at": NOW}
        return a_complete_video(task, content=content, **(url | due | changes))

    return video


def test_a_whole_clip_is_stamped_and_fetched_no_more(stored: Callable[..., Video], httpserver: HTTPServer) -> None:
    video = stored(GOOD())
    assert decode_next(at=NOW)
    video.refresh_from_db()
    assert (video.decoded_at, video.decode_due_at, video.arrived_damaged) == (NOW, None, "")
    assert not decode_next(at=NOW)
    assert httpserver.log == []


def test_other_bytes_replace_a_damaged_clip_and_its_files(stored: Callable[..., Video]) -> None:
    a_file("previews/2026/bad.mp4")
    made = {"preview": "previews/2026/bad.mp4", "color": "#008080", "preview_tries": 1}
    video = stored(BAD(), GOOD(), duration_seconds=9.0, **made)
    assert decode_next(at=NOW)
    video.refresh_from_db()
    assert video.sha256 == hashlib.sha256(GOOD()).hexdigest()
    assert (video.size_bytes, video.duration_seconds, video.width) == (len(GOOD()), 1.0, 64)
    assert (video.decoded_at, video.decode_due_at, video.arrived_damaged) == (NOW, None, "")
    assert (str(video.preview), video.preview_due_at, video.preview_tries, video.color) == ("", NOW, 0, "")
    assert set(tree()) == {str(video.file), str(video.poster), str(video.poster_small)}
    assert tree()[str(video.file)] == GOOD()
    assert "complete now" in video.task.events.get().reason


def test_the_same_bytes_are_kept_and_flagged(stored: Callable[..., Video], caplog: pytest.LogCaptureFixture) -> None:
    video = stored(BAD(), BAD())
    assert decode_next(at=NOW)
    video.refresh_from_db()
    assert (video.decoded_at, video.decode_due_at) == (NOW, None)
    assert "damaged" in video.arrived_damaged
    assert tree() == {str(video.file): BAD()}
    assert "the same bytes came again" in video.task.events.get().reason
    assert "arrived damaged" in caplog.text
    assert list(Video.objects.arrived_damaged()) == [video]


@pytest.mark.parametrize("answer", [{"status": 503}, {"again": b"<html>"}, {"again": BAD()[: len(BAD()) // 2]}])
def test_a_clip_that_cannot_be_fetched_is_flagged_and_tried_again(
    answer: dict[str, Any], stored: Callable[..., Video]
) -> None:
    video = stored(BAD(), **answer)
    assert decode_next(at=NOW)
    video.refresh_from_db()
    assert video.arrived_damaged
    assert (video.decode_due_at, video.damage) == (NOW + LATER, "")
    assert tree() == {str(video.file): BAD()}


def test_trying_ends_with_the_life_of_the_link(stored: Callable[..., Video]) -> None:
    video = stored(BAD(), status=410, source_expires_at=NOW)
    assert decode_next(at=NOW)
    video.refresh_from_db()
    assert video.arrived_damaged
    assert video.decode_due_at is None


def test_the_clip_whose_link_ends_first_comes_first(stored: Callable[..., Video]) -> None:
    late, soon, never = (
        stored(GOOD(), source_expires_at=at) for at in (NOW + timedelta(days=9), NOW + timedelta(days=1), None)
    )
    order: list[int] = []
    while decode_next(at=NOW):
        done = Video.objects.exclude(decoded_at=None).exclude(pk__in=order).get()
        order.append(done.pk)
    assert order == [soon.pk, late.pk, never.pk]


def test_bytes_that_the_disk_changed_are_brought_back_and_then_decoded(stored: Callable[..., Video]) -> None:
    video = stored(GOOD(), GOOD())
    video.path.write_bytes(BAD())
    assert decode_next(at=NOW)
    assert tree() == {str(video.file): GOOD()}
    assert decode_next(at=NOW)
    video.refresh_from_db()
    assert (video.decoded_at, video.arrived_damaged, video.damage) == (NOW, "", "")


def test_bytes_that_the_disk_changed_and_nobody_has_wait_for_the_daily_repair(stored: Callable[..., Video]) -> None:
    video = stored(GOOD(), status=410)
    video.path.write_bytes(BAD())
    assert decode_next(at=NOW)
    video.refresh_from_db()
    assert (video.decoded_at, video.arrived_damaged) == (None, "")
    assert video.damage
    assert not decode_next(at=NOW + timedelta(days=1))
    assert video.decode_due_at is not None


def test_a_slow_machine_proves_nothing(stored: Callable[..., Video], monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(path: Path) -> None:
        raise TookTooLong

    video = stored(GOOD())
    monkeypatch.setattr(clips, "decode_all", slow)
    assert decode_next(at=NOW)
    video.refresh_from_db()
    assert (video.decoded_at, video.decode_due_at, video.arrived_damaged) == (None, NOW + CLAIM, "")


def test_a_clip_that_kills_its_worker_lets_the_others_go_on(
    stored: Callable[..., Video], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(path: Path) -> None:
        raise SystemExit

    poison = stored(GOOD(), source_expires_at=NOW)
    other = stored(GOOD())
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(clips, "decode_all", die)
        decode_next(at=NOW)
    assert decode_next(at=NOW)
    assert not decode_next(at=NOW)
    other.refresh_from_db()
    poison.refresh_from_db()
    assert (other.decoded_at, poison.decoded_at) == (NOW, None)
    assert decode_next(at=NOW + CLAIM)


def test_what_was_replaced_meanwhile_is_left_alone(stored: Callable[..., Video]) -> None:
    video = stored(BAD(), GOOD())

    def overtaken(function: Callable[..., Any], *args: Any) -> Any:
        Video.objects.filter(pk=video.pk).update(decode_due_at=NOW + timedelta(days=2))
        return function(*args)

    assert decode_next(at=NOW, run=overtaken)
    assert tree() == {str(video.file): BAD()}
    video.refresh_from_db()
    assert (video.decoded_at, video.arrived_damaged) == (None, "")


def test_when_the_commits_own_answer_is_lost_both_files_stay(
    stored: Callable[..., Video], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row may name either."""
    stored(BAD(), GOOD())

    def lost(video: Video, **changes: Any) -> bool:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(late_decode, "_conclude", lost)
    with pytest.raises(OperationalError):
        decode_next(at=NOW)
    assert {GOOD(), BAD()} < set(tree().values())


def test_what_the_first_step_refused_is_not_cleared_by_the_second(stored: Callable[..., Video]) -> None:
    cut = GOOD()[: len(GOOD()) * 6 // 10]
    video = stored(cut, cut, arrived_damaged="it is cut")
    assert decode_next(at=NOW)
    video.refresh_from_db()
    assert video.arrived_damaged
    assert (video.decoded_at, video.decode_due_at) == (NOW, None)


def test_a_stored_clip_waits_for_its_late_decoding(stored: Callable[..., Video], httpserver: HTTPServer) -> None:
    httpserver.expect_request("/new.mp4").respond_with_data(GOOD(), content_type="video/mp4")
    task = a_task(Status.READY, result_urls=[httpserver.url_for("/new.mp4")])
    assert saving.save(task.pk)
    video = task.videos.get()
    assert (video.decoded_at, video.decode_due_at) == (None, NOW + saving.DECODE_AFTER)
    assert not decode_next(at=NOW)
    assert decode_next(at=NOW + saving.DECODE_AFTER)

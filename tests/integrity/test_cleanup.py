"""The clean-up: expired URLs go where the file is safe, and stay everywhere else."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django_q.models import Task

from generations.integrity.cleanup import clean_up
from generations.media.images import CleanImage
from generations.models import (
    Delivery,
    Endpoint,
    Happening,
    Notice,
    NoticeKind,
    ReferenceImage,
    Status,
    WebhookMessage,
    WebhookTry,
)
from tests.factories import NOW, a_task, a_video
from tests.trees import a_file, aged

pytestmark = pytest.mark.django_db

PAST = NOW - timedelta(seconds=1)


def test_an_expired_url_of_a_safe_clip_is_blanked() -> None:
    video = a_video(a_task(Status.STORED, source_expires_at=PAST))
    done = clean_up(at=NOW)
    video.refresh_from_db()
    assert (done.blanked, video.source_url, video.task.result_urls) == ([video.pk], "", [])
    assert clean_up(at=NOW).blanked == []


def test_a_url_that_still_lives_stays() -> None:
    video = a_video(a_task(Status.STORED, source_expires_at=NOW + timedelta(seconds=1)))
    assert clean_up(at=NOW).blanked == []
    video.refresh_from_db()
    assert video.source_url


@pytest.mark.parametrize("harm", ["gone", "cut"])
def test_a_url_whose_clip_is_not_whole_stays_and_is_told(harm: str) -> None:
    video = a_video(a_task(Status.STORED, source_expires_at=PAST))
    if harm == "gone":
        video.path.unlink()
    else:
        video.path.write_bytes(b"cut")
    done = clean_up(at=NOW)
    video.refresh_from_db()
    assert (done.kept_unsafe, done.blanked) == ([video.pk], [])
    assert video.source_url and video.task.result_urls


def test_a_url_whose_clip_is_marked_as_damaged_stays() -> None:
    video = a_video(a_task(Status.STORED, source_expires_at=PAST), damage="its file has other bytes than were stored")
    assert clean_up(at=NOW).kept_unsafe == [video.pk]
    video.refresh_from_db()
    assert video.source_url


def test_a_task_that_was_never_stored_keeps_its_urls_and_is_told() -> None:
    task = a_task(Status.READY, source_expires_at=PAST)
    assert clean_up(at=NOW).kept_unstored == [task.pk]
    task.refresh_from_db()
    assert task.result_urls


def test_what_a_killed_worker_left_half_done_goes_after_an_hour(media_root: Path) -> None:
    for name, age in (("tmp/old.part", 2), ("tmp/new.part", 0), ("tmp/old.mp4", 2)):
        path = media_root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
        at = (NOW - timedelta(hours=age)).timestamp()
        os.utime(path, (at, at))
    assert clean_up(at=NOW, dry_run=True).parts_removed == ["tmp/old.part"]
    assert (media_root / "tmp/old.part").exists()
    clean_up(at=NOW)
    assert sorted(path.name for path in media_root.rglob("*.*")) == ["new.part", "old.mp4"]


def test_a_dry_run_says_the_same_and_does_nothing() -> None:
    video = a_video(a_task(Status.STORED, source_expires_at=PAST))
    assert clean_up(at=NOW, dry_run=True).blanked == [video.pk]
    video.refresh_from_db()
    assert video.source_url


def test_things_that_are_no_files_stay(media_root: Path) -> None:
    a_file("tmp/old.part")
    (media_root / "tmp/link.part").symlink_to(a_file("precious.txt"))
    (media_root / "tmp/folder.part").mkdir()
    aged(media_root / "tmp/folder.part")
    assert clean_up(at=NOW).parts_removed == ["tmp/old.part"]
    assert sorted(path.name for path in (media_root / "tmp").iterdir()) == ["folder.part", "link.part"]
    assert (media_root / "precious.txt").exists()


def test_the_url_of_a_clip_that_waits_for_its_late_decoding_stays() -> None:
    video = a_video(a_task(Status.STORED, source_expires_at=PAST), decoded_at=None, decode_due_at=NOW)
    assert clean_up(at=NOW).kept_unsafe == [video.pk]


def test_notices_of_90_days_ago_go_with_their_webhooks() -> None:
    old, new = (
        Happening.objects.create(key=f"{days}", kind=NoticeKind.PAUSE, at=NOW - timedelta(days=days), page="pauses")
        for days in (90, 89)
    )
    anna = User.objects.create(username="anna")
    endpoint = Endpoint.objects.create(address="https://hooks.example.com/")
    for happening in (old, new):
        Notice.objects.create(person=anna, happening=happening)
        message = WebhookMessage.objects.create(endpoint=endpoint, happening=happening, body="{}", created_at=NOW)
        WebhookTry.objects.create(message=message, at=NOW, http_status=200, seconds=0.1)
    assert clean_up(at=NOW, dry_run=True).happenings_removed == 1
    assert Happening.objects.count() == 2
    assert clean_up(at=NOW).happenings_removed == 1
    assert [Notice.objects.get().happening, WebhookTry.objects.get().message.happening] == [new, new]


def a_picture(content: bytes, *, hours: int, media_root: Path) -> ReferenceImage:
    image = ReferenceImage.store(CleanImage(content, "png", 8, 8))
    ReferenceImage.objects.filter(pk=image.pk).update(created_at=NOW - timedelta(hours=hours))
    aged(media_root / str(image.file))
    return image


def test_pictures_that_no_order_used_go_after_a_day_and_no_others(media_root: Path) -> None:
    unused, new, first, last = (
        a_picture(name, hours=hours, media_root=media_root)
        for name, hours in ((b"unused", 25), (b"new", 23), (b"first", 25), (b"last", 25))
    )
    a_task(start_image=first)
    a_task(end_image=last)
    assert clean_up(at=NOW, dry_run=True).images_removed == [unused.pk]
    assert clean_up(at=NOW).images_removed == [unused.pk]
    assert set(ReferenceImage.objects.all()) == {new, first, last}
    assert {f"images/{path.name}" for path in (media_root / "images").iterdir()} == {
        str(image.file) for image in (new, first, last)
    }


def test_a_picture_that_is_uploaded_again_is_new_again(media_root: Path) -> None:
    image = a_picture(b"again", hours=25, media_root=media_root)
    assert ReferenceImage.store(CleanImage(b"again", "png", 8, 8)) == image
    assert clean_up(at=NOW).images_removed == []


def test_callbacks_of_ended_tasks_go_after_90_days_and_evidence_about_others_stays() -> None:
    for status in (Status.STORED, Status.FAILED, Status.UNCONFIRMED):
        task = a_task(status)
        for days in (89, 91):
            at = NOW - timedelta(days=days)
            task.deliveries.create(received_at=at, digest=f"{days}", body="{}")
    assert clean_up(at=NOW, dry_run=True).callbacks_removed == 2
    assert Delivery.objects.count() == 6
    assert clean_up(at=NOW).callbacks_removed == 2
    kept = set(Delivery.objects.values_list("task__status", "digest"))
    assert kept == {("stored", "89"), ("failed", "89"), ("unconfirmed", "89"), ("unconfirmed", "91")}


def test_failures_of_jobs_go_after_90_days() -> None:
    for days in (89, 91):
        stopped = NOW - timedelta(days=days)
        Task.objects.create(
            id=f"{days}", name=f"{days} days ago", func="generations.worker.jobs.save", started=stopped,
            stopped=stopped, success=False, result="OSError : Traceback (most recent call last): ...",
        )  # fmt: skip
    clean_up(at=NOW, dry_run=True)
    assert Task.objects.count() == 2
    clean_up(at=NOW)
    assert [task.name for task in Task.objects.all()] == ["89 days ago"]

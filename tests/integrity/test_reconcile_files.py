"""What a run does about files without a row, and about what dead workers leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from generations.lifecycle import saving
from generations.media.store import LocalStore
from generations.models import Lease, Status, Video
from tests.factories import NOW, a_task, an_image
from tests.integrity.reconciling import LATER, left, run, with_poster
from tests.trees import OLD, a_complete_video, a_file, aged, tree

pytestmark = pytest.mark.django_db


def test_files_without_a_row_are_put_aside_and_those_with_one_are_not() -> None:
    video, image = with_poster(), an_image()
    for file in (video.file, video.poster, video.poster_small, image.file):
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
        str(video.file), str(video.poster), str(video.poster_small), str(image.file), "videos/2026/young.mp4",
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
    video = a_complete_video()
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
        assert len(run().quarantined) == 3

    monkeypatch.setattr(LocalStore, "publish", sleep_after)
    assert not saving.save(task.pk)
    assert not Video.objects.exists()
    assert all(name.startswith("quarantine/") for name in tree())

"""Rows and files, compared."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from generations.integrity import compare
from generations.media.store import FOLDERS, store
from generations.models import ReferenceImage, Video
from tests.factories import NOW, a_video, an_image
from tests.trees import a_complete_video, a_file, aged

pytestmark = pytest.mark.django_db


def orphan_names(folder: str = "videos") -> list[str]:
    return sorted(one.name for one in compare.orphan_files(list(store.walk(folder)), at=NOW))


def test_a_complete_clip_has_no_damage() -> None:
    assert compare.damage(a_complete_video()) == ""


def test_bytes_that_changed_are_seen_when_they_are_read_and_only_then() -> None:
    video = a_complete_video(content=b"twelve bytes")
    video.path.write_bytes(b"twelve BYTES")
    assert compare.damage(video) == "its file has other bytes than were stored"
    assert compare.damage(video, deep=False) == ""


@pytest.mark.parametrize("deep", [True, False])
def test_a_cut_file_and_a_missing_one_are_seen_without_reading(deep: bool) -> None:
    cut, gone = a_complete_video(content=b"twelve bytes"), a_complete_video()
    cut.path.write_bytes(b"twelve")
    gone.path.unlink()
    assert compare.damage(cut, deep=deep) == "its file has 6 bytes instead of 12"
    assert compare.damage(gone, deep=deep) == "its file is missing"


def test_a_start_image_is_compared_likewise() -> None:
    image = an_image(b"a picture")
    path = Path(image.file.path)
    assert compare.damage(image) == ""
    path.write_bytes(b"another one")
    assert compare.damage(image) == "its file has other bytes than were stored"
    assert compare.damage(image, deep=False) == ""
    path.unlink()
    assert compare.damage(image, deep=False) == "its file is missing"


def test_files_that_rows_name_are_no_orphans() -> None:
    video = a_video(poster="posters/2026/a.jpg", preview="previews/2026/a.mp4")
    for path in (video.path, a_file("posters/2026/a.jpg"), a_file("previews/2026/a.mp4"), Path(an_image().file.path)):
        aged(path)
    a_file("videos/2026/stray.mp4")
    a_file("posters/2026/stray.jpg")
    a_file("previews/2026/stray.mp4")
    a_file("images/stray.png")
    found = {folder: orphan_names(folder) for folder in FOLDERS}
    assert found == {
        "videos": ["videos/2026/stray.mp4"], "posters": ["posters/2026/stray.jpg"],
        "previews": ["previews/2026/stray.mp4"], "images": ["images/stray.png"],
    }  # fmt: skip


def test_a_file_of_the_last_hour_may_still_get_its_row() -> None:
    a_file("videos/young.mp4", age=timedelta(minutes=59))
    a_file("videos/from-the-future.mp4", age=timedelta(days=-1))
    assert orphan_names() == []
    a_file("videos/old.mp4", age=timedelta(minutes=61))
    assert orphan_names() == ["videos/old.mp4"]


def test_what_is_no_plain_file_is_told_at_any_age(media_root: Path) -> None:
    (media_root / "videos").mkdir(parents=True)
    (media_root / "videos/link.mp4").symlink_to("/etc/passwd")
    assert orphan_names() == ["videos/link.mp4"]


def test_names_that_no_row_can_hold_are_orphans(media_root: Path) -> None:
    (media_root / "videos").mkdir(parents=True)
    with open(os.fsencode(media_root / "videos") + b"/caf\xe9.mp4", "wb") as file:
        file.write(b"stray")
    aged(next((media_root / "videos").iterdir()))
    assert len(orphan_names()) == 1


def test_many_files_take_few_questions(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(30):
        aged(a_video().path)
    found = list(store.walk("videos"))
    with django_assert_num_queries(5):
        assert compare.orphan_files(found, at=NOW) == []


def test_all_rows_come_in_chunks(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any) -> None:
    monkeypatch.setattr(compare, "CHUNK", 3)
    made = [a_video().pk for _ in range(7)]
    with django_assert_num_queries(4):
        assert [[row.pk for row in chunk] for chunk in compare.chunks(Video.objects.all())] == [
            made[:3], made[3:6], made[6:],
        ]  # fmt: skip
    assert list(compare.chunks(ReferenceImage.objects.all())) == []


def test_things_come_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "CHUNK", 3)
    assert list(compare.batches(iter("abcdefg"))) == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
    assert list(compare.batches("abc")) == [["a", "b", "c"]]
    assert list(compare.batches("")) == []

"""Stored clips get a preview and a color in the background; what fails is tried again, and not for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from generations.library import previews
from generations.library.previews import CLAIM, MAX_TRIES, make_next
from generations.media.clips import TookTooLong
from generations.media.posters import stills_of
from generations.media.previews import is_whole
from generations.models import Video
from tests.clips import clip
from tests.corpus import damaged_inside
from tests.factories import NOW
from tests.integrity.reconciling import run
from tests.trees import OLD, a_complete_video, a_file, aged, tree

pytestmark = pytest.mark.django_db
GOOD = cache(lambda: clip("faststart", seconds=1.0))


def due(content: bytes = b"", **changes: Any) -> Video:
    return a_complete_video(content=content or GOOD(), preview_due_at=NOW, **changes)


def read(video: Video) -> Video:
    return Video.objects.get(pk=video.pk)


def killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_clip_gets_its_preview_once() -> None:
    video = due()
    assert make_next(at=NOW)
    video = read(video)
    assert is_whole(Path(video.preview.path))
    assert video.preview_due_at is None
    assert not make_next(at=NOW + timedelta(days=1))


def test_the_colour_of_its_poster_is_found() -> None:
    a_file("posters/2026/a-320.jpg", stills_of(av.VideoFrame.from_image(Image.new("RGB", (64, 64)))).poster_small)
    video = due(poster="posters/2026/a.jpg", poster_small="posters/2026/a-320.jpg")
    assert make_next(at=NOW)
    assert read(video).color == "#000000"


def test_a_poster_that_cannot_be_read_costs_only_the_colour() -> None:
    a_file("posters/2026/a-320.jpg", b"no picture")
    video = due(poster="posters/2026/a.jpg", poster_small="posters/2026/a-320.jpg")
    assert make_next(at=NOW)
    assert (read(video).color, bool(read(video).preview)) == ("", True)


def test_the_clip_that_is_due_longest_comes_first_and_one_that_is_not_due_waits() -> None:
    later, first = due(), due()
    Video.objects.filter(pk=first.pk).update(preview_due_at=NOW - CLAIM)
    due(damage="its file is missing")
    a_complete_video(content=GOOD(), preview_due_at=NOW + CLAIM)
    order: list[int] = []
    while make_next(at=NOW):
        order += Video.objects.exclude(preview="").exclude(pk__in=order).values_list("pk", flat=True)
    assert order == [first.pk, later.pk]


def test_a_damaged_clip_is_not_tried_again() -> None:
    video = due(damaged_inside(GOOD()))
    assert make_next(at=NOW)
    video = read(video)
    assert (str(video.preview), video.preview_due_at) == ("", None)
    assert set(tree()) == {str(video.file)}


@pytest.mark.parametrize("trouble", [TookTooLong, lambda: OSError(5, "Input/output error")])
def test_other_troubles_are_tried_again_less_and_less_often_and_then_no_more(
    trouble: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise trouble()

    monkeypatch.setattr(previews, "write_preview", fails)
    video, at, waits = due(), NOW, []
    while make_next(at=at) and (next_at := read(video).preview_due_at):
        waits.append(next_at - at)
        at = next_at
    assert waits == [CLAIM, CLAIM * 2, CLAIM * 4, CLAIM * 8, CLAIM * 16]
    assert len(waits) == MAX_TRIES
    assert read(video).preview == ""


def test_a_process_that_died_before_the_row_leaves_the_clip_due_and_a_file_for_the_quarantine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    video = due()
    with monkeypatch.context() as patched:
        real = previews._conclude
        patched.setattr(previews, "_conclude", lambda row, **to: killed() if "preview" in to else real(row, **to))
        with pytest.raises(KeyboardInterrupt):
            make_next(at=NOW)
    (orphan,) = (name for name in tree() if name.startswith("previews/"))
    aged(Path(video.path.parents[2], orphan), OLD)
    assert not make_next(at=NOW)
    assert make_next(at=NOW + CLAIM)
    assert [moved["from"] for moved in run().quarantined] == [orphan]
    assert is_whole(Path(read(video).preview.path))


def test_a_clip_that_kills_its_process_each_time_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "write_preview", killed)
    video, at = due(), NOW
    for _ in range(MAX_TRIES):
        with pytest.raises(KeyboardInterrupt):
            make_next(at=at)
        at = read(video).preview_due_at or at
    assert make_next(at=at)
    assert not make_next(at=at + timedelta(days=99))


def test_a_clip_that_another_process_took_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    video = due()
    taken = Video.objects.filter(pk=video.pk)
    first = Video.objects.to_preview(at=NOW).first()
    claim = {"preview_due_at": NOW + CLAIM}
    monkeypatch.setattr("django.db.models.QuerySet.first", lambda self: taken.update(**claim) and first)
    assert make_next(at=NOW)
    assert read(video).preview == ""
    assert set(tree()) == {str(video.file)}


def test_a_clip_that_gets_other_bytes_meanwhile_keeps_no_preview_of_the_old_ones() -> None:
    video = due()

    def replaced_meanwhile(function: Callable[..., Any], *args: Any) -> None:
        function(*args)
        Video.objects.filter(pk=video.pk).update(sha256="0" * 64, preview_due_at=NOW)

    assert make_next(at=NOW, run=replaced_meanwhile)
    assert (str(read(video).preview), read(video).preview_due_at) == ("", NOW)
    assert set(tree()) == {str(video.file)}


def test_the_old_preview_goes_when_the_row_names_the_new_one() -> None:
    a_file("previews/2026/old.mp4")
    video = due(preview="previews/2026/old.mp4")
    assert make_next(at=NOW)
    assert set(tree()) == {str(video.file), str(read(video).preview)}

"""A person chooses the frame that stands for a clip; the files of the old one go."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from generations.library import posters
from generations.library.posters import NoPoster, choose_poster
from generations.media import clips
from generations.models import Video
from tests.clips import clip
from tests.corpus import damaged_inside
from tests.factories import NOW
from tests.trees import a_complete_video, a_file, tree

pytestmark = pytest.mark.django_db
GOOD = cache(lambda: clip("faststart", seconds=1.0))
NAMES = {"poster": "posters/2026/a.jpg", "poster_small": "posters/2026/a-320.jpg"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine is no reason here."""
    monkeypatch.setattr(posters, "WITHIN_SECONDS", 60.0)


def with_poster(content: bytes = b"") -> Video:
    for name in NAMES.values():
        a_file(name, b"the old one")
    names: dict[str, Any] = NAMES | {"color": "#000000"}
    return a_complete_video(content=content or GOOD(), **names)


def test_the_frame_becomes_the_poster_under_new_names() -> None:
    video = with_poster()
    choose_poster(video, 0.9, at=NOW)
    video.refresh_from_db()
    stills = clips.poster(video.path, seconds=0.9)
    assert tree() == {
        str(video.file): GOOD(), str(video.poster): stills.poster, str(video.poster_small): stills.poster_small,
    }  # fmt: skip
    assert video.poster_seconds == 0.9
    assert video.color not in ("", "#000000")


def test_a_clip_without_a_poster_gets_one() -> None:
    video = a_complete_video(content=GOOD())
    choose_poster(video, 0.0, at=NOW)
    video.refresh_from_db()
    assert {str(video.poster), str(video.poster_small)} < set(tree())


def test_a_damaged_clip_keeps_its_poster() -> None:
    video = with_poster(damaged_inside(GOOD()))
    before = tree()
    with pytest.raises(NoPoster, match="cannot be read"):
        choose_poster(video, 0.9, at=NOW)
    assert tree() == before


def test_a_busy_machine_keeps_the_poster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posters, "WITHIN_SECONDS", -1.0)
    video = with_poster()
    with pytest.raises(NoPoster, match="too busy"):
        choose_poster(video, 0.9, at=NOW)
    assert Video.objects.get().poster_seconds is None


def test_the_second_of_two_people_is_told_and_leaves_no_file() -> None:
    first, second = with_poster(), Video.objects.get()
    choose_poster(first, 0.1, at=NOW)
    before = tree()
    with pytest.raises(NoPoster, match="Somebody else"):
        choose_poster(second, 0.9, at=NOW)
    assert tree() == before
    assert Video.objects.get().poster_seconds == 0.1

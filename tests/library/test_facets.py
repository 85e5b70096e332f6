"""What the newest clips of a search have in common, counted by shot."""

from __future__ import annotations

from typing import Any

import pytest

from generations.library import facets as module
from generations.library.facets import Facets, facets
from generations.models import Review, Shot, Video
from tests.factories import NOW, a_task, a_video

pytestmark = pytest.mark.django_db


def counted(name: str) -> dict[str, int]:
    return dict(facets(Video.objects.all()).of(name))


def test_each_value_is_counted_once_a_shot() -> None:
    shot = Shot.objects.create()
    for rating in (5, 5, 3):
        a_video(a_task(shot=shot), rating=rating)
    a_video(a_task(model="kling-2-6"), has_audio=True, width=720, height=1280, duration_seconds=10.04,
            review=Review.APPROVED, reviewed_at=NOW)  # fmt: skip
    found = facets(Video.objects.all())
    assert (found.clips, found.shots, found.total) == (4, 2, "2")
    assert counted("rating") == {"5": 1, "3": 1, "0": 1}
    assert counted("model") == {"kling-2-5-turbo-pro": 1, "kling-2-6": 1}
    assert counted("sound") == {"yes": 1, "no": 1}
    assert counted("ratio") == {"16:9": 1, "9:16": 1}
    assert counted("duration") == {"5": 1, "10": 1}
    assert counted("state") == {"draft": 1, "approved": 1}


def test_frequent_words_tell_the_clips_apart() -> None:
    for words in ("a red fox in 2026", "the red fox", "the fox and the gull", "a red hen", "a fox and a gull 2026"):
        a_video(words=f"{words} at dawn")
    assert facets(Video.objects.all()).words == (("fox", 4), ("red", 3), ("gull", 2))


def test_counts_are_kept_for_those_who_see_the_same_clips(django_assert_num_queries: Any) -> None:
    first = a_video()
    assert facets(Video.objects.all()).shots == 1
    a_video()
    with django_assert_num_queries(0):
        assert facets(Video.objects.all()).shots == 1
    assert facets(Video.objects.exclude(pk=first.pk)).shots == 1
    assert facets(Video.objects.none()) == Facets(0, 0)


def test_of_many_clips_the_newest_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CLIPS", 2)
    for _ in range(3):
        a_video()
    found = facets(Video.objects.all())
    assert (found.is_partial, found.total) == (True, "2+")
    assert Facets(4999, 1234).total == "1,000+"
    assert Facets(4999, 1000).total == "1,000"

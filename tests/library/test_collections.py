"""Collections are made, filled and put in order."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from generations.library import collections
from generations.models import Collection, Folder, Video
from tests.factories import NOW, a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def teaser() -> Collection:
    return collections.create("Teaser", at=NOW)


def order(collection: Collection) -> list[int]:
    return [video.pk for video in collections.clips_of(collection, Video.objects.all())]


def test_two_collections_of_one_name_have_their_own_addresses(teaser: Collection) -> None:
    assert [teaser.slug, collections.create("teaser ", at=NOW).slug] == ["teaser", "teaser-2"]
    assert collections.create("予告", at=NOW).slug == "collection"


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_collection_needs_a_name(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        collections.create(name, at=NOW)
    assert list(refused.value.message_dict) == ["name"]
    assert not Collection.objects.exists()


def test_clips_are_added_at_the_end_once_and_taken_out(teaser: Collection) -> None:
    first, second, third = a_video(), a_video(), a_video()
    assert collections.add(teaser, [second, first]) == 2
    assert collections.add(teaser, [first, third]) == 1
    assert order(teaser) == [second.pk, first.pk, third.pk]
    assert collections.remove(teaser, [first.pk]) == 1
    assert order(teaser) == [second.pk, third.pk]


def test_a_full_collection_takes_no_more(teaser: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collections, "MOST_CLIPS", 2)
    with pytest.raises(ValidationError, match="at most 2 clips, and this would be 3"):
        collections.add(teaser, [a_video() for _ in range(3)])
    assert order(teaser) == []


def test_an_order_is_given_for_all_or_for_some(teaser: Collection) -> None:
    a, b, c, d = (a_video() for _ in range(4))
    collections.add(teaser, [a, b, c, d])
    collections.reorder(teaser, [d.pk, c.pk, b.pk, a.pk], order(teaser))
    assert order(teaser) == [d.pk, c.pk, b.pk, a.pk]
    # Clips that a person does not see keep their places.
    collections.reorder(teaser, [a.pk, d.pk], [d.pk, a.pk])
    assert order(teaser) == [a.pk, c.pk, b.pk, d.pk]


def test_an_order_of_clips_that_are_no_longer_in_it_changes_nothing(teaser: Collection) -> None:
    a, b = a_video(), a_video()
    collections.add(teaser, [a, b])
    for ids, seen in (([b.pk, a.pk, 0], [a.pk, b.pk, 0]), ([b.pk, b.pk], [a.pk, b.pk]), ([b.pk, a.pk], [a.pk])):
        with pytest.raises(ValidationError, match="has changed meanwhile"):
            collections.reorder(teaser, ids, seen)
    assert order(teaser) == [a.pk, b.pk]


def test_a_clip_is_moved_by_steps_and_stops_at_the_ends(teaser: Collection) -> None:
    a, b, c = (a_video() for _ in range(3))
    collections.add(teaser, [a, b, c])
    for pk, by, after in ((a.pk, 1, [b, a, c]), (c.pk, -1000, [c, b, a]), (c.pk, -1, [c, b, a])):
        collections.move(teaser, pk, by, order(teaser))
        assert order(teaser) == [video.pk for video in after]


def test_a_folder_is_made_by_its_name_and_the_cover_is_one_of_the_clips(teaser: Collection) -> None:
    inside, outside = a_video(), a_video()
    collections.add(teaser, [inside])
    words = {"name": "Teaser", "description": " Two shots. ", "folder": "Client A", "visible": Video.objects.all()}
    collections.describe(teaser, cover=[inside.pk], **words)  # type: ignore[arg-type]
    teaser.refresh_from_db()
    assert (teaser.description, teaser.folder, teaser.cover) == ("Two shots.", Folder.objects.get(), inside)
    with pytest.raises(ValidationError, match="must be a clip of the collection"):
        collections.describe(teaser, cover=[outside.pk], **words)  # type: ignore[arg-type]


def test_a_list_shows_the_cover_or_the_first_clip_and_counts_what_the_person_sees(teaser: Collection) -> None:
    a, b = a_video(), a_video()
    collections.add(teaser, [a, b])
    empty = collections.create("Empty", at=NOW)
    shown = collections.with_covers(Collection.objects.all(), Video.objects.exclude(pk=a.pk))
    assert [(each.collection, each.front, each.count) for each in shown] == [(empty, None, 0), (teaser, b, 1)]

"""One thing done to many clips, and what is said of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import QueryDict

from generations.library import bulk
from generations.library.search import Search
from generations.models import Collection, Review, Shot, Status, Tag, Video
from tests.factories import NOW, a_prompt, a_task, a_video

pytestmark = pytest.mark.django_db


def ids(*videos: Video) -> list[int]:
    return [video.pk for video in videos]


def test_stars_are_given_to_all_and_those_that_have_them_are_counted_apart() -> None:
    first, second = a_video(), a_video(rating=3)
    assert str(bulk.rate(ids(first, second), 3)) == "Rated 3 of 5: 1 clip. Left out: 1 rated so already."
    assert set(Video.objects.values_list("rating", flat=True)) == {3}


def test_stars_that_do_not_exist_change_nothing() -> None:
    video = a_video(rating=2)
    with pytest.raises(ValidationError, match="0 to 5 stars"):
        bulk.rate(ids(video), 6)
    video.refresh_from_db()
    assert video.rating == 2


def test_portions_reach_every_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PORTION", 2)
    videos = [a_video() for _ in range(5)]
    assert bulk.rate(ids(*videos), 5).changed == 5


def test_a_decision_leaves_out_what_is_published_or_decided_so(staff: User) -> None:
    new, rejected = a_video(), a_video(review=Review.REJECTED, reviewed_at=NOW)
    published = a_video(review=Review.APPROVED, reviewed_at=NOW, published_at=NOW, published_by=staff)
    done = bulk.decide(ids(new, rejected, published), Review.REJECTED, at=NOW, by=staff)
    assert str(done) == "Rejected: 1 clip. Left out: 1 published: unpublish first, 1 rejected already."
    published.refresh_from_db()
    assert published.review == Review.APPROVED


def test_a_tag_goes_to_the_prompts_and_is_found_by_search() -> None:
    prompt = a_prompt()
    first, second = (a_video(a_task(Status.STORED, prompt=prompt)) for _ in range(2))
    done = bulk.tag(ids(first), "  Winter   Été ")
    assert (done.changed, prompt.tags.get().name) == (1, "Winter Été")
    assert "winter ete" in Video.objects.get(pk=second.pk).words
    assert str(bulk.tag(ids(first), "winter été")) == "Tagged “winter été”: 0 clips. Left out: 1 tagged so already."
    assert Tag.objects.count() == 1


def test_a_tag_is_taken_off_the_prompts_of_clips() -> None:
    (first, second), third = (a_video(a_task(Status.STORED, prompt=a_prompt())) for _ in range(2)), a_video()
    for video in (first, second):
        bulk.tag(ids(video), "Winter Été")
    done = bulk.untag(ids(first, third), "winter été")
    assert str(done).startswith("Tag “Winter Été” removed: 1 clip. Left out: 1 without this tag.")
    assert [first.prompt.tags.count(), second.prompt.tags.count()] == [0, 1]
    assert "winter" not in Video.objects.get(pk=first.pk).words
    with pytest.raises(ValidationError, match="there is no “snow”"):
        bulk.untag(ids(first), "snow")


def test_a_decision_is_cleared_and_its_clips_are_named(staff: User) -> None:
    rejected, new = a_video(review=Review.REJECTED, reviewed_at=NOW), a_video()
    done = bulk.decide(ids(rejected, new), Review.UNDECIDED, at=NOW, by=staff)
    assert str(done) == "Decision cleared: 1 clip. Left out: 1 undecided already."
    assert done.judged == [rejected]


@pytest.mark.parametrize("name", ["", "  ", "x" * 51, "a\0b"])
def test_a_tag_needs_a_word_that_is_not_too_long(name: str) -> None:
    with pytest.raises(ValidationError, match="at most 50 characters"):
        bulk.tag(ids(a_video()), name)
    assert not Tag.objects.exists()


def test_all_that_a_search_finds_are_the_clips_in_front(staff: User) -> None:
    shot = Shot.objects.create()
    behind = a_video(a_task(Status.STORED, shot=shot), rating=2)
    front = a_video(a_task(Status.STORED, shot=shot), rating=2, created_at=NOW + timedelta(minutes=1))
    a_video()
    found = bulk.found_by(Search.parse(QueryDict("rating=2")), staff, at=NOW)
    assert found == [front.pk]
    assert behind.pk not in found


def test_more_than_can_be_changed_at_once_are_refused_before_anything_changes(
    staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 1)
    videos = [a_video(), a_video()]
    with pytest.raises(ValidationError, match="matches more than 1 clips"):
        bulk.found_by(Search.parse(QueryDict()), staff, at=NOW)
    with pytest.raises(ValidationError, match="At most 1 clips"):
        bulk.visible_ids(ids(*videos), Video.objects.all())


def test_clips_are_added_to_a_collection_in_the_order_of_their_selection() -> None:
    into = Collection.objects.create(name="Best", slug="best", created_at=NOW)
    first, second, third = a_video(), a_video(), a_video()
    bulk.collect(ids(second), into)
    done = bulk.collect(ids(third, second, first), into)
    assert str(done) == "Added to Best: 2 clips. Left out: 1 in it already."
    assert list(into.items.values_list("video", flat=True)) == ids(second, third, first)

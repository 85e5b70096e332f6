"""The takes of a shot, as cards and the shot's page show them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from generations.library.shots import of_cards, takes_of, with_takes
from generations.models import Shot, Status, Video
from tests.factories import NOW, a_campaign, a_task, a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return User.objects.create_user("anna")


def takes(count: int, **changes: Any) -> list[Video]:
    """Clips of one shot a minute apart, the newest last."""
    shot = Shot.objects.create()
    return [
        a_video(a_task(Status.STORED, shot=shot, **changes), created_at=NOW + timedelta(minutes=n))
        for n in range(count)
    ]


def test_each_clip_of_a_page_knows_how_many_takes_its_shot_has() -> None:
    *_, newest = takes(3)
    (alone,) = takes(1)
    assert [(each.pk, each.takes_count) for each in with_takes([newest, alone], Video.objects.all())] == [
        (newest.pk, 3),
        (alone.pk, 1),
    ]


def test_takes_that_a_person_may_not_see_are_not_counted(person: User) -> None:
    first, other = takes(2)
    Video.objects.filter(pk=first.pk).update(campaign=a_campaign(is_restricted=True))
    with_takes([other], Video.objects.visible_to(person))
    assert other.takes_count == 1


def test_only_a_clip_that_was_ordered_with_an_end_image_says_so() -> None:
    (start,) = takes(1, mode="image-to-video", start_image_url="https://example.com/a.png")
    (both,) = takes(1, mode="image-to-video", end_image_url="https://example.com/b.png")
    assert [each.has_end_image for each in with_takes([start, both], Video.objects.all())] == [False, True]


def test_a_page_of_any_size_costs_two_queries(
    django_assert_num_queries: Callable[[int], AbstractContextManager[Any]],
) -> None:
    found = [take for _ in range(4) for take in takes(2, mode="image-to-video")]
    with django_assert_num_queries(2):
        with_takes(found, Video.objects.all())


def test_the_chosen_take_comes_first_then_the_newest(person: User) -> None:
    oldest, middle, newest = takes(3)
    Shot.objects.filter(pk=oldest.shot_id).update(chosen=oldest)
    assert list(takes_of(oldest.shot, person)) == [oldest, newest, middle]


def test_a_query_of_cards_tells_the_same(person: User) -> None:
    takes(2, mode="image-to-video", end_image_url="https://example.com/end.png")
    (closed,) = takes(1, campaign=a_campaign(is_restricted=True))
    rows = of_cards(Video.objects.all(), Video.objects.visible_to(person)).order_by("pk")
    assert [(each.takes_count, each.has_end_image) for each in rows] == [(2, True), (2, True), (None, False)]
    assert closed.takes_count == 1

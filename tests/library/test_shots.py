"""The takes of a shot, as cards and the shot's page show them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from generations.library.ratings import set_favourite
from generations.library.shots import as_cards, takes_of
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


def cards(person: User) -> list[Any]:
    visible = Video.objects.visible_to(person)
    return list(as_cards(visible, visible, person).order_by("pk"))


def test_each_card_knows_how_many_takes_its_shot_has(person: User) -> None:
    takes(3), takes(1)
    assert [each.takes_count for each in cards(person)] == [3, 3, 3, 1]


def test_takes_that_a_person_may_not_see_are_not_counted(person: User) -> None:
    first, _ = takes(2)
    Video.objects.filter(pk=first.pk).update(campaign=a_campaign(is_restricted=True))
    assert [each.takes_count for each in cards(person)] == [1]


def test_only_a_clip_that_was_ordered_with_an_end_image_says_so(person: User) -> None:
    takes(1, mode="image-to-video", start_image_url="https://example.com/a.png")
    takes(1, mode="image-to-video", end_image_url="https://example.com/b.png")
    assert [each.has_end_image for each in cards(person)] == [False, True]


def test_only_a_persons_own_favourites_are_marked(person: User) -> None:
    one, two = takes(2)
    set_favourite(one, person, True)
    set_favourite(two, User.objects.create_user("otto"), True)
    assert [each.is_favourite for each in cards(person)] == [True, False]
    assert [each.is_favourite for each in takes_of(one.shot, person)] == [False, True]


def test_cards_of_any_number_cost_one_query(person: User, django_assert_num_queries: Any) -> None:
    for _ in range(4):
        takes(2, mode="image-to-video")
    visible = Video.objects.visible_to(person)
    with django_assert_num_queries(1):
        assert len(as_cards(visible, visible, person)) == 8


def test_the_chosen_take_comes_first_then_the_newest(person: User) -> None:
    oldest, middle, newest = takes(3)
    Shot.objects.filter(pk=oldest.shot_id).update(chosen=oldest)
    assert list(takes_of(oldest.shot, person)) == [oldest, newest, middle]

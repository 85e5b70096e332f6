"""The team's stars, and a person's favourites."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User

from generations.library import ratings
from generations.models import Video
from tests.factories import a_video

pytestmark = pytest.mark.django_db


def test_the_team_has_one_rating_of_a_clip() -> None:
    video = a_video()
    for stars in (4, 0, 5):
        ratings.rate(video, stars)
        video.refresh_from_db()
        assert video.rating == stars


@pytest.mark.parametrize("stars", [-1, 6])
def test_there_are_no_other_stars(stars: int) -> None:
    with pytest.raises(ValueError, match="0 to 5"):
        ratings.rate(a_video(), stars)


def test_a_favourite_is_one_persons_own_and_is_added_once(staff: User) -> None:
    liked, other = a_video(), a_video()
    for _ in range(2):
        ratings.set_favourite(liked, staff, True)

    def favourites(person: User | AnonymousUser) -> list[Video]:
        return [video for video in ratings.with_favourite(Video.objects.all(), person) if vars(video)["is_favourite"]]

    assert favourites(staff) == [liked]
    assert favourites(User.objects.create_user("anna")) == favourites(AnonymousUser()) == []
    ratings.set_favourite(liked, staff, False)
    ratings.set_favourite(other, staff, False)
    assert favourites(staff) == []

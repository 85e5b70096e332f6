"""Stars, favourites and decisions, by form and by script."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from generations.models import Favourite, GenerationTask, Review, Status, Video
from tests.factories import a_task, a_video

pytestmark = pytest.mark.django_db


def send(client: Client, video: Video, verb: str, value: str, **fields: str) -> Any:
    """What a script sends and is answered."""
    return client.post(f"/videos/{video.pk}/{verb}/", {verb: value, **fields}, headers={"accept": "application/json"})


def may(person: User, *names: str) -> None:
    person.user_permissions.set(Permission.objects.filter(codename__in=names))


def test_a_rating_is_answered_with_what_was_before(visitor: Client) -> None:
    video = a_video(rating=2)
    answer = send(visitor, video, "rating", "4").json()
    assert (answer["was"]["rating"], answer["now"]["rating"], answer["message"]) == (2, 4, "Rated 4 of 5.")
    video.refresh_from_db()
    assert video.rating == 4


@pytest.mark.parametrize("stars", ["6", "-1", "", "²", "3.5"])
def test_other_stars_are_refused_by_name(visitor: Client, stars: str) -> None:
    video = a_video(rating=2)
    answer = send(visitor, video, "rating", stars)
    assert (answer.status_code, answer.json()["error"][:7]) == (400, "rating:")
    video.refresh_from_db()
    assert video.rating == 2


def test_a_favourite_is_the_persons_own(visitor: Client, person: User) -> None:
    video = a_video()
    assert send(visitor, video, "favourite", "toggle").json()["now"]["favourite"] is True
    assert Favourite.objects.get().person == person
    assert send(visitor, video, "favourite", "1").json()["now"]["favourite"] is True
    assert send(visitor, video, "favourite", "0").json()["now"]["favourite"] is False
    assert send(visitor, video, "favourite", "yes").status_code == 400


def test_who_may_review_picks_and_rejects_and_takes_it_back(visitor: Client, person: User) -> None:
    may(person, "review_clips")
    video = a_video()
    for decision, state in [
        ("approve", "approved"),
        ("reject", "rejected"),
        ("review", "in_review"),
        ("clear", "draft"),
    ]:
        assert send(visitor, video, "decision", decision).json()["now"]["state"] == state
    assert video.events.count() == 4
    assert send(visitor, video, "decision", "burn").status_code == 400


def test_who_may_not_review_may_request_a_review_of_a_draft(visitor: Client) -> None:
    video = a_video()
    assert send(visitor, video, "decision", "review").json()["now"]["state"] == "in_review"
    assert send(visitor, video, "decision", "approve").status_code == 403
    rejected = a_video(review=Review.REJECTED, reviewed_at=timezone.now())
    assert send(visitor, rejected, "decision", "review").status_code == 403


def test_a_published_clip_keeps_its_decision_and_says_why(visitor: Client, person: User) -> None:
    may(person, "review_clips")
    now = timezone.now()
    video = a_video(review=Review.APPROVED, reviewed_at=now, published_at=now, published_by=person)
    answer = send(visitor, video, "decision", "reject")
    assert (answer.status_code, answer.json()["error"][:23]) == (409, "This clip is published.")


@pytest.mark.parametrize("orders", [True, False])
def test_waiting_takes_are_canceled_only_by_who_may_order(visitor: Client, person: User, orders: bool) -> None:
    may(person, "review_clips", *(["order_clips"] if orders else []))
    batch = uuid.uuid4()
    a_task(Status.QUEUED, batch=batch, take=2)
    video = a_video(a_task(Status.STORED, batch=batch, take=1))
    message = send(visitor, video, "decision", "approve", stop="on").json()["message"]
    assert GenerationTask.objects.filter(status=Status.CANCELED).count() == orders
    assert message == ("Approved. 1 waiting take was canceled, $0.30 is no longer reserved." if orders else "Approved.")

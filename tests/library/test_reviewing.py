"""Clips judged by a person, and the takes that need not be made any more."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from generations.library import reviewing
from generations.models import EntryKind, GenerationTask, Review, Status, Video
from tests.factories import NOW, a_task, a_video

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def a_press(*statuses: Status, **changes: Any) -> list[GenerationTask]:
    batch = uuid.uuid4()
    return [a_task(status, batch=batch, take=take, **changes) for take, status in enumerate(statuses, 1)]


@pytest.mark.parametrize("verdict", [Review.APPROVED, Review.REJECTED])
def test_a_judgement_says_who_and_when_and_stands_on_the_timeline(staff: User, verdict: Review) -> None:
    video = a_video()
    assert reviewing.judge(video, verdict, at=LATER, by=staff).changed
    video.refresh_from_db()
    assert (video.review, video.reviewed_at, video.reviewed_by) == (verdict, LATER, staff)
    assert video.task.events.get(by=staff).reason == f"clip {video.pk} was {verdict}"


def test_the_same_judgement_again_changes_nothing(staff: User) -> None:
    video = a_video()
    reviewing.judge(video, Review.APPROVED, at=NOW, by=staff)
    assert not reviewing.judge(video, Review.APPROVED, at=LATER, by=None).changed
    video.refresh_from_db()
    assert (video.reviewed_at, video.reviewed_by) == (NOW, staff)


def test_a_judgement_can_be_taken_back(staff: User) -> None:
    video = a_video()
    reviewing.judge(video, Review.REJECTED, at=NOW, by=staff)
    reviewing.judge(video, Review.UNDECIDED, at=LATER, by=staff)
    video.refresh_from_db()
    assert (video.review, video.reviewed_at, video.reviewed_by) == ("", None, None)


def test_no_row_is_judged_without_a_time() -> None:
    video = a_video()
    with pytest.raises(IntegrityError), transaction.atomic():
        Video.objects.filter(pk=video.pk).update(review="approved")


def test_an_approved_take_cancels_those_that_wait_if_they_were_ordered_so(staff: User) -> None:
    stored, running, *queued = a_press(
        Status.STORED, Status.RUNNING, Status.QUEUED, Status.QUEUED, stops_when_approved=True
    )
    other = a_task(Status.QUEUED, stops_when_approved=True)
    judged = reviewing.judge(a_video(stored), Review.APPROVED, at=LATER, by=staff)
    assert list(judged.canceled) == queued
    assert judged.saved_usd == Decimal("0.60")
    assert [task.entries.filter(kind=EntryKind.RELEASE).count() for task in queued] == [1, 1]
    for task, status in ((running, Status.RUNNING), (queued[0], Status.CANCELED), (other, Status.QUEUED)):
        task.refresh_from_db()
        assert task.status == status


@pytest.mark.parametrize(
    ("verdict", "stop", "canceled"),
    [(Review.APPROVED, False, 0), (Review.APPROVED, True, 1), (Review.REJECTED, True, 0)],
)
def test_otherwise_the_others_go_on_unless_the_person_says_so(
    staff: User, verdict: Review, stop: bool, canceled: int
) -> None:
    stored, __ = a_press(Status.STORED, Status.QUEUED)
    assert len(reviewing.judge(a_video(stored), verdict, at=LATER, by=staff, stop=stop).canceled) == canceled


def test_an_order_that_may_be_at_the_provider_is_not_taken_back(staff: User) -> None:
    stored, doubtful = a_press(Status.STORED, Status.QUEUED)
    GenerationTask.objects.filter(pk=doubtful.pk).update(maybe_accepted=True)
    assert reviewing.judge(a_video(stored), Review.APPROVED, at=LATER, by=staff, stop=True).canceled == ()


def test_what_was_saved_is_unknown_where_a_price_is(staff: User) -> None:
    stored, __ = a_press(Status.STORED, Status.QUEUED, price_usd=None)
    assert reviewing.judge(a_video(stored), Review.APPROVED, at=LATER, by=staff, stop=True).saved_usd is None

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
from generations.library.reviewing import MoveRefused
from generations.models import Batch, EntryKind, GenerationTask, Review, Shot, Status, Video
from generations.models.videos import State
from tests.factories import NOW, a_task, a_video, last_reason

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


def test_an_approved_clip_cancels_all_of_its_batch_that_waits_if_that_was_ordered_so(staff: User) -> None:
    stops, goes_on = (Batch.objects.create(name="", created_at=NOW, stops_when_approved=yes) for yes in (True, False))
    sibling, other = a_task(order_batch=stops), a_task(order_batch=goes_on)
    for batch, canceled in ((stops, [sibling]), (goes_on, [])):
        video = a_video(a_task(Status.STORED, order_batch=batch))
        judged = reviewing.judge(video, Review.APPROVED, at=LATER, by=staff)
        assert list(judged.canceled) == canceled
    other.refresh_from_db()
    assert other.status == Status.QUEUED


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


def states_of(video: Video) -> list[tuple[str, str, str]]:
    return list(video.events.values_list("was", "now", "reason"))


def test_every_move_stands_in_the_history_of_the_clip(staff: User) -> None:
    video = a_video()
    for verdict in (Review.IN_REVIEW, Review.APPROVED, Review.UNDECIDED):
        reviewing.judge(video, verdict, at=LATER, by=staff)
    assert states_of(video) == [
        ("draft", "in_review", ""), ("in_review", "approved", ""), ("approved", "draft", "")
    ]  # fmt: skip
    assert {(event.at, event.by) for event in video.events.all()} == {(LATER, staff)}


def test_a_clip_is_sent_back_with_its_reason(staff: User) -> None:
    video = a_video(review=Review.IN_REVIEW)
    reviewing.send_back(video, "  the hand has six fingers ", at=LATER, by=staff)
    video.refresh_from_db()
    assert video.state == State.DRAFT
    assert states_of(video) == [("in_review", "draft", "the hand has six fingers")]
    assert last_reason(video.task) == f"clip {video.pk} was sent back: the hand has six fingers"


def test_a_reason_at_a_moment_is_a_comment_there_too(staff: User) -> None:
    video = a_video()
    with pytest.raises(MoveRefused, match="Moment: .* Nothing was sent back"):
        reviewing.send_back(video, "six fingers", at=LATER, by=staff, moment="0:09")
    assert (video.events.count(), video.comments.count()) == (0, 0)
    reviewing.send_back(video, "six fingers", at=LATER, by=staff, moment="0:03")
    comment = video.comments.get()
    assert (comment.text, comment.at_seconds, comment.author) == ("six fingers", 3.0, staff)


@pytest.mark.parametrize("reason", ["  ", "a" * 2001])
def test_nothing_is_sent_back_without_a_reason_that_fits(staff: User, reason: str) -> None:
    video = a_video(review=Review.IN_REVIEW)
    with pytest.raises(MoveRefused, match="Nothing was sent back"):
        reviewing.send_back(video, reason, at=LATER, by=staff)
    video.refresh_from_db()
    assert (video.state, states_of(video)) == (State.IN_REVIEW, [])


def test_a_published_clip_is_unpublished_before_anything_else_is_decided(staff: User) -> None:
    video = a_video(review=Review.APPROVED, reviewed_at=NOW, published_at=NOW, published_by=staff)
    for verdict in (Review.REJECTED, Review.UNDECIDED, Review.IN_REVIEW):
        with pytest.raises(MoveRefused, match="Unpublish it first"):
            reviewing.judge(video, verdict, at=LATER, by=staff)
    with pytest.raises(MoveRefused, match="Unpublish it first"):
        reviewing.send_back(video, "too dark", at=LATER, by=staff)
    assert not reviewing.judge(video, Review.APPROVED, at=LATER, by=staff).changed
    assert states_of(video) == []


def test_a_move_from_a_state_that_the_clip_has_left_is_refused(staff: User) -> None:
    video = a_video()
    reviewing.judge(video, Review.APPROVED, at=NOW, by=staff)
    with pytest.raises(MoveRefused, match="Someone else"):
        reviewing.move(
            video, State.DRAFT, State.REJECTED, at=LATER, by=staff, review=Review.REJECTED, reviewed_at=LATER
        )
    video.refresh_from_db()
    assert video.state == State.APPROVED


def test_the_first_approved_take_stands_for_its_shot_until_that_is_taken_back(staff: User) -> None:
    first = a_video()
    for video in (first, a_video(shot_id=first.shot_id)):
        reviewing.judge(video, Review.APPROVED, at=NOW, by=staff)
    assert Shot.objects.get(pk=first.shot_id).chosen == first
    reviewing.judge(first, Review.UNDECIDED, at=LATER, by=staff)
    assert Shot.objects.get(pk=first.shot_id).chosen is None


@pytest.mark.parametrize("replace", [True, False])
def test_an_approved_take_is_replaced_only_by_whoever_may(staff: User, replace: bool) -> None:
    first = a_video()
    second = a_video(shot_id=first.shot_id)
    reviewing.judge(first, Review.APPROVED, at=NOW, by=staff)
    assert reviewing.choose(second, at=LATER, by=staff, replace=replace) is replace
    assert Shot.objects.get(pk=first.shot_id).chosen == (second if replace else first)

"""Clips that are published, each with a disclosure decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from generations.library import publishing
from generations.library.publishing import Answers
from generations.library.reviewing import MoveRefused
from generations.models import Disclosure, Review, Video
from generations.models.videos import State
from tests.factories import NOW, a_video

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def approved(**changes: Any) -> Video:
    return a_video(review=Review.APPROVED, reviewed_at=NOW, **changes)


@pytest.mark.parametrize("seems", [True, False])
@pytest.mark.parametrize("labelled", [True, False])
def test_a_published_clip_has_its_disclosure_decision_with_person_and_time(
    staff: User, seems: bool, labelled: bool
) -> None:
    video = approved()
    publishing.publish(video, Answers(seems, labelled), at=LATER, by=staff)
    video.refresh_from_db()
    assert (video.state, video.published_at, video.published_by) == (State.PUBLISHED, LATER, staff)
    assert video.is_labelled is labelled
    row = Disclosure.objects.get(video=video)
    assert (row.could_seem_real, row.is_labelled, row.by, row.at) == (seems, labelled, staff, LATER)
    event = video.events.get()
    assert (event.was, event.now, event.reason) == ("approved", "published", str(Answers(seems, labelled)))


def test_only_a_clip_that_could_seem_real_without_label_is_warned_about() -> None:
    warned = [(a, b) for a in (True, False) for b in (True, False) if Answers(a, b).warning]
    assert warned == [(True, False)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Only approved clips"),
        ({"review": Review.REJECTED, "reviewed_at": NOW}, "Only approved clips"),
        ({"review": Review.APPROVED, "reviewed_at": NOW, "damage": "its file is missing"}, "file is damaged"),
    ],
)
def test_what_is_not_approved_or_damaged_is_not_published(staff: User, changes: dict[str, Any], words: str) -> None:
    video = a_video(**changes)
    with pytest.raises(MoveRefused, match=words):
        publishing.publish(video, Answers(False, True), at=LATER, by=staff)
    assert (Disclosure.objects.count(), video.events.count()) == (0, 0)


def test_a_clip_is_published_once(staff: User) -> None:
    video = approved()
    publishing.publish(video, Answers(False, True), at=LATER, by=staff)
    with pytest.raises(MoveRefused, match="published already"):
        publishing.publish(video, Answers(True, True), at=LATER, by=staff)
    assert Disclosure.objects.count() == 1


def test_a_clip_that_is_taken_back_stays_approved_and_labelled(staff: User) -> None:
    video = approved()
    publishing.publish(video, Answers(True, True), at=NOW, by=staff)
    publishing.unpublish(video, at=LATER, by=staff)
    video.refresh_from_db()
    assert (video.state, video.published_by, video.is_labelled) == (State.APPROVED, None, True)
    last = video.events.last()
    assert last is not None and (last.was, last.now, last.by) == ("published", "approved", staff)
    with pytest.raises(MoveRefused, match="not published"):
        publishing.unpublish(video, at=LATER, by=staff)

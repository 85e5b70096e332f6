"""Approve and reject in the admin."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from generations.admin import display
from generations.library import reviewing
from generations.models import GenerationTask, Review, Status, Video
from tests.factories import a_task, a_video

pytestmark = pytest.mark.django_db
Said = Callable[[Any], list[str]]


def press(client: Client, video: Video, **fields: str) -> Any:
    return client.post(reverse("admin:generations_video_judge", args=[video.pk]), fields, follow=True)


def page_of(client: Client, video: Video) -> str:
    return client.get(reverse("admin:generations_video_change", args=[video.pk])).content.decode()


def a_press_with_one_waiting(**changes: Any) -> Video:
    batch = uuid.uuid4()
    a_task(Status.QUEUED, batch=batch, take=2, **changes)
    return a_video(a_task(Status.STORED, batch=batch, take=1, **changes))


def test_a_clip_is_approved_by_whoever_pressed(admin_client: Client, staff: User, said: Said) -> None:
    video = a_video()
    assert said(press(admin_client, video, verdict="approved")) == ["Approved: 1 clip."]
    video.refresh_from_db()
    assert video.review == Review.APPROVED
    assert "by mira" in page_of(admin_client, video)


def test_a_second_press_says_that_it_stands(admin_client: Client, said: Said) -> None:
    video = a_video()
    press(admin_client, video, verdict="rejected")
    assert said(press(admin_client, video, verdict="rejected"))[-1] == "Already decided so. Nothing was changed."


def test_an_approval_can_cancel_the_takes_that_wait_and_says_what_was_saved(admin_client: Client, said: Said) -> None:
    video = a_press_with_one_waiting()
    assert "Approve, and cancel 1 waiting take ($0.30)" in page_of(admin_client, video)
    (text,) = said(press(admin_client, video, verdict="approved", stop="on"))
    assert text == "Approved: 1 clip. 1 waiting take was canceled, $0.30 is no longer reserved."
    assert GenerationTask.objects.filter(status=Status.CANCELED).count() == 1


def test_takes_that_were_ordered_so_are_canceled_without_a_button(admin_client: Client, said: Said) -> None:
    video = a_press_with_one_waiting(stops_when_approved=True)
    assert "and cancel" not in page_of(admin_client, video)
    assert "canceled" in said(press(admin_client, video, verdict="approved"))[0]


def test_an_unknown_verdict_changes_nothing(admin_client: Client, said: Said) -> None:
    video = a_video()
    assert "Nothing was changed" in said(press(admin_client, video, verdict="superb"))[0]
    video.refresh_from_db()
    assert video.review == Review.UNDECIDED


def test_only_who_may_review_does(viewer_client: Client, admin_client: Client) -> None:
    video = a_video()
    assert press(viewer_client, video, verdict="approved").status_code == 403
    assert admin_client.get(reverse("admin:generations_video_judge", args=[video.pk])).status_code == 405
    assert 'name="verdict"' not in page_of(viewer_client, video)


def test_many_are_judged_from_the_list(admin_client: Client, said: Said) -> None:
    videos = [a_video(), a_video()]
    data = {"action": "approve", "_selected_action": [video.pk for video in videos]}
    response = admin_client.post(reverse("admin:generations_video_changelist"), data, follow=True)
    assert said(response) == ["Approved: 2 clips."]
    assert Video.objects.filter(review=Review.APPROVED).count() == 2


def test_who_may_review_and_not_order_takes_no_orders_back(db: None, client: Client) -> None:
    reviewer = User.objects.create_user("vera", is_staff=True)
    names = ["review_clips", "view_video"]
    reviewer.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(reviewer)
    video = a_press_with_one_waiting()
    assert "and cancel" not in page_of(client, video)
    press(client, video, verdict="approved", stop="on")
    video.refresh_from_db()
    assert video.review == Review.APPROVED
    assert GenerationTask.objects.filter(status=Status.QUEUED).count() == 1


@pytest.mark.parametrize("many", [False, True])
def test_a_decision_stands_in_the_history_of_the_clip_and_of_its_task(admin_client: Client, many: bool) -> None:
    video = a_video()
    if many:
        data = {"action": "approve", "_selected_action": [video.pk]}
        admin_client.post(reverse("admin:generations_video_changelist"), data)
    else:
        admin_client.post(reverse("admin:generations_video_judge", args=[video.pk]), {"verdict": "approved"})
    for row, words in ((video, "Approved."), (video.task, f"Approved: clip {video.pk}.")):
        assert words in admin_client.get(display.admin_url(row, "history")).content.decode()


def test_a_published_clip_has_no_buttons_and_says_why_it_cannot_be_rejected(
    admin_client: Client, staff: User, said: Said
) -> None:
    at = timezone.now()
    video = a_video(review=Review.APPROVED, reviewed_at=at, published_at=at, published_by=staff)
    assert 'name="verdict"' not in page_of(admin_client, video)
    assert "Unpublish it in the catalog before you decide again." in page_of(admin_client, video)
    assert said(press(admin_client, video, verdict="rejected"))[0].startswith("This clip is published.")
    data = {"action": "reject", "_selected_action": [video.pk]}
    response = admin_client.post(reverse("admin:generations_video_changelist"), data, follow=True)
    assert said(response)[-1] == "Rejected: 0 clips. Left out: 1 published: unpublish first."
    video.refresh_from_db()
    assert video.review == Review.APPROVED


def test_the_page_shows_the_history_and_the_list_is_filtered_by_state(admin_client: Client, staff: User) -> None:
    video, draft = a_video(), a_video()
    reviewing.judge(video, Review.IN_REVIEW, at=timezone.now(), by=staff)
    assert "mira: draft → in review" in page_of(admin_client, video)
    for state, found in (("in_review", [video]), ("draft", [draft]), ("published", [])):
        page = admin_client.get(reverse("admin:generations_video_changelist"), {"state": state})
        assert list(page.context["cl"].result_list) == found

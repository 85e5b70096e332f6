"""Reviewing and publishing on a clip's page."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from generations.models import Disclosure, Review, Video
from tests.catalog.conftest import text
from tests.factories import a_video

pytestmark = pytest.mark.django_db
YES_YES = {"could_seem_real": "yes", "is_labelled": "yes"}


def approved(**changes: Any) -> Video:
    return a_video(review=Review.APPROVED, reviewed_at=timezone.now(), **changes)


def page(client: Client, video: Video) -> str:
    return client.get(video.get_absolute_url()).content.decode()


def test_the_buttons_are_those_that_the_person_may_use(visitor: Client, admin_client: Client) -> None:
    video = a_video()
    for words, seen in (("Request a review", True), ("Approve", False), ("Send back", False), ("Publish", False)):
        assert (words in page(visitor, video)) is seen
    assert ">Approve <kbd>" in page(admin_client, video)
    assert "Publish…" not in page(admin_client, video)
    assert "Publish…" in page(admin_client, approved())


def test_a_clip_is_sent_back_with_its_reason_in_the_history(admin_client: Client) -> None:
    video = a_video(review=Review.IN_REVIEW)
    answer = admin_client.post(f"/videos/{video.pk}/send-back/", {"reason": "six <b>fingers</b>"}, follow=True)
    assert "Sent back, with your reason in its history." in text(answer)
    assert "<strong>Sent back</strong>" in answer.content.decode()
    assert escape("Six <b>fingers</b>") in answer.content.decode()


def test_sending_back_without_a_reason_changes_nothing_and_says_so(admin_client: Client) -> None:
    video = a_video(review=Review.IN_REVIEW)
    answer = admin_client.post(f"/videos/{video.pk}/send-back/", {"reason": " "}, follow=True)
    assert "Reason: say what should be changed. Nothing was sent back." in text(answer)
    video.refresh_from_db()
    assert video.review == Review.IN_REVIEW


def test_publishing_asks_both_questions_and_assumes_neither(admin_client: Client) -> None:
    video = approved()
    address = f"/videos/{video.pk}/publish/"
    assert " checked" not in admin_client.get(address).content.decode()
    for data in (
        {},
        {"could_seem_real": "yes"},
        {"is_labelled": "no"},
        {"could_seem_real": "maybe", "is_labelled": "no"},
    ):
        assert admin_client.post(address, data).status_code == 400
    assert Disclosure.objects.count() == 0


def test_a_published_clip_has_its_label_and_can_be_taken_back(admin_client: Client) -> None:
    video = approved()
    assert text(admin_client.post(f"/videos/{video.pk}/publish/", YES_YES, follow=True)).count("AI-generated") >= 2
    assert "Unpublish" in page(admin_client, video)
    answer = admin_client.post(f"/videos/{video.pk}/unpublish/", follow=True)
    assert "Unpublished. It stays approved." in text(answer)


def test_a_label_that_was_refused_for_what_could_seem_real_is_said_plainly(admin_client: Client) -> None:
    data = {"could_seem_real": "yes", "is_labelled": "no"}
    answer = admin_client.post(f"/videos/{approved().pk}/publish/", data, follow=True)
    assert "Published. It could be taken for real, and is shown without the label AI-generated." in text(answer)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"damage": "its file is missing"}, "file is damaged"), ({"review": "", "reviewed_at": None}, "Only approved")],
)
def test_what_cannot_be_published_says_why_and_has_no_form(
    admin_client: Client, changes: dict[str, Any], words: str
) -> None:
    video = approved()
    Video.objects.filter(pk=video.pk).update(**changes)
    answer = admin_client.get(f"/videos/{video.pk}/publish/")
    assert words in text(answer)
    assert "could_seem_real" not in answer.content.decode()
    assert words in text(admin_client.post(f"/videos/{video.pk}/publish/", YES_YES, follow=True))


def test_reviewing_and_publishing_are_permissions_of_their_own(visitor: Client, person: User) -> None:
    video = approved()
    for verb in ("send-back", "publish", "unpublish"):
        assert visitor.post(f"/videos/{video.pk}/{verb}/").status_code == 403
    assert visitor.get(f"/videos/{video.pk}/publish/").status_code == 403

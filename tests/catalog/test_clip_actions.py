"""Changing a clip from its page: its texts, and that it stands for its shot."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from generations.models import Status, Video
from tests.catalog.conftest import text
from tests.factories import a_campaign, a_task, a_video


@pytest.fixture
def allowed(person: User) -> None:
    person.user_permissions.set(Permission.objects.filter(codename__in=["change_video", "review_clips"]))


def test_a_title_and_a_description_are_changed_and_found(visitor: Client, allowed: None) -> None:
    video = a_video()
    response = visitor.post(
        f"/videos/{video.pk}/edit/?q=dawn", {"title": " Été\x07 at  sea ", "description": "a\u202eb"}
    )
    assert response["Location"] == f"/videos/{video.pk}/?q=dawn"
    video.refresh_from_db()
    assert (video.title, video.description) == ("Été at sea", "ab")
    assert "ete at sea" in video.words


@pytest.mark.parametrize("title", ["", " \x07 ", "x" * 201])
def test_a_title_that_cannot_be_is_refused_and_stays_in_the_form(visitor: Client, allowed: None, title: str) -> None:
    video = a_video()
    response = visitor.post(f"/videos/{video.pk}/edit/", {"title": title, "description": "kept"})
    assert response.status_code == 400
    assert "Title:" in text(response)
    assert "kept" in text(response)
    assert Video.objects.get().title == video.title


def test_a_take_is_chosen_for_its_shot(visitor: Client, allowed: None) -> None:
    video = a_video()
    other = a_video(a_task(Status.STORED, shot=video.shot))
    response = visitor.post(f"/videos/{video.pk}/choose/", {"next": f"/videos/{video.pk}/?q=dawn"})
    assert response["Location"] == f"/videos/{video.pk}/?q=dawn"
    assert "Chosen take" in text(visitor.get(video.get_absolute_url()))
    answer = visitor.post(f"/videos/{other.pk}/choose/", headers={"accept": "application/json"})
    assert answer.json() == {"chosen": other.pk}
    video.shot.refresh_from_db()
    assert video.shot.chosen == other


def test_the_way_back_stays_on_this_site(visitor: Client, allowed: None) -> None:
    video = a_video()
    response = visitor.post(f"/videos/{video.pk}/choose/", {"next": "https://evil.example/"})
    assert response["Location"] == video.get_absolute_url()


def test_who_may_not_is_refused_and_who_may_not_know_finds_nothing(visitor: Client) -> None:
    shown, hidden = a_video(), a_video(a_task(Status.STORED, campaign=a_campaign(is_restricted=True)))
    for name in ("edit", "choose"):
        assert visitor.post(f"/videos/{shown.pk}/{name}/", {"title": "x"}).status_code == 403
        assert visitor.post(f"/videos/{hidden.pk}/{name}/", {"title": "x"}).status_code == 404


def test_a_form_of_another_site_changes_nothing(person: User, allowed: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    video = a_video()
    assert client.post(f"/videos/{video.pk}/edit/", {"title": "x"}).status_code == 403

"""The page of a shot's takes, and the cards that lead there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client

from generations.library.shots import as_cards
from generations.models import Review, Shot, Status, Video
from tests.catalog.conftest import text, titles, with_poster
from tests.factories import NOW, a_campaign, a_task, a_video


def card(video: Video, person: User) -> str:
    """The card's markup."""
    visible = Video.objects.visible_to(person)
    return render_to_string("catalog/_card.html", {"video": as_cards(visible, visible, person).get(pk=video.pk)})


def shot_of(*names: str) -> list[Video]:
    shot = Shot.objects.create()
    return [
        a_video(a_task(Status.STORED, shot=shot), title=name, created_at=NOW + timedelta(minutes=n))
        for n, name in enumerate(names)
    ]


def test_a_shot_lists_its_takes(visitor: Client) -> None:
    first, _ = shot_of("First", "Second")
    a_video(title="Of another shot")
    page = visitor.get(f"/shots/{first.shot_id}/")
    assert titles(page) == ["Second", "First"]
    assert "2 takes of this shot" in text(page)


def test_a_shot_without_a_clip_that_the_person_may_see_is_not_there(visitor: Client) -> None:
    (closed,) = shot_of("Secret")
    Video.objects.update(campaign=a_campaign(is_restricted=True))
    assert visitor.get(f"/shots/{closed.shot_id}/").status_code == 404
    assert visitor.get("/shots/999/").status_code == 404


def test_who_is_not_signed_in_is_asked_to(client: Client, db: None) -> None:
    (video,) = shot_of("One")
    assert client.get(f"/shots/{video.shot_id}/").status_code == 302


def test_a_card_of_several_takes_leads_to_them(person: User) -> None:
    first, _ = shot_of("First", "Second")
    assert f'href="/shots/{first.shot_id}/">2 takes<' in card(first, person)
    assert "takes" not in card(shot_of("Alone")[0], person)


def test_a_card_loads_the_picture_that_fits_and_shows_its_colour_before(person: User) -> None:
    video = with_poster(a_video(width=720, height=1280, color="#1a2b3c"))
    shown = card(video, person)
    assert f'srcset="{video.small_poster_url} 320w, {video.poster_url} 640w" sizes="(max-width: 40rem) 26vw' in shown
    assert 'fill="#1a2b3c"' in shown
    assert "<rect" not in card(with_poster(a_video()), person)


def test_a_card_shows_rating_state_label_and_frames(person: User) -> None:
    video = a_video(
        a_task(Status.STORED, mode="image-to-video", end_image_url="https://example.com/b.png"),
        rating=4, review=Review.APPROVED, reviewed_at=NOW, published_at=NOW, published_by=person, is_labelled=True,
    )  # fmt: skip
    shown = card(video, person)
    for words in ("Rated 4 of 5", "Published", "AI-generated", "From a start image", "To an end image"):
        assert words in shown, words


@pytest.mark.django_db
@pytest.mark.parametrize("review", ["in_review", "rejected"])
def test_a_card_names_the_state(person: User, review: str) -> None:
    video = a_video(review=review, reviewed_at=NOW if review == "rejected" else None)
    assert f'class="pill state {review}"' in card(video, person)


def test_a_damaged_clip_has_no_preview(person: User) -> None:
    video = a_video(preview="previews/2026/a.mp4")
    assert "data-preview=" in card(video, person)
    Video.objects.update(damage="cut")
    assert "data-preview" not in card(video, person)


@pytest.mark.django_db
def test_the_link_of_a_card_keeps_the_search(visitor: Client) -> None:
    video = a_video(rating=4)
    assert (
        f'href="/videos/{video.pk}/?rating=4&amp;sort=rating"' in visitor.get("/?sort=rating&rating=4").content.decode()
    )

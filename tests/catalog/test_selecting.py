"""Acting on selected clips: who may, on which, and what is answered."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from generations.models import Collection, Review, Video
from tests.catalog.conftest import text, videos
from tests.factories import NOW, a_campaign, a_video

JSON = {"accept": "application/json"}
ACT = "/selection/"


def may(person: User, *names: str) -> None:
    person.user_permissions.add(*Permission.objects.filter(codename__in=names))


def sent(visitor: Client, **data: Any) -> Any:
    return visitor.post(ACT, data, headers=JSON)


def test_stars_are_given_and_the_cards_come_back_as_they_are_now(visitor: Client) -> None:
    first, second = videos(2)
    answer = sent(visitor, action="rate", stars="4", v=[first.pk, second.pk]).json()
    assert (answer["changed"], answer["left_out"], answer["text"]) == (2, {}, "Rated 4 of 5: 2 clips.")
    assert "Rated 4 of 5" in answer["cards"][str(first.pk)]


def test_a_form_without_javascript_returns_says_it_and_keeps_the_selection(visitor: Client) -> None:
    first, second = videos(2)
    page = visitor.post(ACT, {"action": "rate", "stars": "4", "v": first.pk, "next": "/?select=1"}, follow=True)
    assert page.redirect_chain == [("/?select=1", 302)]
    assert "Rated 4 of 5: 1 clip." in text(page)
    picks = page.content.decode()
    assert f'value="{first.pk}" form="selection" aria-label="Select Clip 0" checked' in picks
    assert f'value="{second.pk}" form="selection" aria-label="Select Clip 1">' in picks


@pytest.mark.parametrize("target", ["https://example.com/", "//example.com/", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(visitor: Client, target: str) -> None:
    page = visitor.post(ACT, {"action": "rate", "stars": "1", "v": a_video().pk, "next": target})
    assert page["Location"] == "/"


@pytest.mark.parametrize(
    ("action", "permission", "data"),
    [
        ("collect", "change_collection", {"collection": "best"}),
        ("approve", "review_clips", {}),
        ("reject", "review_clips", {}),
        ("tag", "change_prompt", {"tag": "snow"}),
        ("untag", "change_prompt", {"tag": "old"}),
    ],
)
def test_an_action_takes_its_permission(
    visitor: Client, person: User, action: str, permission: str, data: dict[str, str]
) -> None:
    video = a_video()
    Collection.objects.create(name="Best", slug="best", created_at=NOW)
    video.prompt.tags.create(name="old")
    assert sent(visitor, action=action, v=video.pk, **data).status_code == 403
    may(person, permission)
    assert sent(visitor, action=action, v=video.pk, **data).json()["changed"] == 1


def test_clips_that_the_person_may_not_see_are_left_out(visitor: Client) -> None:
    open_, closed = videos(2)
    Video.objects.filter(pk=closed.pk).update(campaign=a_campaign(is_restricted=True))
    answer = sent(visitor, action="rate", stars="5", v=[open_.pk, closed.pk, 999]).json()
    assert (answer["changed"], answer["left_out"]) == (1, {"no longer here": 2})
    assert list(answer["cards"]) == [str(open_.pk)]
    closed.refresh_from_db()
    assert closed.rating == 0


def test_all_that_a_search_finds_are_changed_and_no_others(visitor: Client, person: User) -> None:
    may(person, "review_clips")
    a_video(rating=3)
    other = a_video()
    answer = sent(visitor, action="approve", all="1", search="rating=3").json()
    assert (answer["changed"], answer["cards"]) == (1, {})
    other.refresh_from_db()
    assert other.review == Review.UNDECIDED


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"action": "rate", "stars": "4"}, "v"),
        ({"action": "rate", "stars": "4", "v": "²"}, "v"),
        ({"action": "rate", "stars": "4", "v": "9" * 30}, "v"),
        ({"action": "rate", "stars": "6", "v": "1"}, "stars"),
        ({"action": "rate", "v": "1"}, "stars"),
        ({"action": "erase", "v": "1"}, "action"),
        ({"v": "1"}, "action"),
        ({"action": "rate", "stars": "1", "all": "1", "search": "state=none"}, "search"),
        ({"action": "compare", "v": "1"}, "v"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(visitor: Client, data: dict[str, str], field: str) -> None:
    a_video()
    answer = sent(visitor, **data)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Video.objects.filter(rating__gt=0).exists()


def test_who_is_not_signed_in_selects_nothing(client: Client, settings: Any, db: None) -> None:
    settings.CATALOG_PUBLIC = True
    assert client.post(ACT, {"action": "rate"}).status_code == 302
    assert client.get("/selection/bar/").status_code == 404
    assert "data-select" not in client.get("/?select=1").content.decode()


def test_the_bar_offers_what_the_person_may_do_and_how_many_match(visitor: Client, person: User) -> None:
    for rating in (3, 3, 0):
        a_video(rating=rating)
    page = visitor.get("/selection/bar/?rating=3")
    assert "All 2 that match this search" in text(page)
    assert 'name="search" value="rating=3"' in page.content.decode()
    assert "Approve" not in text(page)
    may(person, "review_clips")
    assert "Approve" in text(visitor.get("/selection/bar/?only=1"))
    assert "that match" not in text(visitor.get("/selection/bar/?only=1"))


def test_no_clip_is_changed_by_a_get(visitor: Client) -> None:
    assert visitor.get(ACT).status_code == 405


@pytest.mark.parametrize("slug", ["closed", "none", "\0", ""])
def test_a_collection_that_the_person_may_not_open_takes_nothing(visitor: Client, person: User, slug: str) -> None:
    closed = Collection.objects.create(name="Closed", slug="closed", created_at=NOW, is_restricted=True)
    may(person, "change_collection")
    answer = sent(visitor, action="collect", collection=slug, v=a_video().pk)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["collection"])
    assert not closed.items.exists()
    assert "Closed" not in text(visitor.get("/selection/bar/"))

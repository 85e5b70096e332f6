"""Searches: what an address means, what it finds, and which take of a shot it shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.db import connection
from django.http import QueryDict

from generations.library.search import BadSearch, Search, stacked
from generations.models import Collection, Review, Shot, Tag, Video
from tests.factories import NOW, a_campaign, a_task, a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create(username="anna")


def search(address: str) -> Search:
    return Search.parse(QueryDict(address))


def found(address: str, person: Any = None) -> set[str]:
    person = person or User.objects.get_or_create(username="boss", is_staff=True, is_superuser=True)[0]
    return {video.title for video in search(address).videos(person, at=NOW)}


def takes(count: int, **changes: Any) -> list[Video]:
    """Takes of one shot, a minute apart, the newest last."""
    shot = Shot.objects.create()
    return [
        a_video(a_task(shot=shot), title=f"Take {n}", created_at=NOW + timedelta(minutes=n), **changes)
        for n in range(count)
    ]


# --- What an address means


def test_an_address_comes_back_in_one_form() -> None:
    address = "sort=rating&ratio=9:16&q=%20fox%20%20in+snow&utm=x&model=kling-2-6&model=kling-2-1&model=kling-2-6&tag="
    assert search(address).query_string() == "q=fox+in+snow&model=kling-2-6&model=kling-2-1&ratio=9:16&sort=rating"
    assert search("sort=newest").query_string() == ""


def test_an_address_can_be_changed() -> None:
    assert search("q=fox&sound=yes").query_string(sound=None, rating="5", sort="rating") == "q=fox&rating=5&sort=rating"


@pytest.mark.parametrize(
    "address",
    ["q=%00fox", "q=!!", "q=" + "fox+" * 60, "model=none", "mode=%00", "provider=x", "ratio=9x16", "ratio=0:1",
     "duration=five", "duration=99999999999999999999", "duration=-1", "duration=%D9%A5", "sound=loud", "campaign=a+b",
     "collection='", "tag=%00", "tag=" + "x" * 51, "person=a%2Fb", "rating=6", "state=lost", "practice=1",
     "since=yesterday", "since=2026-02-30", "since=0001-01-01", "until=9999-99-99", "until=99999d",
     "since=2026-01-01&since=2026-01-02", "q=a&q=b", "sort=random", "&".join(f"tag={n}" for n in range(21))],
)  # fmt: skip
def test_what_is_no_value_is_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(BadSearch) as error:
        search(address)
    assert error.value.field == address.partition("=")[0]
    assert error.value.text.endswith(".")


@pytest.mark.parametrize("address", ["campaign=none", "collection=none", "tag=none", "person=none"])
def test_what_is_not_there_is_refused_with_a_sentence(staff: User, address: str) -> None:
    with pytest.raises(BadSearch, match="there is no “none”"):
        search(address).videos(staff, at=NOW)


def test_what_a_person_may_not_know_of_is_not_there(person: User) -> None:
    secret = a_campaign("Secret", is_restricted=True)
    task = a_task(campaign=secret, ordered_by=User.objects.create(username="client"))
    task.prompt.tags.add(Tag.objects.create(name="hidden"))
    a_video(task)
    person.user_permissions.add(Permission.objects.get(codename="view_generationtask"))
    for address in ("campaign=secret", "tag=hidden", "person=client"):
        with pytest.raises(BadSearch, match="there is no"):
            search(address).videos(person, at=NOW)
        assert found(address)  # by staff
    assert not found("", person)


@pytest.mark.parametrize("is_staff", [False, True])
def test_who_may_not_know_orders_searches_for_their_own_alone(is_staff: bool) -> None:
    person = User.objects.create(username="anna", is_staff=is_staff)
    for by in (person, User.objects.create(username="bela")):
        a_video(a_task(ordered_by=by), title=f"Of {by}")
    for address in ("person=bela", "person=anna", "person=nobody", "person=mine&person=bela"):
        with pytest.raises(BadSearch, match="without the permission to see orders"):
            search(address).videos(person, at=NOW)
    assert found("person=mine", person) == {"Of anna"}
    asked = search("person=mine")
    assert {key for name, key in asked.ids(person, Video.objects.all(), offered=9) if name == "person"} == {"mine"}


def test_people_who_are_not_signed_in_search_by_what_is_public(settings: Any) -> None:
    settings.CATALOG_PUBLIC = True
    by = User.objects.create(username="mira")
    a_video(title="Public", review=Review.APPROVED, reviewed_at=NOW, published_at=NOW, published_by=by)
    assert found("q=public&ratio=16:9&duration=5", AnonymousUser()) == {"Public"}
    for address in ("person=mira", "person=mine", "campaign=x", "rating=0", "state=published", "practice=yes", "tag=x"):
        with pytest.raises(BadSearch, match="sign in"):
            found(address, AnonymousUser())


# --- What it finds


def test_each_filter_selects_and_several_values_mean_any_of_them() -> None:
    mira = User.objects.create(username="mira")
    task = a_task(model="kling-2-6", mode="image-to-video", provider="apikley", aspect_ratio="9:16", practice=False,
                  campaign=a_campaign(), ordered_by=mira)  # fmt: skip
    task.prompt.tags.add(Tag.objects.create(name="Night shoot"))
    fox = a_video(task, title="Fox", duration_seconds=10.04, has_audio=True, rating=4, review=Review.APPROVED,
                  reviewed_at=NOW, created_at=NOW - timedelta(days=30))  # fmt: skip
    a_video(title="Gull")
    for address in (
        "model=kling-2-6", "mode=image-to-video", "provider=apikley", "ratio=9:16", "duration=10", "sound=yes",
        "campaign=autumn", "tag=Night+shoot", "person=mira", "rating=4", "rating=4&rating=5", "state=approved",
        "practice=no", "until=2026-10-21", "until=7d", "model=kling-2-6&model=kling-2-1",
    ):  # fmt: skip
        assert found(address) == {"Fox"}, address
    for address in ("", "model=kling-2-6&model=kling-2-5-turbo-pro", "since=2026-10-21", "sound=yes&sound=no"):
        assert found(address) == {"Fox", "Gull"}, address
    assert found("since=2026-10-22") == found("since=7d") == found("state=draft") == {"Gull"}
    assert found("model=kling-2-6&sound=no") == set()
    assert found("person=mine", mira) == {"Fox"}
    assert fox.state == "approved"


def test_a_clip_without_an_ordered_ratio_has_its_pictures() -> None:
    a_video(title="Tall", width=716, height=1280)
    a_video(a_task(aspect_ratio="1:1"), title="Ordered square", width=720, height=1280)
    assert found("ratio=9:16") == {"Tall"}
    assert found("ratio=1:1") == {"Ordered square"}


def test_every_word_is_looked_for_in_any_form() -> None:
    a_video(title="Füchse im Schnee", description="(42)")
    for words in ("fuchse", "SCHNEE", "chne", "schnee, füchse!", "４２", "im 42 dawn"):
        assert found(f"q={words}") == {"Füchse im Schnee"}, words
    assert found("q=fuchs+hund") == set()
    assert found("q=100%25") == found("q=im_schnee+x") == set()


def test_a_collection_is_searched_as_far_as_a_person_may_open_it(person: User) -> None:
    video = a_video(title="Chosen")
    a_video(title="Other")
    shown, closed = (
        Collection.objects.create(name=name, slug=name, is_restricted=name == "closed", created_at=NOW)
        for name in ("shown", "closed")
    )
    for each in (shown, closed):
        each.items.create(video=video, position=0)
    assert found("collection=shown", person) == found("collection=shown&collection=closed") == {"Chosen"}
    with pytest.raises(BadSearch):
        found("collection=closed", person)
    closed.people.add(person)
    assert found("collection=closed", person) == {"Chosen"}


# --- Chips


def test_chips_say_what_is_searched_and_lead_to_the_search_without_it(staff: User) -> None:
    a_campaign("Spring sale")
    asked = search("q=fox&campaign=spring-sale&person=mine&rating=4&rating=5")
    chips = asked.chips(asked.ids(staff, Video.objects.all()))
    assert [(chip.title, chip.label) for chip in chips] == [
        ("Words", "“fox”"), ("Campaign", "Spring sale"), ("Ordered by", "me"), ("Rating", "4 stars"),
        ("Rating", "5 stars"),
    ]  # fmt: skip
    assert chips[3].without == "q=fox&campaign=spring-sale&person=mine&rating=5"


# --- Stacks


def test_a_shot_stands_at_its_newest_matching_take() -> None:
    first, second, third = takes(3)
    Video.objects.filter(pk=second.pk).update(rating=5)
    alone = a_video(title="Alone")
    assert set(stacked(Video.objects.all())) == {third, alone}
    assert set(stacked(Video.objects.filter(rating=5))) == {second}
    assert set(stacked(Video.objects.exclude(pk=third.pk))) == {second, alone}


def test_a_shot_stands_at_its_chosen_take_if_that_matches() -> None:
    first, second, third = takes(3)
    Shot.objects.filter(pk=first.shot_id).update(chosen=second)
    assert list(stacked(Video.objects.all())) == [second]
    assert list(stacked(Video.objects.exclude(pk=second.pk))) == [third]
    assert list(stacked(Video.objects.filter(pk=first.pk))) == [first]


def test_takes_of_the_same_moment_stand_once() -> None:
    shot = Shot.objects.create()
    last = [a_video(a_task(shot=shot)) for _ in range(3)][-1]
    assert list(stacked(Video.objects.all())) == [last]


# --- What would mislead PostgreSQL's planner


@pytest.mark.parametrize(
    ("address", "misleads"),
    [("", False), ("rating=5", False), ("campaign=autumn", False), ("campaign=autumn&rating=5", True), ("q=fox", True),
     ("tag=snow", True)],
)  # fmt: skip
def test_only_few_clips_that_may_all_be_old_are_found_first_and_then_sorted(
    monkeypatch: pytest.MonkeyPatch, person: User, address: str, misleads: bool
) -> None:
    a_campaign("Autumn")
    Tag.objects.create(name="snow").prompts.add(a_video(title="A fox", rating=5).prompt)
    asked = search(address)
    expected = misleads and connection.vendor == "postgresql"
    assert asked.is_rare(asked.videos(User(is_staff=True), at=NOW)) == expected
    monkeypatch.setattr("generations.library.search.RARE", -1)
    assert not asked.is_rare(asked.videos(User(is_staff=True), at=NOW))

"""Links: what they show, how they end, and how a password is tried."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import QueryDict

from generations.library import sharing
from generations.library.search import Search
from generations.library.sharing import Answer, BadShare, Terms
from generations.models import Action, AuditEntry, Collection, CollectionItem, Share, Shot
from tests.factories import NOW, a_campaign, a_task, a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira() -> User:
    return User.objects.create(username="mira")


def a_link(by: User, subject: Any = None, **terms: Any) -> Share:
    return sharing.share(subject or a_video(), Terms(**terms), at=NOW, by=by)


def test_a_link_lasts_thirty_days_unless_it_is_said_how_long(mira: User) -> None:
    link = a_link(mira)
    assert link.expires_at == NOW + timedelta(days=30)
    assert sharing.find(link.token, at=NOW + timedelta(days=29)) == link
    assert sharing.find(link.token, at=NOW + timedelta(days=30)) is None
    assert sharing.find(a_link(mira, days=None).token, at=NOW + timedelta(days=9999))


def test_a_link_ends_when_it_is_revoked_and_when_its_creator_may_no_longer_sign_in(mira: User) -> None:
    revoked, orphan = a_link(mira), a_link(User.objects.create(username="leaver", is_active=False))
    assert sharing.revoke(revoked, at=NOW)
    assert not sharing.revoke(revoked, at=NOW)
    assert sharing.find(revoked.token, at=NOW) is None
    assert sharing.find(orphan.token, at=NOW) is None


@pytest.mark.parametrize("token", ["", "unknown", "a\0b", "a" * 65, "../admin"])
def test_an_address_that_was_never_given_shows_nothing(token: str) -> None:
    assert sharing.find(token, at=NOW) is None


def test_whatever_is_wrong_with_a_link_the_database_is_asked_once(mira: User, django_assert_num_queries: Any) -> None:
    expired, revoked = a_link(mira), a_link(mira, days=None)
    sharing.revoke(revoked, at=NOW)
    for token in (expired.token, revoked.token, "unknown"):
        with django_assert_num_queries(1):
            assert sharing.find(token, at=NOW + timedelta(days=31)) is None


@pytest.mark.parametrize(
    ("field", "terms"), [("days", {"days": 0}), ("days", {"days": 4000}), ("password", {"password": "short"})]
)
def test_terms_that_make_no_sense_are_refused(mira: User, field: str, terms: dict[str, Any]) -> None:
    with pytest.raises(BadShare) as error:
        a_link(mira, **terms)
    assert error.value.field == field
    assert not Share.objects.exists()


# --- What it shows


def test_a_collection_is_shown_in_its_order_without_what_its_creator_may_not_see(mira: User) -> None:
    closed = a_video(a_task(campaign=a_campaign(is_restricted=True)))
    videos = [a_video(), closed, a_video()]
    collection = Collection.objects.create(name="Reel", slug="reel", created_at=NOW)
    for place, video in enumerate(reversed(videos)):
        CollectionItem.objects.create(collection=collection, video=video, position=place)
    assert list(sharing.listed(a_link(mira, collection), at=NOW)[0]) == [videos[2], videos[0]]


def test_a_search_is_shown_as_it_is_found_now_one_take_of_each_shot(mira: User) -> None:
    link = a_link(mira, Search.parse(QueryDict("q=fox")))
    shot = Shot.objects.create()
    takes = [a_video(a_task(shot=shot), title="A fox") for _ in range(2)]
    a_video(title="A hare")
    assert list(sharing.listed(link, at=NOW)[0]) == [takes[1]]
    assert set(sharing.videos_of(link, at=NOW)) == set(takes)


def test_a_search_that_names_what_its_creator_may_not_know_finds_nothing(mira: User) -> None:
    campaign = a_campaign()
    a_video(a_task(campaign=campaign))
    link = a_link(mira, Search.parse(QueryDict("campaign=autumn")))
    assert sharing.listed(link, at=NOW)[0]
    campaign.is_restricted = True
    campaign.save()
    assert not sharing.listed(link, at=NOW)[0]


def test_the_search_for_everything_can_be_shared_too(mira: User) -> None:
    video = a_video()
    assert list(sharing.listed(a_link(mira, Search.parse(QueryDict(""))), at=NOW)[0]) == [video]


# --- Passwords


def test_a_password_is_kept_as_a_hash_and_makes_a_key_that_ends_with_it(mira: User) -> None:
    link = a_link(mira, password="open sesame")
    assert "open sesame" not in link.password
    assert sharing.enter(link, "open sesame", at=NOW) is Answer.RIGHT
    key = sharing.key_of(link)
    assert sharing.has_key(link, key)
    assert not sharing.has_key(link, "")
    sharing.set_password(link, "another one", at=NOW, by=mira)
    link.refresh_from_db()
    assert not sharing.has_key(link, key)
    assert not sharing.has_key(a_link(mira, password="open sesame"), key)


def test_a_new_password_and_its_end_are_audited_without_it(mira: User) -> None:
    link = a_link(mira, password="open sesame")
    for password in ("another one", ""):
        sharing.set_password(link, password, at=NOW, by=mira)
    entries = AuditEntry.objects.filter(action=Action.GRANTED, row=link.pk, by=mira).order_by("id")
    assert [entry.words for entry in entries] == ["a new password", "no password any more"]


def test_after_ten_wrong_passwords_even_the_right_one_is_refused_for_a_minute(mira: User) -> None:
    link = a_link(mira, password="open sesame")
    tries = [sharing.enter(link, "wrong", at=NOW + timedelta(seconds=5 * n)) for n in range(11)]
    assert tries == [Answer.WRONG] * 10 + [Answer.TOO_MANY]
    last = NOW + timedelta(seconds=45)
    assert sharing.enter(link, "open sesame", at=last + timedelta(seconds=59)) is Answer.TOO_MANY
    assert sharing.enter(link, "open sesame", at=last + timedelta(seconds=60)) is Answer.RIGHT


@pytest.mark.parametrize("pause", [0.5, 5.0, 11.0, 59.0])
def test_no_minute_holds_more_than_ten_wrong_passwords(mira: User, pause: float) -> None:
    link = a_link(mira, password="open sesame")
    tried = [
        at
        for at in (NOW + timedelta(seconds=pause * n) for n in range(300))
        if sharing.enter(link, "wrong", at=at) is Answer.WRONG
    ]
    minute = timedelta(minutes=1)
    assert max(sum(start <= at < start + minute for at in tried) for start in tried) <= 10
    assert len(tried) > 10


def test_right_passwords_are_never_too_many_and_forgive_no_wrong_ones(mira: User) -> None:
    link = a_link(mira, password="open sesame")
    assert {sharing.enter(link, "open sesame", at=NOW) for _ in range(30)} == {Answer.RIGHT}
    for _ in range(9):
        sharing.enter(link, "wrong", at=NOW)
    assert sharing.enter(link, "open sesame", at=NOW) is Answer.RIGHT
    assert [sharing.enter(link, "wrong", at=NOW) for _ in range(2)] == [Answer.WRONG, Answer.TOO_MANY]


@pytest.mark.django_db(transaction=True)
def test_many_who_try_at_once_get_no_more_tries_between_them(mira: User) -> None:
    link = a_link(mira, password="open sesame")

    def tried(_: int) -> Answer:
        try:
            return sharing.enter(link, "wrong", at=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(tried, range(24)))
    assert (answers.count(Answer.WRONG), answers.count(Answer.TOO_MANY)) == (10, 14)

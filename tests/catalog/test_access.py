"""Who sees what: everyone of the team, the people of a restricted campaign, and visitors where the site is public."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory

from generations.catalog.access import for_browsers
from generations.models import Campaign, Review, Video
from tests.catalog.conftest import body, published, text, titles, with_poster
from tests.factories import NOW, a_campaign, a_task, a_video

SECRETS = ("A secret take", "the secret words", "Secret campaign", "secretary", "$0.30")


@pytest.fixture
def closed(db: None) -> Campaign:
    return a_campaign("Secret campaign", is_restricted=True)


@pytest.fixture
def hidden(closed: Campaign) -> Video:
    """A clip of a restricted campaign, which nobody has published."""
    by = User.objects.create(username="secretary")
    task = a_task("stored", campaign=closed, ordered_by=by, prompt_text="the secret words")  # type: ignore[arg-type]
    return with_poster(a_video(task, title="A secret take"))


@pytest.fixture
def public(settings: Any) -> None:
    settings.CATALOG_PUBLIC = True


def addresses(video: Video) -> list[str]:
    return [video.get_absolute_url(), video.url, video.poster_url, video.small_poster_url]


def test_a_restricted_campaign_does_not_exist_for_others(visitor: Client, hidden: Video, closed: Campaign) -> None:
    shown = a_video(title="Shown")
    assert [visitor.get(path).status_code for path in addresses(hidden)] == [404] * 4
    of_closed, of_none = (text(visitor.get(f"/?campaign={slug}")) for slug in (closed.slug, "nothing-here"))
    assert of_closed == of_none.replace("nothing-here", closed.slug)
    for path in ("/", shown.get_absolute_url()):
        assert not [secret for secret in SECRETS if secret in visitor.get(path).content.decode()]


def test_named_people_see_the_clips_of_their_campaign(
    visitor: Client, person: User, hidden: Video, closed: Campaign
) -> None:
    closed.people.add(person)
    assert [visitor.get(path).status_code for path in addresses(hidden)] == [200] * 4
    assert titles(visitor.get("/")) == ["A secret take"]


def test_a_group_that_does_not_say_drafts_shows_what_was_chosen_and_ones_own(visitor: Client, person: User) -> None:
    clients = Group.objects.create(name="Clients")
    person.groups.add(clients)
    draft = with_poster(a_video(title="A draft"))
    chosen = a_video(title="Chosen", review=Review.APPROVED, reviewed_at=NOW)
    published(title="Published")
    a_video(a_task("stored", ordered_by=person), title="My own")  # type: ignore[arg-type]
    assert sorted(titles(visitor.get("/"))) == ["Chosen", "My own", "Published"]
    assert [visitor.get(path).status_code for path in addresses(draft)] == [404] * 4
    assert visitor.get(chosen.get_absolute_url()).status_code == 200
    clients.permissions.add(Permission.objects.get(codename="see_drafts"))
    assert [visitor.get(path).status_code for path in addresses(draft)] == [200] * 4


def test_the_groups_of_the_studio_see_drafts_of_others(db: None) -> None:
    assert Group.objects.exclude(permissions__codename="see_drafts").count() == 0
    assert Group.objects.count() == 5


def test_visitors_of_a_public_catalog_see_what_is_published_and_no_more(
    client: Client, hidden: Video, public: None
) -> None:
    shown = with_poster(published(title="Shown"))
    assert [client.get(path).status_code for path in addresses(shown)] == [200] * 4
    assert [client.get(path).status_code for path in addresses(hidden)] == [404] * 4
    assert titles(client.get("/")) == ["Shown"]
    for path in ("/", shown.get_absolute_url()):
        assert not [secret for secret in SECRETS if secret in client.get(path).content.decode()]


def test_visitors_do_not_learn_who_ordered_a_published_clip_for_which_campaign_at_which_cost(
    client: Client, closed: Campaign, public: None
) -> None:
    by = User.objects.create(username="secretary")
    video = published(task=a_task("stored", campaign=closed, ordered_by=by))  # type: ignore[arg-type]
    page = client.get(video.get_absolute_url()).content.decode()
    assert not [secret for secret in SECRETS if secret in page]
    assert closed.slug not in client.get(video.url + "?download=1")["Content-Disposition"]


@pytest.mark.django_db
def test_a_catalog_that_is_not_public_shows_visitors_nothing(client: Client) -> None:
    shown = with_poster(published())
    assert client.get(shown.get_absolute_url()).status_code == 302
    assert [client.get(path).status_code for path in addresses(shown)[1:]] == [404] * 3


def test_others_may_keep_what_is_public_for_a_minute_and_nothing_else(
    client: Client, visitor: Client, public: None
) -> None:
    shown = with_poster(published())
    for path in ("/", *addresses(shown)):
        assert client.get(path)["Cache-Control"] == "public, max-age=60", path
        assert visitor.get(path)["Cache-Control"].startswith("private"), path
    for path in ("/", shown.get_absolute_url()):
        assert "Cookie" in client.get(path)["Vary"]


def test_visitors_write_nothing_even_where_the_catalog_is_public(rf: RequestFactory, public: None) -> None:
    asked = rf.post("/videos/7/rate/")
    asked.user = AnonymousUser()
    assert for_browsers(lambda request: HttpResponse("written"))(asked)["Location"] == "/login/?next=/videos/7/rate/"


@pytest.mark.django_db
def test_a_public_download_has_a_plain_name(client: Client, public: None) -> None:
    video = published(title="Neon rain")
    response = client.get(video.url + "?download=1")
    assert response["Content-Disposition"] == f'attachment; filename="neon-rain_{video.pk}.mp4"'
    assert body(response)


def test_nobody_keeps_a_page_that_gives_its_reader_a_cookie(rf: RequestFactory, public: None) -> None:
    asked = rf.get("/")
    asked.user = AnonymousUser()
    with_form = for_browsers(lambda request: HttpResponse(get_token(request)))(asked)
    assert with_form["Cache-Control"] == "private, no-cache"

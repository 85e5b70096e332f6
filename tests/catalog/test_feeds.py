"""Atom feeds: what they list for whom, that readers get the files without a session, and that they are valid."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generations.models import SavedSearch, Video
from tests.catalog.conftest import body, published
from tests.factories import NOW, a_campaign, a_task, a_video

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def saved(person: User) -> SavedSearch:
    return SavedSearch.objects.create(person=person, name="Foxes", search="q=fox", created_at=NOW)


def feed(response: Any) -> ElementTree.Element:
    """A feed, checked for what RFC 4287 demands of one."""
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    found = ElementTree.fromstring(response.content)
    assert found.tag == f"{ATOM}feed"
    for element in (found, *found.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, name
    assert found.findtext(f"{ATOM}author/{ATOM}name")
    ids = [entry.findtext(f"{ATOM}id") for entry in found.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    for link in found.iter(f"{ATOM}link"):
        assert urlsplit(link.attrib["href"]).netloc == "testserver"
    return found


def titles(response: Any) -> list[str | None]:
    return [entry.findtext(f"{ATOM}title") for entry in feed(response).iter(f"{ATOM}entry")]


def enclosure(response: Any) -> dict[str, str]:
    return next(link.attrib for link in feed(response).iter(f"{ATOM}link") if link.attrib["rel"] == "enclosure")


@pytest.mark.django_db
def test_published_clips_are_a_feed_for_everybody_where_the_catalog_is_public(client: Client, settings: Any) -> None:
    video = published(title="A fox & a hare", content=b"twelve bytes")
    a_video(title="Hidden")
    assert client.get("/feeds/published.atom").status_code == 404
    settings.CATALOG_PUBLIC = True
    response = client.get("/feeds/published.atom")
    assert titles(response) == ["A fox & a hare"]
    assert enclosure(response) == {
        "rel": "enclosure", "href": f"http://testserver{video.url}", "length": "12", "type": "video/mp4"
    }  # fmt: skip
    assert body(client.get(video.url)) == b"twelve bytes"
    assert "public" in response["Cache-Control"]


def test_who_is_signed_in_reads_the_feed_of_published_clips_anyway(visitor: Client) -> None:
    published(title="A fox")
    response = visitor.get("/feeds/published.atom")
    assert titles(response) == ["A fox"]
    assert response["Cache-Control"] == "private"


def test_a_saved_search_is_a_feed_whose_files_need_no_session(client: Client, saved: SavedSearch) -> None:
    video = a_video(title="A fox")
    other = a_video(title="A hare")
    response = client.get(f"/feeds/{saved.token}.atom")
    assert titles(response) == ["A fox"]
    address = enclosure(response)["href"]
    assert address == f"http://testserver/feeds/{saved.token}/media/{video.file}"
    answer = client.get(urlsplit(address).path, headers={"range": "bytes=0-2"})
    assert (answer.status_code, body(answer)) == (206, b"not")
    assert answer["Cache-Control"] == response["Cache-Control"] == "private, no-store"
    assert client.get(f"/feeds/{saved.token}/media/{other.file}").status_code == 404
    assert client.get(f"/feeds/unknown/media/{video.file}").status_code == 404


def test_a_saved_search_shows_what_its_person_may_see_and_ends_with_their_account(
    client: Client, saved: SavedSearch, person: User
) -> None:
    campaign = a_campaign(is_restricted=True)
    a_video(a_task(campaign=campaign), title="A closed fox")
    path = f"/feeds/{saved.token}.atom"
    assert titles(client.get(path)) == []
    campaign.people.add(person)
    assert titles(client.get(path)) == ["A closed fox"]
    person.is_active = False
    person.save()
    assert client.get(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["unknown", "a%00b", "published.atom"])
def test_an_address_that_was_never_given_is_no_feed(client: Client, token: str) -> None:
    assert client.get(f"/feeds/{token}.atom").status_code == 404


def test_texts_that_xml_cannot_hold_are_cleaned_and_damaged_clips_have_no_file(
    client: Client, saved: SavedSearch
) -> None:
    Video.objects.filter(pk=a_video(title="A fox").pk).update(title="A \x0b fox", description="\x01", damage="missing")
    response = client.get(f"/feeds/{saved.token}.atom")
    assert titles(response) == ["A  fox"]
    assert b"enclosure" not in response.content

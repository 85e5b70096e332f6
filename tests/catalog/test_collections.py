"""The pages of collections: who sees and changes what, and what they send."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from generations.catalog import zips
from generations.library import collections
from generations.models import Collection, Status, Video
from tests.catalog.conftest import body, text
from tests.factories import NOW, a_campaign, a_task, a_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(person: User, visitor: Client) -> Client:
    """Someone who may make and change collections."""
    names = ("add_collection", "change_collection")
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    return visitor


def filled(*titles: str, **changes: Any) -> tuple[Collection, list[Video]]:
    collection = collections.create("Teaser", at=NOW)
    Collection.objects.filter(pk=collection.pk).update(**changes)
    videos = [a_video(title=title) for title in titles]
    collections.add(collection, videos)
    return collection, videos


def order(collection: Collection) -> list[str]:
    return [video.title for video in collections.clips_of(collection, Video.objects.all())]


def test_a_collection_is_made_named_filled_and_shown(editor: Client) -> None:
    made = editor.post("/collections/", {"name": "Teaser"})
    assert made["Location"] == "/collections/teaser/"
    video = a_video(title="A fox in snow")
    assert editor.post("/collections/teaser/add/", {"v": [video.pk, "x", "9" * 30]}).status_code == 302
    editor.post("/collections/teaser/edit/", {"name": "Trailer", "description": "For May", "folder": "Client A"})
    page = text(editor.get("/collections/teaser/"))
    assert "Trailer" in page
    assert "In Client A · 1 clip, 0:05" in page
    assert "A fox in snow" in page
    assert "1 clip" in text(editor.get("/collections/"))


def test_bad_input_names_the_field_and_changes_nothing(editor: Client) -> None:
    response = editor.post("/collections/", {"name": " "})
    assert response.status_code == 400
    assert "A collection needs a name" in text(response)
    collection, _ = filled("a")
    response = editor.post("/collections/teaser/edit/", {"name": "Teaser", "cover": "999999"})
    assert (response.status_code, "The cover must be a clip of the collection" in text(response)) == (400, True)
    response = editor.post("/collections/teaser/order/", {"v": ["5", "5"]})
    assert (response.status_code, "has changed meanwhile" in text(response)) == (400, True)
    assert order(collection) == ["a"]


def test_clips_are_moved_by_buttons_and_by_a_script(editor: Client) -> None:
    collection, (a, b, c) = filled("a", "b", "c")
    assert editor.post("/collections/teaser/order/", {"v": a.pk, "step": "later"}).status_code == 302
    assert order(collection) == ["b", "a", "c"]
    ids = {"v": [c.pk, b.pk, a.pk]}
    assert editor.post("/collections/teaser/order/", ids, headers={"Accept": "application/json"}).json() == {
        "done": None
    }
    assert order(collection) == ["c", "b", "a"]
    wrong = editor.post("/collections/teaser/order/", {"v": [0, 1]}, headers={"Accept": "application/json"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["v"])


def test_who_may_only_look_changes_nothing(visitor: Client) -> None:
    collection, (video,) = filled("a")
    assert visitor.post("/collections/", {"name": "Mine"}).status_code == 403
    for name in ("edit", "add", "remove", "order"):
        assert visitor.post(f"/collections/teaser/{name}/", {"v": video.pk, "name": "Mine"}).status_code == 403
    assert order(collection) == ["a"]
    page = visitor.get("/collections/teaser/").content.decode()
    assert "data-order" not in page
    assert "<form" not in page.split("</header>")[1]


ADDRESSES = ("", "play/", "zip/", "cut.otio", "cut.edl")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_restricted_collection_is_there_for_named_people_only(visitor: Client, person: User, address: str) -> None:
    collection, _ = filled("a", is_restricted=True)
    assert visitor.get(f"/collections/teaser/{address}").status_code == 404
    assert "Teaser" not in text(visitor.get("/collections/"))
    collection.people.add(person)
    response = visitor.get(f"/collections/teaser/{address}")
    body(response)
    assert response.status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_sees_a_clip_in_a_collection_that_they_may_not_see(visitor: Client, address: str) -> None:
    collection, _ = filled("a")
    secret = a_video(a_task(campaign=a_campaign(is_restricted=True)), title="Secret clip")
    collections.add(collection, [secret])
    response = visitor.get(f"/collections/teaser/{address}")
    assert response.status_code == 200
    assert b"ecret" not in body(response)


def test_strangers_are_asked_to_sign_in(client: Client, settings: Any) -> None:
    filled("a")
    assert client.get("/collections/teaser/").status_code == 302
    settings.CATALOG_PUBLIC = True
    assert client.get("/collections/teaser/zip/").status_code == 404


def test_the_zip_numbers_the_files_in_order_and_brings_the_cut_lists(visitor: Client) -> None:
    filled("Fox", "Hare")
    archive = zipfile.ZipFile(io.BytesIO(body(visitor.get("/collections/teaser/zip/"))))
    first, second, *lists = archive.namelist()
    assert (first[:5], second[:5], lists) == ("0001_", "0002_", ["teaser.otio", "teaser.edl"])
    assert ("fox" in first, "hare" in second) == (True, True)
    assert f"* FROM CLIP: {second}" in archive.read("teaser.edl").decode()


def test_chosen_clips_are_downloaded_together_those_that_one_may_see(visitor: Client) -> None:
    videos = [a_video(title=title) for title in ("Fox", "Hare")]
    secret = a_video(a_task(campaign=a_campaign(is_restricted=True)), title="Secret clip")
    ids = [str(video.pk) for video in [*videos, secret]]
    archive = zipfile.ZipFile(io.BytesIO(body(visitor.get("/download/", {"v": ids}))))
    assert len(archive.namelist()) == 2
    assert visitor.get("/download/", {"v": [secret.pk]}).status_code == 404
    many = visitor.get("/download/", {"v": range(1, 502)})
    assert (many.status_code, "At most 500 clips" in many.content.decode()) == (400, True)


def test_all_that_a_search_finds_are_downloaded_together_those_that_one_may_see(visitor: Client) -> None:
    a_video(a_task(campaign=a_campaign(is_restricted=True)), title="Secret fox")
    for title in ("Red fox", "Grey fox", "Hare"):
        a_video(title=title)
    archive = zipfile.ZipFile(io.BytesIO(body(visitor.post("/download/", {"all": "1", "search": "q=fox"}))))
    assert sorted("fox" in name for name in archive.namelist()) == [True, True]
    assert visitor.post("/download/", {"all": "1", "search": "q=okapi"}).status_code == 404


@pytest.mark.parametrize(("search", "says"), [("q=fox", "this search finds more"), ("rating=9", "Rating")])
def test_a_download_that_is_refused_says_why_where_it_was_asked_for(
    visitor: Client, monkeypatch: pytest.MonkeyPatch, search: str, says: str
) -> None:
    monkeypatch.setattr(zips, "MOST_CLIPS", 1)
    for title in ("Red fox", "Grey fox"):
        a_video(title=title)
    page = visitor.post("/download/", {"all": "1", "search": search, "next": "/?q=fox"}, follow=True)
    assert page.redirect_chain == [("/?q=fox", 302)]
    assert all(words in text(page) for words in (says, "Nothing was sent"))


def test_a_page_of_many_clips_takes_no_more_queries_than_one_of_few(
    visitor: Client, django_assert_max_num_queries: Any
) -> None:
    filled(*"abcdefgh")
    with django_assert_max_num_queries(8):
        visitor.get("/collections/teaser/")
    with django_assert_max_num_queries(8):
        visitor.get("/collections/")


def test_a_clip_of_several_takes_leads_to_them(visitor: Client) -> None:
    _, (clip,) = filled("a")
    a_video(a_task(Status.STORED, shot=clip.shot))
    assert f'href="/shots/{clip.shot_id}/">2 takes<' in visitor.get("/collections/teaser/").content.decode()


def test_who_may_see_it_is_set_in_the_admin(admin_client: Client, person: User) -> None:
    collection, _ = filled("a")
    page = f"/admin/generations/collection/{collection.pk}/change/"
    form = {
        "name": "Teaser",
        "description": "",
        "folder": "",
        "is_restricted": "on",
        "people": [person.pk],
        "groups": [],
    }
    assert admin_client.post(page, form).status_code == 302
    collection.refresh_from_db()
    assert (collection.is_restricted, list(collection.people.all())) == (True, [person])

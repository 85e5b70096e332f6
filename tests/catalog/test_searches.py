"""Saved searches, as their person finds them."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from generations.models import AuditEntry, SavedSearch
from tests.catalog.conftest import text
from tests.factories import NOW, a_video


def save(client: Client, **fields: str) -> str:
    return text(client.post("/searches/new/", fields, follow=True))


def test_the_search_that_is_shown_is_saved_and_opened_again(visitor: Client) -> None:
    a_video(title="Fox")
    page = visitor.get("/", {"q": "fox", "sound": "no"}).content.decode()
    assert '<input type="hidden" name="search" value="q=fox&amp;sound=no">' in page
    assert "Saved as “Foxes”" in save(visitor, search="q=fox&sound=no", name="Foxes")
    listed = visitor.get("/searches/").content.decode()
    assert '<a href="/?q=fox&amp;sound=no">Foxes</a>' in listed
    assert f"http://testserver/feeds/{SavedSearch.objects.get().token}.atom" in listed


def test_what_cannot_be_saved_is_said(visitor: Client) -> None:
    assert "Not saved. Name: write a name" in save(visitor, search="q=fox", name="")
    assert "Not saved. Model: “x” is not one of" in save(visitor, search="model=x", name="Foxes")
    assert "Not saved." in save(visitor)
    assert not SavedSearch.objects.exists()


def test_a_search_for_the_clips_of_others_is_not_saved_without_the_permission_to_see_orders(visitor: Client) -> None:
    User.objects.create(username="bela")
    assert "Not saved. Ordered by:" in save(visitor, search="person=bela", name="Of Bela")
    assert "Saved as “Mine”" in save(visitor, search="person=mine", name="Mine")


def test_only_its_person_lists_and_deletes_a_search(visitor: Client, person: User, staff: User) -> None:
    own, other = (
        SavedSearch.objects.create(person=by, name=f"Of {by}", search="q=fox", created_at=NOW) for by in (person, staff)
    )
    assert "Of anna" in text(visitor.get("/searches/"))
    assert f"Of {staff}" not in text(visitor.get("/searches/"))
    assert visitor.post(f"/searches/{other.pk}/delete/").status_code == 404
    assert "was deleted" in text(visitor.post(f"/searches/{own.pk}/delete/", follow=True))
    assert list(SavedSearch.objects.all()) == [other]
    assert list(AuditEntry.objects.values_list("action", "name", "by")) == [("deleted", "Of anna", person.pk)]


def test_people_who_are_not_signed_in_save_nothing(client: Client, db: None) -> None:
    for method, path in (("get", "/searches/"), ("post", "/searches/new/"), ("post", "/searches/1/delete/")):
        assert getattr(client, method)(path)["Location"].startswith("/login/")

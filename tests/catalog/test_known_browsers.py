"""The cookie of a browser in which somebody has signed in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client, RequestFactory

from generations.catalog.known_browsers import MOST_ACCOUNTS, SALT, known_as

PASSWORD = "a long enough password"


def known(value: str, name: str = "mira") -> str:
    request = RequestFactory().get("/")
    request.COOKIES["known_browser"] = value
    return known_as(request, name)


@pytest.fixture
def cookie(client: Client, staff: User) -> str:
    client.post("/login/", {"username": "mira", "password": PASSWORD})
    given = client.cookies["known_browser"]
    assert given["httponly"]
    assert given["samesite"] == "Lax"
    return given.value


def test_it_knows_who_signed_in_and_no_other_account(cookie: str) -> None:
    User.objects.create_user("nora", password=PASSWORD)
    assert known(cookie)
    assert not known(cookie, "nora")
    assert not known(cookie, "nobody\0")
    assert not known("")


def test_it_is_renewed_at_each_sign_in_and_names_the_same_browser(cookie: str, client: Client) -> None:
    client.post("/logout/")
    client.post("/admin/login/", {"username": "mira", "password": PASSWORD})
    assert known(client.cookies["known_browser"].value) == known(cookie)


def test_a_wrong_password_gives_none(client: Client, staff: User) -> None:
    client.post("/login/", {"username": "mira", "password": "wrong"})
    assert "known_browser" not in client.cookies


def test_a_new_password_makes_it_a_stranger(cookie: str, staff: User) -> None:
    staff.set_password("quite another password")
    staff.save()
    assert not known(cookie)


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["x", "\0", "a:b:c", "9" * 5000])
def test_one_that_this_site_did_not_sign_is_none(value: str) -> None:
    assert not known(value)


def test_one_that_was_changed_is_none(cookie: str) -> None:
    assert not known(cookie[:-1] + ("a" if cookie[-1] != "a" else "b"))


def test_it_keeps_so_many_accounts(client: Client, db: None) -> None:
    for number in range(MOST_ACCOUNTS + 2):
        User.objects.create_user(f"person {number}", password=PASSWORD)
        client.post("/login/", {"username": f"person {number}", "password": PASSWORD})
        client.post("/logout/")
    _browser, marks = signing.loads(client.cookies["known_browser"].value, salt=SALT)
    assert len(marks) == MOST_ACCOUNTS
    assert not known(client.cookies["known_browser"].value, "person 0")
    assert known(client.cookies["known_browser"].value, f"person {MOST_ACCOUNTS + 1}")

"""Signing in and out, the icon, and the pages for what went wrong."""

import re

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client


def test_signing_in_leads_to_where_one_was_going(client: Client, person: User) -> None:
    assert 'name="next" value="/videos/7/"' in client.get("/login/?next=/videos/7/").content.decode()
    asked = {"username": "anna", "password": "a long enough password", "next": "/videos/7/"}
    response = client.post("/login/", asked)
    assert (response.status_code, response["Location"]) == (302, "/videos/7/")


def test_signing_in_leads_to_no_other_site(client: Client, person: User) -> None:
    asked = {"username": "anna", "password": "a long enough password", "next": "https://evil.example/"}
    assert client.post("/login/", asked)["Location"] == "/"


@pytest.mark.parametrize("sent", [{"username": "anna", "password": "wrong"}, {"username": "anna"}, {}])
def test_a_refused_sign_in_says_why(client: Client, person: User, sent: dict[str, str]) -> None:
    page = client.post("/login/", sent).content.decode()
    assert re.search(r'role="alert">\s*<p>(Please enter a correct|Enter your user name)', page)


def test_who_is_signed_in_need_not_sign_in_again(visitor: Client) -> None:
    assert visitor.get("/login/")["Location"] == "/"


def test_signing_out_takes_a_post(visitor: Client) -> None:
    assert visitor.get("/logout/").status_code == 405
    assert visitor.post("/logout/")["Location"] == "/login/"
    assert visitor.get("/").status_code == 302


@pytest.mark.django_db
def test_forms_are_guarded(person: User) -> None:
    response = Client(enforce_csrf_checks=True).post("/login/", {"username": "anna", "password": "x"})
    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()


@pytest.mark.django_db
def test_a_browser_that_asks_for_an_icon_gets_one(client: Client) -> None:
    response = client.get("/favicon.ico")
    assert (response.status_code, response["Location"]) == (302, "/static/generations/favicon.svg")


def test_what_is_not_there_is_said_kindly(visitor: Client) -> None:
    response = visitor.get("/nothing/")
    assert response.status_code == 404
    assert "This page does not exist" in response.content.decode()
    assert "anna" in response.content.decode()


@pytest.mark.parametrize("name", ["403.html", "404.html", "500.html"])
def test_pages_for_trouble_need_neither_request_nor_database(name: str) -> None:
    assert "Kling Studio" in render_to_string(name)

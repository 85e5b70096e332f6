"""Passwords of this site: ten characters, not common, not a number, not a pattern."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from tests.factories import NOW


@pytest.mark.parametrize(
    "password",
    ["aaaaaaab", "aaaaaaaaab", "abcdefghij", "jihgfedcba", "qwertyuiop", "QWERTYuiop", "abababababab", "abcabcabcabc",
     "aaaabbbbcccc", "1qaz1qaz1qaz", "12345678901", "zyxwvutsrqaa"],
)  # fmt: skip
def test_a_pattern_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize(
    "password",
    ["KlingStudio2026", "kling-kling-kling", "adminadmin!1", "ApixoApikley", "Password-Password", "videoclip77"],
)
def test_words_that_anybody_expects_here_do_not_count(password: str) -> None:
    with pytest.raises(ValidationError, match="Words that anybody expects here"):
        validate_password(password)


@pytest.mark.parametrize("length", [64, 128, 4096])
def test_a_password_may_be_long_and_every_character_of_it_counts(length: int, client: Client, db: None) -> None:
    password = ("gulls cry at dawn " * 300)[: length - 1] + "x"
    validate_password(password)
    User.objects.create_user("anna", password=password)
    for wrong in (password[:-1] + "y", password[:-1], password.upper()):
        assert client.post("/login/", {"username": "anna", "password": wrong}).status_code == 200
    assert client.post("/login/", {"username": "anna", "password": password}).status_code == 302


@pytest.mark.parametrize("password", ["short pass", "gulls cry at dawn", "x9-Kd_2vQr1LmT8a", "пять чаек на маяке"])
def test_words_and_random_characters_are_taken(password: str) -> None:
    validate_password(password)


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(ValidationError, match="at least 5 different characters.*aaaa, abcd, 4321 or qwerty"):
        validate_password("aaaaaaaaab")


@pytest.mark.django_db
def test_a_new_site_has_no_accounts() -> None:
    assert not User.objects.exists()


def test_a_password_does_not_grow_old(client: Client, db: None) -> None:
    person = User.objects.create_user("anna", password="gulls cry at dawn")
    User.objects.filter(pk=person.pk).update(date_joined=NOW - timedelta(days=4000), last_login=NOW)
    sent = {"username": "anna", "password": "gulls cry at dawn"}
    assert client.post("/login/", sent)["Location"] == "/"
    assert client.get("/").status_code == 200

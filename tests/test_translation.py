"""Tests of `generations.translation`, of the choice of a language, and of the page's own words for scripts."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.utils.formats import date_format
from django.utils.translation import override

from generations.translation import _


def test_modules_without_django_speak_the_language_of_the_reader() -> None:
    assert _("Home") == "Home"
    with override("es"):
        assert _("Home") == "Inicio"


@pytest.mark.django_db
def test_a_person_chooses_a_language_and_comes_back_to_the_same_page(client: Client) -> None:
    response = client.post("/language/", {"language": "es", "next": "/login/?next=/"})
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/")
    assert '<html lang="es"' in client.get("/login/").content.decode()


@pytest.mark.django_db
def test_the_browser_chooses_where_nobody_did(client: Client) -> None:
    assert '<html lang="es"' in client.get("/login/", headers={"accept-language": "es-MX,es;q=0.9"}).content.decode()
    assert '<html lang="en"' in client.get("/login/", headers={"accept-language": "ru"}).content.decode()


def test_scripts_have_their_words_in_a_file_that_is_kept_for_an_hour(client: Client) -> None:
    response = client.get("/words.js?es", headers={"accept-language": "es"})
    assert "gettext" in response.content.decode()
    assert response["Cache-Control"] == "max-age=3600"


def test_spanish_dates_have_their_months_in_lower_case() -> None:
    day = date(2026, 11, 22)
    assert date_format(day, "j M Y") == "22 Nov 2026"
    with override("es"):
        assert [date_format(day), date_format(day, "j M Y"), date_format(day, "D j M"), date_format(day, "F Y")] == [
            "22 nov 2026", "22 nov 2026", "dom 22 nov", "noviembre de 2026",
        ]  # fmt: skip

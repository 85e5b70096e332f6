"""Pages in Spanish in Chromium: the words that Django's own scripts write, and the longer words on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.factories import a_prompt

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_scripts_of_the_admin_speak_the_language_of_the_page(open_page: Any, told: list[str]) -> None:
    a_prompt()
    page = open_page("/admin/generations/prompt/", locale="es-MX")
    expect(page.locator(".action-counter")).to_have_text(re.compile("0 de +1 seleccionado"))
    page.goto("/admin/generations/price/add/")
    expect(page.get_by_title("Elija una fecha")).to_have_count(1)
    assert not told


def test_the_longer_words_of_the_header_fit_a_phone(open_page: Any) -> None:
    page = open_page("/", width=390, locale="es-MX")
    expect(page.get_by_role("link", name="Administración")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Español")).to_be_visible()

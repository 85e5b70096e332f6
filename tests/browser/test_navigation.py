"""The way through the admin in Chromium: the search field by a key, and the menu of a phone, without script too."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.factories import a_prompt

pytestmark = pytest.mark.django_db(transaction=True)

PROMPTS = "/admin/generations/prompt/"


def test_a_slash_leads_to_the_search_from_a_page_and_is_typed_in_a_field(open_page: Any, told: list[str]) -> None:
    a_prompt(title="Lighthouse")
    page = open_page(f"{PROMPTS}add/")
    page.get_by_label("Title").press("/")
    expect(page.get_by_label("Title")).to_have_value("/")
    page.get_by_role("heading", name="Add prompt").click()
    page.keyboard.press("/")
    page.keyboard.type("lighthouse\n")
    expect(page.get_by_role("heading", name="Search: lighthouse")).to_be_visible()
    expect(page.locator("main").get_by_role("link", name="Lighthouse")).to_be_visible()
    assert not told


def test_the_menu_of_a_phone_opens_without_script(open_page: Any) -> None:
    page = open_page(PROMPTS, width=390, java_script_enabled=False)
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    page.get_by_text("Menu", exact=True).click()
    menu = page.get_by_role("navigation", name="Menu")
    expect(menu.get_by_role("link", name="Prompts")).to_have_attribute("aria-current", "page")
    menu.get_by_role("link", name="Ledger").click()
    expect(page.get_by_role("heading", name="Ledger", exact=True)).to_be_visible()

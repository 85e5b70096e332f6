"""The prompt library in Chromium: variables while one types, stars in place, and pages that axe does not mind."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from generations.models import FavouritePrompt, Prompt
from tests.browser.conftest import LOOKS, sins
from tests.factories import NOW, a_price, a_prompt

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = "text,notes,campaign\na fox in snow,,\n,,\n,no text,\nan owl,,No such campaign\n"


@pytest.fixture
def prompt() -> Prompt:
    a_price("0.30", valid_from=date(2026, 2, 1))
    prompt = a_prompt(text="a red fox in {{place}}", title="Fox")
    prompt.text = "a {grey|red} fox in {{place}}"
    prompt.save()
    prompt.keep(at=NOW, by=None)
    return prompt


def previewed(page: Page, rows: str) -> None:
    page.get_by_label("CSV or XLSX").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": rows.encode()})
    page.get_by_role("button", name="Show the preview").click()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_the_pages_are_quiet_accessible_and_no_wider_than_the_screen(
    open_page: Any, told: list[str], prompt: Prompt, scheme: str, width: int
) -> None:
    at = f"/admin/generations/prompt/{prompt.pk}"
    page = open_page(f"{at}/versions/", scheme=scheme, width=width)
    for path in (
        f"{at}/versions/",
        f"{at}/change/",
        f"{at}/generate/",
        "/admin/generations/prompt/",
        "/admin/generations/prompt/import/",
    ):
        page.goto(path)
        if path.endswith("/import/"):
            previewed(page, ROWS)
        assert not told, path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        assert not sins(page), path
        told.clear()  # axe tries inline styles, which the page's own policy rightly refuses


def test_fields_and_the_final_text_follow_what_is_typed(open_page: Any, told: list[str], prompt: Prompt) -> None:
    page = open_page(f"/admin/generations/prompt/{prompt.pk}/generate/")
    page.get_by_label("Model:", exact=True).select_option("kling-2-5-turbo-pro")
    page.get_by_label("place:").fill("snow")
    picked = page.locator("#final-text").inner_text()
    assert picked in ("a grey fox in snow", "a red fox in snow")
    expect(page.locator("#final-count")).to_have_text(f"{len(picked)} of 2500 characters; one of 2 different texts")
    page.get_by_label("Prompt:", exact=True).fill("a {grey|red} fox in {{place}} at {{hour}}")
    expect(page.get_by_label("place:")).to_have_value("snow")
    page.get_by_label("hour:").fill("x" * 2500)
    expect(page.locator("#final-count")).to_have_class("help counter too-long")
    page.get_by_label("hour:").fill("dawn")
    page.get_by_role("button", name="See the receipt").click()
    expect(page.get_by_text(f"{picked} at dawn").first).to_be_visible()  # the server picks as the preview did
    assert not told


def test_a_text_without_variables_shows_none(open_page: Any, prompt: Prompt) -> None:
    page = open_page(f"/admin/generations/prompt/{prompt.pk}/generate/")
    page.get_by_label("Prompt:", exact=True).fill("a fox")
    expect(page.locator("#variables")).to_be_hidden()


@pytest.mark.parametrize("script", [True, False])
def test_a_star_is_toggled_from_the_list(open_page: Any, prompt: Prompt, script: bool) -> None:
    page = open_page("/admin/generations/prompt/", java_script_enabled=script)
    star = page.get_by_role("button", name="Favourite: Fox")
    for pressed in ("true", "false"):
        star.click()
        expect(star).to_have_attribute("aria-pressed", pressed)
        assert FavouritePrompt.objects.exists() is (pressed == "true")


def test_good_rows_of_a_file_are_imported_by_keyboard(open_page: Any, told: list[str]) -> None:
    page = open_page("/admin/generations/prompt/import/")
    previewed(page, ROWS)
    page.get_by_role("button", name="Import the 1 good row").press("Enter")
    expect(page.get_by_text("1 prompt imported. Left out: rows 4, 5.")).to_be_visible()
    assert not told


def test_enter_in_a_variable_leads_to_the_receipt_and_saves_no_settings(open_page: Any, prompt: Prompt) -> None:
    page = open_page(f"/admin/generations/prompt/{prompt.pk}/generate/")
    page.get_by_label("Model:", exact=True).select_option("kling-2-5-turbo-pro")
    page.get_by_label("place:").fill("snow")
    page.get_by_label("place:").press("Enter")
    expect(page.get_by_role("button", name="Order 1 clip, $0.30")).to_be_visible()
    assert not Prompt.objects.exclude(defaults={}).exists()

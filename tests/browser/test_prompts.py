"""The prompt library in Chromium: stars in place, files by keyboard, and pages that axe does not mind."""

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

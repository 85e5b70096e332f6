"""Selecting clips in Chromium: by mouse, by keyboard, without JavaScript; and what is done to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from generations.models import Review, Video
from tests.browser.conftest import sins, until
from tests.factories import NOW, a_video

COUNT = "document.querySelector('#selection .count')?.textContent"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stored() -> list[Video]:
    """Eight clips, the first the newest."""
    return [a_video(created_at=NOW - timedelta(minutes=n), title=f"Clip {n}") for n in range(8)]


def picked(page: Page) -> list[str]:
    return page.locator(".card.picked h2").all_text_contents()


def test_a_range_is_selected_decided_and_stays_selected(open_page: Any, stored: list[Video], told: list[str]) -> None:
    page = open_page("/")
    page.get_by_label("Select Clip 1").click()
    page.get_by_label("Select Clip 3").click(modifiers=["Shift"])
    until(page, f"{COUNT} === '3 selected'")
    page.get_by_role("button", name="Approve").click()
    until(page, f"{COUNT} === 'Approved: 3 clips.'")
    assert set(Video.objects.filter(review=Review.APPROVED)) == set(stored[1:4])
    assert page.locator(".card.picked .state.approved").count() == 3
    page.get_by_label("Rating", exact=True).select_option("4")
    page.get_by_role("button", name="Rate").click()
    until(page, f"{COUNT} === 'Rated 4 of 5: 3 clips.'")
    assert page.get_by_role("button", name="Rate").evaluate("each => each === document.activeElement")
    assert not told


def test_the_keyboard_moves_selects_and_tags(open_page: Any, stored: list[Video], told: list[str]) -> None:
    page = open_page("/")
    page.locator("h2 a").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    until(page, f"{COUNT} === '2 selected'")
    assert picked(page) == ["Clip 4", "Clip 5"]
    assert page.locator(".card [tabindex='0']").count() == 2  # the link and the box of one card
    page.get_by_label("Tag", exact=True).fill("snow")
    page.keyboard.press("Enter")
    until(page, f"{COUNT}.startsWith('Tagged “snow”: 2 clips.')")
    page.locator("h2 a").first.focus()
    page.keyboard.press("Escape")
    until(page, "document.getElementById('selection').hidden")
    assert picked(page) == []
    assert not told


def test_two_to_four_are_compared(open_page: Any, stored: list[Video]) -> None:
    page = open_page("/")
    compare = page.get_by_role("button", name="Compare")
    page.get_by_label("Select Clip 0").click()
    compare.wait_for()
    assert compare.get_attribute("aria-disabled") == "true"
    page.get_by_label("Select Clip 2").click()
    compare.click()
    page.wait_for_url(f"**/compare/?v={stored[0].pk}&v={stored[2].pk}*")


def test_all_that_match_are_changed_at_once(open_page: Any, stored: list[Video]) -> None:
    page = open_page("/?q=Clip")
    page.get_by_label("Select Clip 0").click()
    page.get_by_label("All 8 that match this search").check()
    page.get_by_role("button", name="Rate").click()
    until(page, f"{COUNT} === 'Rated 5 of 5: 8 clips.'")
    assert Video.objects.filter(rating=5).count() == 8


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_bar_is_accessible_and_fits(open_page: Any, stored: list[Video], scheme: str, width: int) -> None:
    page = open_page("/", scheme=scheme, width=width)
    page.get_by_label("Select Clip 0").click()
    until(page, f"{COUNT} === '1 selected'")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert not sins(page)


def test_without_javascript_the_same_is_a_form(open_page: Any, stored: list[Video]) -> None:
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("link", name="Select several").click()
    page.get_by_label("Select Clip 2").check()
    page.get_by_role("button", name="Reject").click()
    assert page.get_by_text("Rejected: 1 clip.").count() == 1
    assert page.get_by_label("Select Clip 2").is_checked()
    assert Video.objects.get(review=Review.REJECTED) == stored[2]

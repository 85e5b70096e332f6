"""The reports in Chromium: quiet, accessible, as wide as the screen; a statement prints without its frame."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from generations.models import Review, Status
from tests.browser.conftest import LOOKS, sins
from tests.factories import NOW, a_campaign, a_prompt, a_task, a_video

pytestmark = pytest.mark.django_db(transaction=True)

PERIOD = "?from=2026-11-01&to=2026-11-30"
PAGES = {
    "spend": f"/admin/generations/reports/{PERIOD}",
    "prompts": f"/admin/generations/reports/prompts/{PERIOD}",
    "providers": f"/admin/generations/reports/providers/{PERIOD}",
    "statement": "/admin/generations/reports/statement/?month=2026-11",
    "refused": "/admin/generations/reports/?from=2026-11-30&to=2026-11-01",  # answers 400, which Chromium tells
}


@pytest.fixture
def money(db: None) -> None:
    """A month of two campaigns, with kept clips, a failure, something held and something without a price."""
    prompt, campaign = a_prompt(title="Lighthouse"), a_campaign("Autumn")
    for number in range(4):
        kept: dict[str, Any] = {"review": Review.APPROVED, "reviewed_at": NOW} if number % 2 else {}
        a_video(a_task(Status.STORED, prompt=prompt, campaign=campaign), **kept)
    a_video(a_task(Status.STORED, price_usd=None, model="kling-2-6", provider="apikley"))
    a_task(Status.FAILED, prompt=prompt)
    a_task(Status.RUNNING, prompt=prompt)


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_reports_are_quiet_accessible_and_no_wider_than_the_screen(
    open_page: Any, money: None, told: list[str], scheme: str, width: int
) -> None:
    page = open_page("/admin/", scheme=scheme, width=width)
    told.clear()
    for name, path in PAGES.items():
        page.goto(path)
        assert not [text for text in told if ".jpg" not in text and (name, "400" in text) != ("refused", True)], path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        if folder := os.environ.get("PICTURES"):  # to look at them
            page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", full_page=True)
        assert not sins(page), path
        told.clear()  # axe tries inline styles, which the page's own policy rightly refuses


def test_a_statement_prints_without_the_frame_of_the_admin(open_page: Any, money: None) -> None:
    page = open_page(PAGES["statement"])
    page.emulate_media(media="print")
    for frame in ("#header", ".tabs", "form.asked"):
        expect(page.locator(frame)).to_be_hidden()
    expect(page.get_by_text("Total of November 2026:")).to_be_visible()
    if folder := os.environ.get("PICTURES"):
        page.pdf(path=Path(folder) / "statement.pdf", prefer_css_page_size=True)

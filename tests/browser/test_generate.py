"""New clip in Chromium: by keyboard alone, few steps from the text to the order, and quiet on every screen."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from generations.models import Batch, GenerationTask, Status
from tests.browser.conftest import LOOKS, sins
from tests.factories import a_budget, a_price, a_task, a_video

pytestmark = pytest.mark.django_db(transaction=True)

MOST_STOPS = 12


@pytest.fixture(autouse=True)
def priced() -> None:
    a_price("0.30", valid_from=date(2026, 2, 1))
    a_budget("10", at=timezone.now())


def written(open_page: Any, text: str, **options: Any) -> Page:
    page: Page = open_page("/admin/new/", **options)
    page.get_by_label("Prompt:", exact=True).fill(text)
    return page


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_the_page_is_quiet_accessible_and_no_wider_than_the_screen(
    open_page: Any, told: list[str], scheme: str, width: int
) -> None:
    page = written(open_page, "a lighthouse at dawn", scheme=scheme, width=width)
    page.get_by_text("Many at once").click()
    page.get_by_text("More settings").click()
    assert not told
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert not sins(page)


@pytest.mark.parametrize(("model", "mode"), [("kling-2-5-turbo-pro", "text-to-video"), ("kling-2-6", "text-to-video")])
def test_at_most_twelve_stops_of_the_tab_key_lie_between_the_text_and_the_order(
    open_page: Any, model: str, mode: str
) -> None:
    page = written(open_page, "a lighthouse at dawn")
    page.get_by_label("Model:", exact=True).select_option(model)
    page.get_by_label("Mode:", exact=True).select_option(mode)
    page.get_by_label("Prompt:", exact=True).focus()
    for _stop in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "submit":
            break
    expect(page.locator(":focus")).to_have_value("See the receipt")


def test_control_and_enter_in_the_text_go_on_to_the_receipt_and_order_nothing(open_page: Any) -> None:
    page = written(open_page, "a lighthouse at dawn")
    page.get_by_label("Model:", exact=True).select_option("kling-2-5-turbo-pro")
    page.get_by_label("Prompt:", exact=True).press("Control+Enter")
    expect(page.get_by_role("button", name="Order 1 clip, $0.30")).to_be_visible()
    assert not GenerationTask.objects.exists()


def test_two_variables_two_lengths_and_two_ratios_within_five_dollars_and_an_approval_stops_the_rest(
    open_page: Any, told: list[str]
) -> None:
    a_price("0.60", duration_seconds=10, valid_from=date(2026, 2, 1))
    page = written(open_page, "{{subject}} at {{time}}")
    page.get_by_label("Model:", exact=True).select_option("kling-2-5-turbo-pro")
    page.get_by_label("subject:").fill("a fox")
    page.get_by_label("time:").fill("dawn")
    page.get_by_text("Many at once").click()
    page.get_by_label("Further values of variables:").fill("subject: a crane")
    page.get_by_label("Aspect ratio:", exact=True).select_option("16:9")
    page.get_by_label("9:16", exact=True).check()
    page.get_by_label("10 seconds", exact=True).check()
    expect(page.get_by_label("7 seconds", exact=True)).to_be_hidden()
    expect(page.get_by_text("2 texts × 2 durations × 2 aspect ratios = 8 clips")).to_be_visible()
    expect(page.get_by_text("Estimated: $3.60")).to_be_visible()
    page.get_by_label("Spend at most").fill("5")
    page.get_by_label("Cancel everything of this order").check()
    page.get_by_label("Prompt:", exact=True).press("Control+Enter")
    page.get_by_role("button", name="Order 8 clips, $3.60").click()
    expect(page.get_by_text("0 of 8 clips stored, 8 on their way.")).to_be_visible()
    assert not told
    first = GenerationTask.objects.order_by("pk")[0]
    first.move(Status.SUBMITTING, "sent", at=timezone.now(), due_at=timezone.now())
    first.move(Status.RUNNING, "accepted", at=timezone.now(), due_at=timezone.now(), remote_id="one")
    first.move(Status.READY, "made", at=timezone.now(), due_at=timezone.now())
    first.move(Status.STORED, "stored", at=timezone.now())
    video = a_video(first)
    page.goto(f"/admin/generations/video/{video.pk}/change/")
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("7 waiting orders were canceled")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_batches_and_the_page_of_a_csv_are_quiet_accessible_and_no_wider_than_the_screen(
    open_page: Any, told: list[str], scheme: str, width: int
) -> None:
    batch = Batch.objects.create(name="Autumn", created_at=timezone.now())
    for status in (Status.QUEUED, Status.FAILED, Status.STORED):
        task = a_task(status, order_batch=batch)
    a_video(task)
    page = open_page("/admin/batches/", scheme=scheme, width=width)
    for path in ("/admin/batches/", batch.get_absolute_url(), "/admin/new/rows/"):
        page.goto(path)
        assert not [text for text in told if ".jpg" not in text], path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        assert not sins(page), path
        told.clear()


def test_a_new_clip_is_ordered_without_a_script(open_page: Any) -> None:
    page = written(open_page, "a lighthouse at dawn", java_script_enabled=False)
    page.get_by_role("button", name="See the receipt").click()
    page.get_by_role("button", name="Order 1 clip, $0.30").click()
    assert page.url.endswith("/change/")
    assert GenerationTask.objects.get().prompt_text == "a lighthouse at dawn"

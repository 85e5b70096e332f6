"""The receipt in Chromium: quiet, accessible, as wide as the screen; by keyboard alone, and without script."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from generations.models import BalanceReading, GenerationTask, Prompt, Status
from tests.browser.conftest import LOOKS, sins
from tests.factories import a_budget, a_price, a_prompt, a_task, a_video

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/generations/generationtask/"


@pytest.fixture
def prompt(db: None) -> Prompt:
    """A prompt with a clip of it, a refused order, a balance, and two budgets that cover it."""
    now = timezone.now()
    prompt = a_prompt(title="Lighthouse", text="a lighthouse at dawn, gulls crying over the harbour wall")
    a_price("0.30", valid_from=date(2026, 2, 1))
    a_video(a_task(Status.STORED, prompt=prompt, prompt_text=prompt.text))
    a_task(Status.CANCELED, prompt=prompt, prompt_text=prompt.text)
    refused = {"error_kind": "content", "error_code": "NSFW", "error_message": "too dark for our filter"}
    a_task(Status.FAILED, prompt=prompt, prompt_text=prompt.text, **refused)
    BalanceReading.objects.create(provider="apixo", practice=True, at=now, amount=Decimal("0.50"), unit="USD")
    a_budget("10", at=now)
    a_budget("0.50", at=now, period="month", hard=False)
    return prompt


def filled(page: Page, prompt: Prompt, **fields: str) -> None:
    """The receipt of a good form."""
    page.goto(f"/admin/generations/prompt/{prompt.pk}/generate/")
    page.select_option('[name="model"]', "kling-2-5-turbo-pro")
    page.get_by_text("Many at once").click()
    for name, value in fields.items():
        page.fill(f'[name="{name}"]', value)
    page.get_by_role("button", name="See the receipt").click()
    expect(page.get_by_text("Nothing is ordered yet")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_receipts_are_quiet_accessible_and_no_wider_than_the_screen(
    open_page: Any, prompt: Prompt, told: list[str], scheme: str, width: int
) -> None:
    page = open_page("/admin/", scheme=scheme, width=width)
    filled(page, prompt, takes="5", spend_at_most="1")
    seemly(page, told, "one order")
    page.goto(LIST)
    for box in page.locator("input[name=_selected_action]").all():
        box.check()
    page.select_option("select[name=action]", "try_again")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("button", name="Order 2 clips, $0.60")).to_be_visible()
    seemly(page, told, "many orders")


def seemly(page: Page, told: list[str], what: str) -> None:
    assert [text for text in told if ".mp4" not in text and ".jpg" not in text] == [], what
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), what
    assert not sins(page), what
    told.clear()  # axe tries inline styles, which the page's own policy rightly refuses


def test_an_order_is_changed_and_confirmed_by_keyboard_alone(open_page: Any, prompt: Prompt) -> None:
    page = open_page("/admin/")
    filled(page, prompt, takes="2")
    page.get_by_role("link", name="Change something").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Takes:", exact=True)).to_have_value("2")
    page.get_by_label("Takes:", exact=True).fill("3")
    page.keyboard.press("Enter")
    order = page.get_by_role("button", name="Order 3 clips, $0.90")
    expect(order).to_be_visible()
    order.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 clips ordered. $0.90 of practice money reserved.")).to_be_visible()
    assert GenerationTask.objects.filter(status=Status.QUEUED).count() == 3


def test_the_way_back_sends_no_form_again(open_page: Any, prompt: Prompt) -> None:
    page = open_page("/admin/")
    filled(page, prompt)
    receipt = page.url
    page.get_by_role("button", name="Order 1 clip").click()
    expect(page.get_by_text("of practice money reserved")).to_be_visible()
    page.go_back()
    assert page.url == receipt
    expect(page.get_by_text("This was ordered")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Order 1 clip")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("button", name="See the receipt")).to_be_visible()
    assert GenerationTask.objects.filter(status=Status.QUEUED).count() == 1


def test_the_keyboard_is_led_to_what_changed(open_page: Any, prompt: Prompt) -> None:
    page = open_page("/admin/")
    filled(page, prompt)
    a_price("0.40", valid_from=timezone.localdate())
    page.get_by_role("button", name="Order 1 clip, $0.30").click()
    expect(page.locator(":focus")).to_contain_text("was $0.30, and is now $0.40")
    page.get_by_role("button", name="Order 1 clip, $0.40").click()
    expect(page.get_by_text("$0.40 of practice money reserved")).to_be_visible()


def test_pressing_the_button_twice_orders_once(open_page: Any, prompt: Prompt) -> None:
    page = open_page("/admin/")
    filled(page, prompt)
    page.get_by_role("button", name="Order 1 clip").dblclick()
    expect(page.get_by_text("of practice money reserved")).to_be_visible()
    assert GenerationTask.objects.filter(status=Status.QUEUED).count() == 1


def test_without_script_the_receipt_is_the_same(open_page: Any, prompt: Prompt) -> None:
    page = open_page(f"/admin/generations/prompt/{prompt.pk}/generate/", java_script_enabled=False)
    page.select_option('[name="model"]', "kling-2-5-turbo-pro")
    page.select_option('[name="sound"]', "")
    page.get_by_role("button", name="See the receipt").click()
    page.get_by_role("button", name="Order 1 clip, $0.30").click()
    assert page.url.endswith("/change/")
    assert GenerationTask.objects.filter(status=Status.QUEUED).count() == 1

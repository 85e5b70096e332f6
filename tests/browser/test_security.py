"""Signing in with a code in Chromium, by the keyboard alone: nothing in the console, and nothing that axe minds."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from generations.catalog import second_step
from tests.browser.conftest import LOOKS, sins
from tests.catalog.codes import app_code

PASSWORD = "a long enough password"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_a_second_step_is_set_up_used_and_turned_off_by_the_keyboard(
    open_page: Any, staff: User, told: list[str], scheme: str, width: int
) -> None:
    def fine() -> None:
        found = [text for text in told if "Cleared data types" not in text and not text.startswith("verbose")]
        assert not found
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert not sins(page)
        told.clear()  # axe tries inline styles, which the page's own policy rightly refuses

    def enter(*texts: str) -> None:
        for text in texts:
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")

    page = open_page("/security/", scheme=scheme, width=width)
    fine()
    page.get_by_role("link", name="Turn it on").press("Enter")
    page.wait_for_url("**/two-step/")
    fine()
    device = second_step.device_of(staff, page.locator("[name=key]").input_value())
    page.get_by_label("Code", exact=True).focus()
    enter(app_code(device), PASSWORD)
    page.wait_for_selector("ol.codes")
    fine()
    codes = page.locator("ol.codes code").all_inner_texts()
    page.goto("/security/password/")
    fine()
    page.get_by_role("button", name="Log out").press("Enter")
    for address, code in (("/login/", codes[0]), ("/admin/login/", codes[1])):
        page.context.clear_cookies()
        page.goto(address)
        page.locator("#id_username").focus()
        enter("mira", PASSWORD)
        page.wait_for_selector("#id_otp_token:focus")
        fine()
        enter("000000")
        page.wait_for_selector("[role=alert]")
        page.wait_for_selector("#id_otp_token:focus")
        fine()
        enter(code)
        page.wait_for_url(lambda url: "login" not in url)
    page.goto("/security/two-step/off/")
    fine()
    page.get_by_label("Your password").focus()
    enter(PASSWORD, codes[2])
    page.wait_for_url("**/security/")
    assert not second_step.is_on(staff)
    fine()

"""Chromium, the site that it looks at, and what it must not say."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import CHROMIUM, QUIET

LOOKS = [("light", 1280), ("dark", 1280), ("light", 390)]  # colours and widths do not depend on each other


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium the tests of this folder are skipped, unless REQUIRE_CHROMIUM says that they must run."""
    if CHROMIUM or os.environ.get("REQUIRE_CHROMIUM"):
        return
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.skip(reason="needs Debian's chromium, or CHROMIUM"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright runs an event loop on this thread, and Django then refuses its database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def told() -> list[str]:
    """What the browser's console said; a test ends with it empty."""
    return []


@pytest.fixture
def open_page(browser: Browser, site: str, staff: User, told: list[str]) -> Iterator[Any]:
    contexts = []

    def opened(path: str, *, scheme: Any = "light", width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(
            base_url=site, color_scheme=scheme, viewport={"width": width, "height": 844}, **options
        )
        contexts.append(context)
        client = Client()
        client.force_login(staff)
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key, "url": site}
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.on("console", lambda message: told.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


def until(page: Page, expression: str) -> None:
    """Wait for something in the page; Playwright's own way needs `unsafe-eval`, which the policy refuses."""
    deadline = time.monotonic() + 10
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(20)


EVERYTHING = {"rules": {"region": {"enabled": False}}}  # slow, and never serious
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def sins(page: Page) -> list[str]:
    """What axe finds serious or critical; in the dark only by the rules for colours, as nothing else differs there."""
    rules = COLOURS if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else EVERYTHING
    found: list[dict[str, str]] = (
        Axe().run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]
    )
    return [violation["id"] for violation in found if violation["impact"] in ("serious", "critical")]

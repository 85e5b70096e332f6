"""Make pictures of every page, in light, dark and on a phone, from a running practice site.

    .venv/bin/python manage.py up                                         # in one terminal
    .venv/bin/python -m tests.browser.screenshots admin PASSWORD FOLDER   # in another

Writes FOLDER/<page>-<light|dark|phone>.png. The README's come from here: FOLDER generations/docs, the rest thrown away.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser.chromium import CHROMIUM, QUIET

LOOKS = {"light": ("light", 1280), "dark": ("dark", 1280), "phone": ("light", 390)}
PAGES = {
    "catalog": "/",
    "video": "a.card-link, .card a",
    "studio": "/admin/",
    "search": "/admin/search/?q=a",
    "new": "/admin/new/",
    "queue": "/admin/queue/",
    "batches": "/admin/batches/",
    "prompts": "/admin/generations/prompt/",
    "generate": "/admin/generations/prompt/1/generate/",
    "tasks": "/admin/generations/generationtask/",
    "task": "/admin/generations/generationtask/1/change/",
    "videos": "/admin/generations/video/",
    "budgets": "/admin/generations/budget/",
    "campaigns": "/admin/generations/campaign/",
    "ledger": "/admin/generations/ledgerentry/",
    "prices": "/admin/generations/price/",
    "balances": "/admin/generations/balancereading/",
    "spend": "/admin/generations/reports/",
    "spend-by-prompt": "/admin/generations/reports/prompts/",
    "spend-by-version": "/admin/generations/reports/prompts/?prompt=1",
    "scorecard": "/admin/generations/reports/providers/",
    "statement": "/admin/generations/reports/statement/",
}


def main(name: str, password: str, folder: str, site: str = "http://127.0.0.1:8000") -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for look, (scheme, width) in LOOKS.items():
            take(browser, look, scheme, width, name=name, password=password, folder=folder, site=site)
        browser.close()


def complain(page: Page, message: ConsoleMessage) -> None:
    sys.stderr.write(f"{page.url}: {message.text}\n")


def take(
    browser: Browser, look: str, scheme: str, width: int, *, name: str, password: str, folder: str, site: str
) -> None:
    """Every page in one look."""
    size = {"width": width, "height": 844 if width < 600 else 800}
    context = browser.new_context(base_url=site, color_scheme=scheme, viewport=size)  # type: ignore[arg-type]
    page = context.new_page()
    page.on("console", partial(complain, page))
    page.goto("/login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site}/")
    for title, where in PAGES.items():
        if where.startswith("/"):
            page.goto(where)
        else:
            page.locator(where).first.click()
        page.wait_for_load_state("networkidle")
        picture = Path(folder) / f"{title}-{look}.png"
        page.screenshot(path=picture)
        with Image.open(picture) as image:  # 256 colours: a third of the size
            image.convert("RGB").quantize(256).save(picture, optimize=True)
    context.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

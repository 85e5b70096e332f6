"""The studio in Chromium: quiet, accessible, as wide as the screen; and an order from the button to the clip."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from generations.models import (
    BalanceReading,
    Batch,
    Budget,
    Collection,
    Endpoint,
    GenerationTask,
    Pause,
    Prompt,
    Status,
    Tag,
)
from generations.notices.deriving import derive
from tests.browser.conftest import LOOKS, sins
from tests.factories import a_budget, a_campaign, a_price, a_prompt, a_task, a_video, an_image
from tests.notices.telling import an_endpoint, fail

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def prompt(db: None) -> Prompt:
    """A prompt with a clip, a failed order and one that waits for a person."""
    prompt = a_prompt(title="Lighthouse", text="a lighthouse at dawn", campaign=a_campaign("Autumn sale"))
    a_video(a_task(Status.STORED, prompt=prompt, campaign=prompt.campaign))
    a_task(Status.FAILED, prompt=prompt, error_kind="content", error_code="NSFW", error_message="too dark")
    a_task(Status.UNCONFIRMED, prompt=prompt, error_message="the answer was lost")
    budgets = {"at": timezone.now(), "scope": "campaign", "campaign": prompt.campaign}
    a_budget("0.60", **budgets, period="month")
    a_budget("9", **budgets)
    a_task(Status.STORED, prompt=prompt, model="kling-2-6", price_usd=None)
    for status in (Status.RUNNING, Status.READY):
        a_task(status, prompt=prompt, submitted_at=timezone.now(), source_expires_at=timezone.now())
    return prompt


@pytest.fixture
def rows(prompt: Prompt, staff: User) -> None:
    """A row in the lists that a prompt and its tasks leave empty."""
    at = timezone.now()
    Pause.objects.create(provider="apixo", reason="402: the account has no money, top it up", paused_at=at)
    Collection.objects.create(name="Lighthouses", slug="lighthouses", created_at=at)
    BalanceReading.objects.create(provider="apixo", practice=True, at=at, amount="12.5", unit="USD")
    Batch.objects.create(name="Lighthouses at dawn", created_at=at)
    prompt.tags.add(Tag.objects.create(name="dawn"))
    an_image()
    an_endpoint("https://hooks.example.com/")
    fail(staff, prompt=prompt)
    derive(at=at)
    a_price("0.30")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_pages_are_quiet_accessible_and_no_wider_than_the_screen(
    open_page: Any, prompt: Prompt, rows: None, staff: User, told: list[str], scheme: str, width: int
) -> None:
    tasks = GenerationTask.objects.order_by("pk")
    page = open_page("/admin/", scheme=scheme, width=width)
    paths: list[str] = page.locator(".subjects a").evaluate_all("links => links.map((link) => link.pathname)")
    assert len(paths) >= 20
    paths += ["/admin/generations/", "/admin/search/", "/admin/search/?q=lighthouse", "/admin/password_change/"]
    paths += [f"/admin/auth/user/{staff.pk}/change/", "/admin/auth/group/add/"]
    paths += [f"/admin/generations/collection/{Collection.objects.get().pk}/change/"]
    paths += [f"/admin/generations/prompt/{prompt.pk}/history/"]
    paths += [f"/admin/generations/prompt/{prompt.pk}/change/", f"/admin/generations/prompt/{prompt.pk}/generate/"]
    paths += [f"/admin/generations/generationtask/{task.pk}/change/" for task in tasks]
    paths += [f"/admin/generations/campaign/{prompt.campaign_id}/change/", "/admin/generations/campaign/add/"]
    paths += [f"/admin/generations/budget/{Budget.objects.earliest('pk').pk}/change/", "/admin/generations/budget/add/"]
    paths += ["/admin/generations/price/add/", f"/admin/generations/ledgerentry/correct/{tasks[0].pk}/"]
    paths += [f"/admin/generations/video/{tasks[0].videos.get().pk}/change/"]
    endpoints = "/admin/generations/endpoint/"
    paths += ["/admin/notices/", "/admin/notices/mine/", f"{endpoints}add/"]
    paths += [f"{endpoints}{Endpoint.objects.get().pk}/change/"]
    for path in paths:
        page.goto(path)
        # A hint for password fields is no complaint.
        found = [text for text in told if not re.search(r"\.mp4|\.jpg|^verbose", text)]
        assert not found, path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        assert not sins(page), path
        told.clear()  # axe tries inline styles, which the page's own policy rightly refuses


def test_an_order_goes_from_the_button_to_the_clip_without_a_reload(
    open_page: Any, worker: None, told: list[str]
) -> None:
    a_price("0.30", valid_from=date(2026, 2, 1))
    prompt = a_prompt(title="Lighthouse", text="a lighthouse at dawn")
    page = open_page(f"/admin/generations/prompt/{prompt.pk}/change/")
    page.get_by_role("link", name="Generate").first.click()
    page.get_by_label("Model:", exact=True).select_option("kling-2-5-turbo-pro")
    expect(page.get_by_label("Sound:", exact=True)).to_be_hidden()
    expect(page.get_by_text("Not offered by Kling 2.5 Turbo Pro, Text to video: sound")).to_be_visible()
    expect(page.get_by_text("Estimated: $0.30")).to_be_visible()
    page.get_by_label("Aspect ratio").select_option("9:16")
    page.get_by_role("button", name="See the receipt").click()
    page.get_by_role("button", name="Order 1 clip, $0.30").click()
    page.wait_for_url("**/admin/generations/generationtask/*/change/")
    page.evaluate("window.sameDocument = true")
    expect(page.get_by_text("The file is stored and verified.")).to_be_visible(timeout=60_000)
    assert page.evaluate("window.sameDocument")
    expect(page.locator("[data-part=videos] img")).to_be_visible()
    task = GenerationTask.objects.get()
    assert (task.aspect_ratio, task.sound, task.status) == ("9:16", None, Status.STORED)
    assert not told


def test_only_what_the_offer_takes_is_shown_and_sent(open_page: Any) -> None:
    prompt = a_prompt()
    page = open_page(f"/admin/generations/prompt/{prompt.pk}/generate/")
    shown = {
        ("kling-2-6", "text-to-video"): {"sound", "aspect_ratio", "route"},
        ("kling-2-6", "image-to-video"): {"sound", "route", "start_image", "end_image"},
        ("kling-2-1", "standard-image-to-video"): {"cfg_scale", "negative_prompt", "start_image"},
        ("kling-2-1", "master-text-to-video"): {"cfg_scale", "negative_prompt", "aspect_ratio"},
    }
    names = ["sound", "aspect_ratio", "route", "cfg_scale", "negative_prompt", "start_image", "end_image"]
    page.get_by_text("More settings").click()
    for (model, mode), fields in shown.items():
        page.get_by_label("Model:", exact=True).select_option(model)
        page.get_by_label("Mode:", exact=True).select_option(mode)
        for name in names:
            field = page.locator(f"[name={name}]")
            assert field.is_visible() == (name in fields), (model, mode, name)
            assert field.is_enabled() == (name in fields), (model, mode, name)


def test_another_provider_brings_its_own_choices(open_page: Any) -> None:
    page = open_page(f"/admin/generations/prompt/{a_prompt().pk}/generate/")
    page.select_option('[name="provider"]', "apikley")
    options = {name: page.locator(f'[name="{name}"] option').all_inner_texts() for name in ("model", "mode")}
    assert options == {"model": ["Kling 2.6"], "mode": ["Text to video", "Image to video"]}
    assert page.locator('[name="aspect_ratio"] option').all_inner_texts() == ["16:9", "9:16", "1:1"]
    assert not page.locator('[name="route"]').is_visible()
    page.select_option('[name="mode"]', "image-to-video")
    shown = {name: page.locator(f'[name="{name}"]').is_visible() for name in ("start_image", "end_image")}
    assert shown == {"start_image": True, "end_image": False}


def test_all_problems_are_shown_at_once_and_the_keyboard_is_led_to_them(open_page: Any) -> None:
    prompt = a_prompt()
    page = open_page(f"/admin/generations/prompt/{prompt.pk}/generate/")
    page.get_by_label("Mode:", exact=True).select_option("image-to-video")
    page.get_by_label("Takes:", exact=True).fill("10001")
    page.get_by_role("button", name="See the receipt").click()
    summary = page.locator(":focus")
    expect(summary).to_contain_text("Nothing was charged")
    expect(summary).to_contain_text("1 to 10,000")
    expect(summary).to_contain_text("is required")
    assert not GenerationTask.objects.exists()


def test_without_script_the_server_says_the_same(open_page: Any) -> None:
    prompt = a_prompt()
    page = open_page(f"/admin/generations/prompt/{prompt.pk}/generate/", java_script_enabled=False)
    page.get_by_label("Aspect ratio").select_option("16:9")
    page.get_by_role("button", name="See the receipt").click()
    page.get_by_role("button", name="Order 1 clip").click()
    assert page.url.endswith("/change/")
    assert GenerationTask.objects.get().aspect_ratio == "16:9"


def test_a_press_that_is_on_its_way_is_not_armed_again_by_the_refresh(open_page: Any) -> None:
    task = a_task(Status.RUNNING, due_at=timezone.now() + timedelta(hours=1))
    page = open_page(task.get_absolute_url())
    page.route("**/take/", lambda route: route.fulfill(status=204))  # no page follows
    page.get_by_role("button", name="Another take").click()
    task.move(Status.FAILED, "failed meanwhile", at=timezone.now())
    expect(page.get_by_text("No clip was made.")).to_be_visible(timeout=10_000)
    assert page.locator("form[data-sent]").count() == 1

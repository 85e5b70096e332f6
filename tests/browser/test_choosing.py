"""Choosing by keyboard in Chromium: culling, undo, sending back, comparing on one play head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from generations.models import Review, Shot, Video
from tests.browser.conftest import LOOKS, sins, until
from tests.catalog.conftest import videos
from tests.clips import clip
from tests.factories import a_video

pytestmark = pytest.mark.django_db(transaction=True)
HEADS = "[...document.querySelectorAll('.pane video')].map((video) => video.currentTime)"
STILL = "[...document.querySelectorAll('.pane video')].every((video) => video.paused && !video.seeking)"


@pytest.fixture
def two(media_root: Path) -> list[Video]:
    """Two takes of a shot, of three seconds each."""
    first = a_video(content=clip(seconds=3), title="Take 1", duration_seconds=3.0)
    return [first, a_video(content=clip(seconds=3), title="Take 2", duration_seconds=3.0, shot_id=first.shot_id)]


def toast(page: Page, words: str) -> None:
    page.locator(".toast").get_by_text(words).wait_for()


def reviews() -> list[str]:
    return list(Video.objects.order_by("-created_at", "-pk").values_list("review", flat=True))


def test_thirty_takes_are_culled_to_five_with_a_key_for_each(open_page: Any, told: list[str]) -> None:
    first = a_video(title="Take")
    Video.objects.filter(pk=first.pk).delete()
    videos(30, shot_id=first.shot_id)
    page = open_page(f"/shots/{first.shot_id}/")
    keys = ["ArrowRight", *("p" if n % 6 == 0 else "x" for n in range(30))]
    for key in keys:
        page.keyboard.press(key)
    until(page, "document.querySelectorAll('.pill.state').length === 30")
    assert len(keys) == 31
    assert reviews() == [Review.APPROVED if n % 6 == 0 else Review.REJECTED for n in range(30)]
    assert not told


def test_stars_and_favourites_are_given_to_the_focused_card_and_taken_back(open_page: Any, told: list[str]) -> None:
    older, newer = videos(2)
    page = open_page("/")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("4")
    toast(page, "Clip 0: Rated 4 of 5.")
    page.keyboard.press("f")
    toast(page, "Clip 0: Added to your favourites.")
    assert page.locator(f'.card[data-id="{older.pk}"] .badge.left').inner_text().split() == [
        "Rated", "4", "of", "5", "My", "favourite", "★", "4", "♥"
    ]  # fmt: skip
    page.keyboard.press("z")
    toast(page, "Undone: Clip 0. Draft, 4 of 5 stars.")
    page.keyboard.press("z")
    toast(page, "Undone: Clip 0. Draft, 0 of 5 stars.")
    page.keyboard.press("0")
    toast(page, "Clip 0: Rating cleared.")
    page.keyboard.press("z")
    toast(page, "There is nothing to undo.")
    older.refresh_from_db()
    assert (older.rating, older.favourites.count(), newer.rating) == (0, 0, 0)
    assert not told


@pytest.mark.parametrize("by_button", [True, False])
def test_what_could_be_undone_is_gone_when_its_person_is(by_button: bool, open_page: Any, told: list[str]) -> None:
    videos(1)
    page = open_page("/")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("4")
    toast(page, "Clip 0: Rated 4 of 5.")
    assert page.evaluate("sessionStorage.getItem('undo')")
    page.evaluate("localStorage.setItem('volume', '1')")
    if by_button:
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login/")
        assert page.evaluate("localStorage.length") == 0
    else:
        page.context.clear_cookies()
        page.reload()
    assert page.evaluate("sessionStorage.getItem('undo')") is None
    assert all("Cleared data types" in words for words in told)


def test_in_the_viewer_a_decision_leads_on_and_is_undone_from_there(open_page: Any, told: list[str]) -> None:
    older, newer = videos(2, content=clip(seconds=1))
    page = open_page(newer.get_absolute_url())
    page.keyboard.press("p")
    page.wait_for_url(f"**{older.get_absolute_url()}*")
    toast(page, "Clip 1: Approved.")
    assert reviews() == ["approved", ""]
    page.locator(".toast").get_by_role("button", name="Undo").click()
    toast(page, "Undone: Clip 1. Draft, 0 of 5 stars.")
    assert reviews() == ["", ""]
    assert not told


def test_one_is_sent_back_and_the_letters_of_the_reason_are_no_keys(open_page: Any, told: list[str]) -> None:
    (video,) = videos(1, review=Review.IN_REVIEW, content=clip(seconds=1))
    page = open_page(video.get_absolute_url())
    page.get_by_text("Send back with a reason").click()
    assert page.get_by_label("At which moment?").input_value() == ""
    page.get_by_label("What should be changed?").click()
    page.keyboard.type("pxuf 5: six fingers at 0:03?")
    page.get_by_role("button", name="Send back", exact=True).click()
    page.locator(".history").get_by_text("Sent back").wait_for()
    assert [(event.now, event.reason) for event in video.events.all()] == [("draft", "pxuf 5: six fingers at 0:03?")]
    video.refresh_from_db()
    assert (video.review, video.rating) == ("", 0)
    assert not told


def test_two_are_compared_on_one_play_head_and_one_wins(open_page: Any, two: list[Video], told: list[str]) -> None:
    first, second = two
    page = open_page(f"/compare/?v={first.pk}&v={second.pk}&offset=0&offset=2")
    until(page, "'ready' in document.querySelector('.compare').dataset")
    page.keyboard.press("Space")
    until(page, f"{HEADS}.every((head) => head > 0.5)")
    page.keyboard.press("Space")
    until(page, STILL)
    heads = page.evaluate(HEADS)
    assert heads[1] - heads[0] == pytest.approx(2 / 24, abs=0.5 / 24)
    assert [head * 24 % 1 for head in heads] == pytest.approx([0.5, 0.5], abs=0.02)
    page.keyboard.press(".")
    until(page, STILL)
    assert [after - before for after, before in zip(page.evaluate(HEADS), heads, strict=True)] == pytest.approx(
        [1 / 24, 1 / 24], abs=0.001
    )
    page.get_by_role("button", name="One frame ahead").nth(1).click()
    page.keyboard.press("m")
    assert "offset=0&offset=3" in page.url
    assert "sound=2" in page.url
    page.keyboard.press("2")
    page.get_by_text("Chosen: Take 2").wait_for()
    assert "offset=0&offset=3" in page.url
    assert Shot.objects.get(pk=first.shot_id).chosen == second
    assert reviews() == ["approved", ""]
    page.keyboard.press("x")
    page.wait_for_url(f"**/shots/{first.shot_id}/")
    assert reviews() == ["approved", "rejected"]
    assert not told


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_pages_of_choosing_are_quiet_accessible_and_no_wider_than_the_screen(
    open_page: Any, two: list[Video], told: list[str], scheme: str, width: int
) -> None:
    first, second = two
    Video.objects.filter(pk=first.pk).update(review=Review.APPROVED, reviewed_at=first.created_at, rating=3)
    compared = f"/compare/?v={first.pk}&v={second.pk}&won={first.pk}"
    for path in (first.get_absolute_url(), f"/videos/{first.pk}/publish/", compared):
        page = open_page(path, scheme=scheme, width=width)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        assert not told, path
        assert not sins(page), path
        told.clear()  # axe tries inline styles, which the page's own policy rightly refuses


def test_without_a_script_everything_is_a_form(open_page: Any, two: list[Video]) -> None:
    first, second = two
    page = open_page(first.get_absolute_url(), java_script_enabled=False)
    page.get_by_role("button", name="4 stars").click()
    page.get_by_text("Rated 4 of 5.").wait_for()
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Approved.").first.wait_for()
    page.goto(f"/compare/?v={first.pk}&v={second.pk}")
    assert page.locator("video[controls]").count() == 2
    page.get_by_role("button", name="Choose").nth(1).click()
    page.get_by_text("Chosen: Take 2").wait_for()
    assert Shot.objects.get(pk=first.shot_id).chosen == second

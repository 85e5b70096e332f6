"""The grid in Chromium: previews under the mouse, "Load more", takes in their place; nothing jumps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from generations.media import clips
from generations.models import Shot, Status, Video
from tests.browser.conftest import until
from tests.catalog.conftest import with_poster
from tests.clips import clip
from tests.factories import NOW, a_task, a_video

PAGE, LIMIT = 24, 100_000
PREVIEW = "document.querySelector('.poster video')"
SHIFTS = """() => new Promise(done => {
  const entries = [];
  new PerformanceObserver(list => entries.push(...list.getEntries())).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(entries.reduce((sum, each) => sum + each.value, 0)), 100);
})"""
WEIGHT = """performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
  .filter(each => ["navigation", "link", "script"].includes(each.initiatorType))
  .reduce((sum, each) => sum + each.decodedBodySize, 0)"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stored(media_root: Path) -> list[Video]:
    """Thirty clips, the first the newest, which serve as their own previews."""
    content = clip(seconds=2, width=112, height=64)
    picture = None
    found: list[Video] = []
    for n in range(30):
        video = a_video(
            content=content, created_at=NOW + timedelta(minutes=n), title=f"A lighthouse {n}", color="#30507a",
            width=112, height=64,
        )  # fmt: skip
        picture = picture or clips.poster(video.path).poster
        Video.objects.filter(pk=with_poster(video, picture).pk).update(preview=str(video.file))
        found.insert(0, video)
    return found


def over(page: Page, part: float) -> None:
    """Move the mouse over the first card, this part of its picture from the left."""
    box = page.locator(".card .poster").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2, steps=4)


def test_nothing_jumps_and_the_page_is_light(open_page: Any, stored: list[Video], told: list[str]) -> None:
    page = open_page("/")
    page.wait_for_load_state("networkidle")
    assert page.locator(".card").count() == PAGE
    assert page.evaluate(SHIFTS) == 0
    assert 0 < page.evaluate(WEIGHT) < LIMIT
    assert not told


def test_a_preview_plays_is_scrubbed_and_is_released(open_page: Any, stored: list[Video], told: list[str]) -> None:
    page = open_page("/")
    over(page, 0.1)
    until(page, f"{PREVIEW} && !{PREVIEW}.paused && {PREVIEW}.muted && {PREVIEW}.loop && {PREVIEW}.currentTime > 0")
    over(page, 0.5)
    over(page, 0.75)
    until(page, f"{PREVIEW}.paused && Math.abs({PREVIEW}.currentTime - {PREVIEW}.duration * 0.75) < 0.1")
    page.mouse.move(5, 5)
    until(page, f"!{PREVIEW}")
    assert not told


def test_the_picture_under_a_preview_still_leads_to_the_clip(open_page: Any, stored: list[Video]) -> None:
    page = open_page("/")
    over(page, 0.1)
    until(page, f"{PREVIEW}?.readyState >= 2")
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(f"**{stored[0].get_absolute_url()}*")


@pytest.mark.parametrize("options", [{"reduced_motion": "reduce"}, {"has_touch": True, "is_mobile": True}])
def test_no_preview_with_reduced_motion_or_by_touch(
    open_page: Any, stored: list[Video], options: dict[str, Any]
) -> None:
    page = open_page("/", **options)
    page.clock.install()
    page.reload()
    over(page, 0.1)
    page.clock.fast_forward(1000)
    assert page.evaluate(f"!{PREVIEW}")


def test_a_preview_that_fails_is_not_asked_for_again(open_page: Any, stored: list[Video]) -> None:
    Video.objects.filter(pk=stored[0].pk).update(preview="videos/2026/none.mp4")
    page = open_page("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(2):
        over(page, 0.1)
        until(page, f"'failed' in document.querySelector('.card').dataset && !{PREVIEW}")
        page.mouse.move(5, 5)
    assert sum(url.endswith("none.mp4") for url in asked) == 1


def test_more_is_loaded_in_place_and_reloading_returns_there(
    open_page: Any, stored: list[Video], told: list[str]
) -> None:
    page = open_page("/")
    page.get_by_role("button", name="Load more").focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.card').length === 30")
    until(page, f"document.activeElement.textContent === {stored[PAGE].title!r}")
    assert page.get_by_role("status").filter(has_text="6 more, 30 shown").count() == 1
    assert page.get_by_role("button", name="Load more").count() == 0
    page.locator(".card").last.scroll_into_view_if_needed()
    until(page, "location.search.includes('before=')")
    page.reload()
    assert page.locator(".card").count() == 6
    assert not told


def test_takes_are_shown_in_place_and_folded_away(open_page: Any, told: list[str]) -> None:
    shot = Shot.objects.create()
    for n in range(3):
        a_video(a_task(Status.STORED, shot=shot), title=f"Take {n}", created_at=NOW + timedelta(minutes=n))
    a_video(created_at=NOW - timedelta(days=1))
    page = open_page("/")
    opener = page.get_by_role("button", name="3 takes of Take 2")
    opener.focus()
    page.keyboard.press("Space")
    until(page, "document.querySelectorAll('.fan .card').length === 2")
    assert opener.get_attribute("aria-expanded") == "true"
    assert page.locator(".fan h2").all_text_contents() == ["Take 1", "Take 0"]
    until(page, "document.activeElement.textContent === 'Take 1'")
    page.keyboard.press("Escape")
    assert page.locator(".fan").count() == 0
    assert opener.evaluate("each => each === document.activeElement")
    assert not told

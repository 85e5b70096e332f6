"""The page of a clip in Chromium: the player to the frame, comments at a moment, by keyboard alone and by touch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from generations.library import comments
from generations.media import clips
from generations.models import Comment, Share, Status, Video
from tests.browser.conftest import LOOKS, sins, until
from tests.catalog.conftest import with_poster
from tests.clips import clip
from tests.factories import NOW, a_prompt, a_task, a_video

PLAYER = "document.querySelector('.stage video')"
STILL = f"!{PLAYER}.seeking && !{PLAYER}.dataset.seeking"
FPS, SECONDS = 24, 3

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def takes(media_root: Path, staff: User) -> list[Video]:
    """Three clips of a prompt, the first two of one shot, the last the newest; the first has comments."""
    prompt, found = a_prompt(text="a lighthouse at dawn, gulls crying over the harbour wall"), []
    shot = None
    for n, (width, height) in enumerate([(320, 180), (320, 180), (180, 320)]):
        task = a_task(
            Status.STORED, prompt=prompt, prompt_text=prompt.text, **({"shot": shot} if shot and n < 2 else {})
        )
        shot = task.shot
        content = clip(seconds=SECONDS, width=width, height=height)
        video = with_poster(
            a_video(task, content=content, width=width, height=height, duration_seconds=SECONDS, title=f"Take {n + 1}")
        )
        for path in (video.poster.path, video.poster_small.path):
            Path(path).write_bytes(clips.poster(video.path).poster)
        found.append(video)
    first = comments.write(found[0], "The beam flickers here.", at=NOW, author=staff, at_seconds=1.02)
    comments.write(found[0], "Yes, @mira, and again at the end.", at=NOW, author=staff, parent=first)
    share = Share.objects.create(video=found[0], created_at=NOW, created_by=staff, may_comment=True)
    comments.write(found[0], "Brighter, please?", at=NOW, guest_name="Zoë of ACME", share=share, at_seconds=2.3)
    done = comments.write(found[0], "Lovely mood.", at=NOW, author=staff)
    comments.resolve(done, at=NOW, by=staff)
    return found


def opened(open_page: Any, video: Video, **options: Any) -> Page:
    page: Page = open_page(video.get_absolute_url(), **options)
    until(page, f"{PLAYER}.readyState >= 1")
    return page


def shown(page: Page) -> int:
    """The number of the frame that the bar says is shown, once the player stands still."""
    until(page, STILL)
    return int(page.locator("[data-say=frame]").inner_text())


@pytest.mark.parametrize(("scheme", "width"), [*LOOKS, ("dark", 390)])
def test_a_clip_is_quiet_accessible_and_no_wider_than_the_screen(
    open_page: Any, takes: list[Video], told: list[str], scheme: str, width: int
) -> None:
    for n in (0, 2):
        page = opened(open_page, takes[n], scheme=scheme, width=width)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert not told
        if folder := os.environ.get("PICTURES"):  # to look at them
            page.screenshot(path=Path(folder) / f"clip-{n}-{scheme}-{width}.png", full_page=True)
        assert not sins(page)
        told.clear()  # axe tries inline styles, which the page's own policy rightly refuses


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_mentions_are_accessible_and_lead_to_the_moment(open_page: Any, takes: list[Video], scheme: str) -> None:
    page = open_page("/mentions/", scheme=scheme, width=390)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert not sins(page)
    page.get_by_role("link", name="Take 1").click()
    page.wait_for_url(f"**{takes[0].get_absolute_url()}#comment-*")


def test_every_step_shows_the_next_frame(open_page: Any, takes: list[Video]) -> None:
    page = opened(open_page, takes[0])
    for frame in range(1, FPS * SECONDS):
        page.keyboard.press(".")
        assert shown(page) == frame
        at = page.evaluate(f"{PLAYER}.currentTime")
        assert at == pytest.approx((frame + 0.5) / FPS, abs=0.001)
    page.keyboard.press(".")
    assert shown(page) == FPS * SECONDS - 1
    page.keyboard.press(",")
    assert shown(page) == FPS * SECONDS - 2


def test_the_player_works_by_keyboard_alone(open_page: Any, takes: list[Video], told: list[str]) -> None:
    page = opened(open_page, takes[0])
    page.keyboard.press("Space")
    until(page, f"!{PLAYER}.paused")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("k")
    until(page, f"{PLAYER}.paused")
    page.keyboard.press("l")
    assert page.evaluate(f"{PLAYER}.loop") is False
    page.keyboard.press("<")
    page.keyboard.press("<")
    assert page.evaluate(f"{PLAYER}.playbackRate") == 0.5
    page.get_by_role("slider", name="Position").focus()
    page.keyboard.press("End")
    assert shown(page) == FPS * SECONDS - 1
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert shown(page) == 1
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    assert not told


def test_volume_and_silence_are_remembered(open_page: Any, takes: list[Video]) -> None:
    Video.objects.update(has_audio=True)
    page = opened(open_page, takes[0])
    page.get_by_role("slider", name="Volume").fill("0.35")
    page.keyboard.press("m")
    until(page, "localStorage.getItem('muted') === 'yes'")
    page.reload()
    until(page, f"{PLAYER}.readyState >= 1")
    assert page.evaluate(f"[{PLAYER}.volume, {PLAYER}.muted]") == [0.35, True]


def test_a_comment_is_written_answered_and_resolved_by_keyboard(
    open_page: Any, takes: list[Video], told: list[str]
) -> None:
    page = opened(open_page, takes[1])
    for _ in range(12):
        page.keyboard.press(".")
    assert shown(page) == 12
    page.keyboard.press("c")
    page.keyboard.type("The gull is cut off.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "0:00.52"
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_have_text("Your comment is saved.")
    comment = Comment.objects.get(video=takes[1])
    assert (comment.text, comment.at_seconds) == ("The gull is cut off.", 0.52)
    assert page.evaluate("document.activeElement.id") == f"comment-{comment.pk}"
    assert page.locator(".marks a").count() == 1
    page.keyboard.press("End")
    page.locator(".moment").focus()
    page.keyboard.press("Enter")
    assert shown(page) == 12
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_have_text("Resolved.")
    page.locator(".reply summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Agreed.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Agreed.")).to_be_visible()
    assert not told


def test_the_timeline_sets_the_moment_while_one_writes(open_page: Any, takes: list[Video]) -> None:
    page = opened(open_page, takes[0])
    page.locator("#comment-text").fill("Here")
    page.locator(".timeline").scroll_into_view_if_needed()
    box = page.locator("[data-set=frame]").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    until(page, STILL)
    assert page.locator("#comment-at").input_value() in ("0:01.47", "0:01.48", "0:01.52", "0:01.43")
    until(page, "document.activeElement.id === 'comment-text'")
    page.locator(".marks a").first.click()
    assert shown(page) == int(1.02 * FPS)


def test_what_is_wrong_with_a_comment_stands_at_its_field(open_page: Any, takes: list[Video]) -> None:
    page = opened(open_page, takes[0])
    page.locator("#comment-text").fill("Here")
    page.locator("#comment-at").fill("later")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("[data-error=at]").first).to_have_text("Write the moment in seconds, such as 3.12 or 0:03.12.")
    assert page.evaluate("document.activeElement.id") == "comment-at"
    assert page.locator("#comment-text").input_value() == "Here"


def test_words_outlive_a_site_that_cannot_be_reached(open_page: Any, takes: list[Video]) -> None:
    page = opened(open_page, takes[0])
    page.route("**/comments/", lambda route: route.abort())
    page.locator("#comment-text").fill("Do not lose me")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("[data-said]")).to_contain_text("could not be reached")
    assert page.locator("#comment-text").input_value() == "Do not lose me"


def test_without_a_script_the_page_does_the_same(open_page: Any, takes: list[Video]) -> None:
    page = open_page(takes[0].get_absolute_url(), java_script_enabled=False)
    expect(page.locator("video[controls]")).to_be_visible()
    expect(page.locator(".bar")).to_be_hidden()
    page.locator("#comment-text").fill("At two seconds")
    page.locator("#comment-at").fill("2")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_text("Your comment is saved.")).to_be_visible()
    page.get_by_role("link", name="At 0:02.00").click()
    assert page.locator("video").get_attribute("src") == f"{takes[0].url}#t=2.0"
    page.get_by_role("link", name="Edit title and description").click()
    page.get_by_label("Title").fill("The harbour")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="The harbour")).to_be_visible()


def test_a_swipe_leads_to_the_neighbour(open_page: Any, takes: list[Video]) -> None:
    page = opened(open_page, takes[2], width=390, has_touch=True)
    for name, x in (("pointerdown", 300), ("pointerup", 120)):
        event = f"new PointerEvent('{name}', {{clientX: {x}, clientY: 300, pointerType: 'touch', bubbles: true}})"
        page.evaluate(f"{PLAYER}.dispatchEvent({event})")
    page.wait_for_url(f"**{takes[1].get_absolute_url()}")


def test_nothing_moves_while_the_page_loads(open_page: Any, takes: list[Video]) -> None:
    page = open_page("/")
    page.add_init_script(
        "window.moved = 0;"
        "new PerformanceObserver((list) => list.getEntries().forEach((each) => window.moved += each.value))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(takes[0].get_absolute_url())
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.moved") == 0

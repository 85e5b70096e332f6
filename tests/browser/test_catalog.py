"""The catalog in Chromium: nothing in the console, nothing that axe minds, and what only a browser can show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generations.media import clips
from generations.models import GenerationTask, Status, Video
from tests.browser.conftest import LOOKS, sins, until
from tests.catalog.conftest import with_poster
from tests.clips import clip, png
from tests.factories import a_prompt, a_task, a_video, an_image

PLAYER = "document.querySelector('.stage video')"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stored(media_root: Path) -> list[Video]:
    """Three takes of a prompt, one of each shape, the first the newest."""
    prompt, image = a_prompt(), an_image(png())
    found: list[Video] = []
    for width, height in [(64, 64), (64, 112), (112, 64)]:
        task: GenerationTask = a_task(Status.STORED, prompt=prompt, start_image=image, negative_prompt="fog")
        video = a_video(
            task, content=clip(seconds=2, width=width, height=height), width=width, height=height,
            title="A lighthouse", differences=["2.0 s long, but 5 s were ordered"],
        )  # fmt: skip
        with_poster(video)
        Path(video.poster.path).write_bytes(clips.poster(video.path).poster)
        found.insert(0, video)
    return found


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_pages_are_quiet_accessible_and_no_wider_than_the_screen(
    open_page: Any, stored: list[Video], told: list[str], scheme: str, width: int
) -> None:
    for path in ("/", stored[1].get_absolute_url()):
        page = open_page(path, scheme=scheme, width=width)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        assert not told, path
        assert not sins(page), path
        told.clear()  # axe tries inline styles, which the page's own policy rightly refuses


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_in_and_getting_lost_are_accessible_too(open_page: Any, scheme: str) -> None:
    page = open_page("/nothing/", scheme=scheme)
    assert not sins(page)
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Sign in").wait_for()
    assert not sins(page)


def test_a_tall_clip_is_not_taller_than_the_window(open_page: Any, stored: list[Video]) -> None:
    for width in (1280, 390):
        for video in stored:
            page = open_page(video.get_absolute_url(), width=width)
            until(page, f"{PLAYER}.readyState >= 1")
            size = page.evaluate(f"[{PLAYER}.clientWidth, {PLAYER}.clientHeight]")
            assert size[1] <= 844
            assert size[0] / size[1] == pytest.approx(video.width / video.height, rel=0.02)


def test_nothing_moves_when_the_clip_has_loaded(open_page: Any, stored: list[Video]) -> None:
    page = open_page(stored[1].get_absolute_url())
    page.route("**/*.mp4", lambda route: route.abort())
    page.reload(wait_until="domcontentloaded")
    size = f"[{PLAYER}.clientWidth, {PLAYER}.clientHeight]"
    before = page.evaluate(size)
    page.unroute("**/*.mp4")
    page.reload()
    until(page, f"{PLAYER}.readyState >= 1")
    assert page.evaluate(size) == before


def test_keys_lead_to_the_neighbours_and_to_their_list(open_page: Any, stored: list[Video], told: list[str]) -> None:
    newest, middle, _ = stored
    page = open_page(newest.get_absolute_url())
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**{middle.get_absolute_url()}")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**{newest.get_absolute_url()}")
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("ArrowRight")  # under the list, the page keeps still
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert page.url.endswith(newest.get_absolute_url())
    assert not told


@pytest.mark.parametrize("clipboard", [True, False])
def test_the_prompt_is_copied(open_page: Any, stored: list[Video], told: list[str], clipboard: bool) -> None:
    page = open_page(stored[0].get_absolute_url(), permissions=["clipboard-read", "clipboard-write"])
    read = "navigator.clipboard.readText()"
    if not clipboard:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject() }")
    page.get_by_role("button", name="Copy the prompt").click()
    page.get_by_role("status").filter(has_text="Copied").wait_for()
    assert page.evaluate(read) == "a lighthouse at dawn"
    assert not told


def test_files_can_be_opened_on_their_own(open_page: Any, stored: list[Video], told: list[str]) -> None:
    page = open_page(stored[0].url)
    until(page, "document.querySelector('video').readyState >= 1")
    page.goto(stored[0].poster_url)
    until(page, "document.images[0].naturalWidth > 0")
    assert not told


def test_the_theme_that_was_chosen_in_the_admin_holds(open_page: Any, stored: list[Video]) -> None:
    page = open_page("/", scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.reload()
    assert page.evaluate(ground) != light

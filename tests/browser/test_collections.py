"""Collections in Chromium: their order by keyboard and by mouse, and the rough cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generations.library import collections
from generations.media import clips
from generations.models import Collection, Video
from tests.browser.conftest import LOOKS, sins, until
from tests.catalog.conftest import with_poster
from tests.clips import clip
from tests.factories import NOW, a_video

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = "JSON.stringify([...document.querySelectorAll('.place')].map(place => place.dataset.title))"


@pytest.fixture
def teaser(media_root: Path) -> Collection:
    """Three clips of a second and a half."""
    collection = collections.create("Teaser", at=NOW)
    for title in ("Fox", "Hare", "Owl"):
        video = with_poster(a_video(content=clip(seconds=1.5, width=128, height=72), title=title, duration_seconds=1.5))
        Path(video.poster.path).write_bytes(clips.poster(video.path).poster)
        collections.add(collection, [video])
    return collection


def order(collection: Collection) -> list[str]:
    return [video.title for video in collections.clips_of(collection, Video.objects.all())]


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_pages_are_quiet_accessible_and_no_wider_than_the_screen(
    open_page: Any, teaser: Collection, told: list[str], scheme: str, width: int
) -> None:
    for path in ("/collections/", "/collections/teaser/", "/collections/teaser/play/"):
        page = open_page(path, scheme=scheme, width=width)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        assert not told, path
        assert not sins(page), path
        told.clear()  # axe tries inline styles, which the page's own policy rightly refuses


def test_the_order_is_changed_by_keyboard_and_by_mouse(open_page: Any, teaser: Collection) -> None:
    page = open_page("/collections/teaser/")
    button = page.get_by_role("button", name="Move Fox later")
    button.focus()
    page.keyboard.press("Enter")
    until(page, f'{ORDER} === \'["Hare","Fox","Owl"]\'')
    assert page.evaluate("document.activeElement.textContent").strip().endswith("Move Fox later")
    assert page.get_by_role("status").first.text_content() == "Fox is now 2 of 3."
    with page.expect_response(lambda answer: "/order/" in answer.url):
        page.locator(".place[data-title=Owl]").drag_to(page.locator(".place[data-title=Hare]"))
    assert page.evaluate(ORDER) == '["Owl","Hare","Fox"]'
    page.reload()
    assert page.evaluate(ORDER) == '["Owl","Hare","Fox"]'
    assert order(teaser) == ["Owl", "Hare", "Fox"]


def test_the_rough_cut_plays_clip_after_clip_to_the_end(open_page: Any, teaser: Collection, told: list[str]) -> None:
    page = open_page("/collections/teaser/play/")
    page.get_by_role("button", name="Play").click()
    for number, title in enumerate(("Fox", "Hare", "Owl"), 1):
        until(page, f"document.getElementById('now').textContent === '{number} of 3: {title}'")
    until(page, "document.getElementById('play').textContent === 'Play'")
    assert page.evaluate("document.querySelectorAll('.screens video.on').length") == 1
    assert not told


def test_without_javascript_the_buttons_are_forms(open_page: Any, teaser: Collection) -> None:
    page = open_page("/collections/teaser/", java_script_enabled=False)
    page.get_by_role("button", name="Move Owl earlier").click()
    assert order(teaser) == ["Fox", "Owl", "Hare"]

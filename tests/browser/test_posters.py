"""The poster picker in Chromium: by keyboard, without a script, and nothing loaded before it is opened."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from generations.library.previews import make_next
from generations.models import Video
from tests.browser.conftest import LOOKS, sins
from tests.clips import clip
from tests.factories import NOW
from tests.trees import a_complete_video

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def video(staff: User) -> Video:
    """A clip with its preview."""
    content = clip(seconds=2, width=320, height=180)
    video = a_complete_video(content=content, width=320, height=180, duration_seconds=2.0, preview_due_at=NOW)
    make_next(at=NOW)
    return video


def test_a_frame_is_chosen_by_keyboard_without_a_script(open_page: Any, video: Video, told: list[str]) -> None:
    page: Page = open_page(video.get_absolute_url(), java_script_enabled=False)
    page.get_by_text("Choose the poster").focus()
    for key in ("Enter", "Tab", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("status").filter(has_text="This frame is the poster now.")).to_be_visible()
    page.get_by_text("Choose the poster").click()
    expect(page.get_by_role("button", name="Frame at 0.4 s, the poster")).to_be_visible()
    assert Video.objects.get().poster_seconds == 0.4
    assert told == []


def test_one_picture_of_all_frames_is_loaded_once_it_is_opened(open_page: Any, video: Video, told: list[str]) -> None:
    page: Page = open_page(video.get_absolute_url())
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.reload(wait_until="networkidle")
    assert not [url for url in loaded if "frames.jpg" in url]
    with page.expect_response("**/frames.jpg*"):
        page.get_by_text("Choose the poster").click()
    assert len([url for url in loaded if "frames.jpg" in url]) == 1
    assert told == []


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_serious(scheme: str, width: int, open_page: Any, video: Video) -> None:
    page: Page = open_page(video.get_absolute_url(), scheme=scheme, width=width)
    page.get_by_text("Choose the poster").click()
    assert sins(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

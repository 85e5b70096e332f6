"""Continue in Chromium: by keyboard, without a script, and from the frame that the player shows."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from generations.media.images import CleanImage
from generations.models import GenerationTask, ReferenceImage, Status, Video
from tests.browser.conftest import LOOKS, sins, until
from tests.clips import clip, png
from tests.factories import a_task
from tests.trees import a_complete_video

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def video(staff: User) -> Video:
    content = clip(seconds=2, width=320, height=180)
    facts = {"width": 320, "height": 180, "duration_seconds": 2.0}
    first = a_complete_video(a_task(Status.STORED, ordered_by=staff), content=content, **facts)
    later = a_task(Status.STORED, continued_from=first.task, continued_at_seconds=1.5)
    return a_complete_video(later, content=content, **facts)


def frames_of(video: Video) -> str:
    return f"/admin/generations/video/{video.pk}/frame/"


def test_a_clip_is_continued_by_keyboard_without_a_script(open_page: Any, video: Video, told: list[str]) -> None:
    page: Page = open_page(video.get_absolute_url(), java_script_enabled=False)
    page.get_by_role("link", name="Continue…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Frame 44 of 47")).to_be_visible()
    page.get_by_role("link", name="5 before the last: frame 42").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Frame 42 of 47")).to_be_visible()
    page.get_by_role("button", name="Use this frame").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Continues Task {video.task_id} from the frame at 1.75 s")).to_be_visible()
    for name in ("See the receipt", "Order 1 clip"):
        page.locator(".order-row").get_by_role("button", name=name).focus()
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Lineage")).to_be_visible()
    assert GenerationTask.objects.latest("pk").continued_from == video.task
    assert told == []


def test_the_frame_that_the_player_shows_is_the_one_that_is_continued(
    open_page: Any, video: Video, told: list[str]
) -> None:
    page: Page = open_page(video.get_absolute_url())
    until(page, "document.querySelector('video').readyState >= 2")
    page.get_by_label("Position").fill("31")
    until(page, "document.querySelector('[data-say=frame]').textContent === '31'")
    page.get_by_role("link", name="Continue…").click()
    expect(page.get_by_text("Frame 31 of 47")).to_be_visible()
    until(page, "[...document.querySelectorAll('#content img')].every((each) => each.naturalWidth)")
    assert told == []


def test_a_picture_is_chosen_for_a_form_that_keeps_what_was_typed(
    open_page: Any, video: Video, told: list[str]
) -> None:
    ReferenceImage.store(CleanImage(png(), "png", 640, 480), name="bottle.png")
    page: Page = open_page(f"/admin/generations/prompt/{video.prompt_id}/generate/?like={video.task_id}")
    page.locator("[name=mode]").select_option("image-to-video")
    page.locator("[name=prompt]").fill("my words")
    page.locator("button[value='end_image earlier']").click()
    page.get_by_role("link", name="bottle.png").click()
    expect(page.get_by_text("Keep this end image")).to_be_visible()
    assert page.locator("[name=prompt]").input_value() == "my words"
    page.locator("[name=takes]").press("Enter")  # the first button of a form is pressed: no one that leaves the page
    expect(page.get_by_text("Nothing was ordered.")).to_be_visible()
    assert [line for line in told if "Autofocus" not in line] == []  # what is wrong has the focus already


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_serious(scheme: str, width: int, open_page: Any, video: Video) -> None:
    page: Page = open_page(frames_of(video), scheme=scheme, width=width)
    pages = [frames_of(video), video.get_absolute_url(), video.task.get_absolute_url()]
    for path in pages:
        page.goto(path)
        assert sins(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto(f"/admin/generations/prompt/{video.prompt_id}/generate/?like={video.task_id}")
    page.locator("[name=mode]").select_option("image-to-video")
    assert sins(page) == []
    page.locator("button[value='start_image frame']").click()
    expect(page.get_by_role("heading", name="Choose a clip for the start image")).to_be_visible()
    assert sins(page) == []

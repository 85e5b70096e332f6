"""The queue in Chromium: quiet, accessible, as wide as the screen; it updates itself and leaves a reader alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from generations.models import GenerationTask, Pause, Status
from tests.browser.conftest import LOOKS, sins
from tests.factories import a_prompt, a_task

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue(db: None) -> dict[Status, GenerationTask]:
    """A task in each part, and a pause."""
    now, prompt = timezone.now(), a_prompt(title="Lighthouse")
    later = now + timedelta(hours=1)  # so that none is overdue, however slow this machine is
    Pause.objects.create(provider="apixo", model="kling-2-6", reason="403", paused_at=now)
    return {
        status: a_task(status, prompt=prompt, submitted_at=later, due_at=later, remote_state="busy")
        for status in (Status.UNCONFIRMED, Status.QUEUED, Status.RUNNING, Status.READY)
    }


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_the_queue_is_quiet_accessible_and_no_wider_than_the_screen(
    open_page: Any, queue: Any, told: list[str], scheme: str, width: int
) -> None:
    page = open_page("/admin/queue/", scheme=scheme, width=width)
    page.locator("details[data-key] summary").first.click()
    assert not told
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert not sins(page)


def test_a_task_moves_on_while_a_person_reads_and_keeps_the_focus(
    open_page: Any, queue: dict[Status, GenerationTask], told: list[str]
) -> None:
    page = open_page("/admin/queue/")
    waiting, made = queue[Status.QUEUED], queue[Status.READY]
    page.locator(f"[data-key=answers-{made.pk}] summary").click()
    page.locator(f"[data-key=task-{waiting.pk}]").focus()
    assert waiting.move(
        Status.SUBMITTING, "sending", at=timezone.now(), due_at=timezone.now(), submitted_at=timezone.now()
    )
    expect(page.locator(f"[data-part=generating] [data-key=task-{waiting.pk}]")).to_be_focused(timeout=15000)
    expect(page.locator(f"details[data-key=answers-{made.pk}]")).to_have_attribute("open", "")
    expect(page.locator("#said")).to_have_text("1 for a person, 0 queued, 2 generating, 1 saving")
    assert not told

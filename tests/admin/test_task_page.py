"""What a task's page says and offers, in each of its statuses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generations.admin import display
from generations.admin.task_page import Progress, choices, live
from generations.models import GenerationTask, Pause, Status
from generations.money import ledger
from tests.factories import NOW, a_campaign, a_task, a_video

OFFERED = {
    Status.QUEUED: ["cancel", "take", "change"],
    Status.SUBMITTING: ["take", "change"],
    Status.RUNNING: ["poll", "take", "change"],
    Status.READY: ["poll", "take", "change"],
    Status.STORED: ["take", "promote", "change"],
    Status.FAILED: ["again", "take", "change"],
    Status.UNCONFIRMED: ["confirm", "abandon", "wait", "take", "change"],
    Status.LOST: ["poll", "again", "take", "change"],
    Status.CANCELED: ["again", "take", "change"],
}


def page_of(client: Client, task: GenerationTask) -> str:
    return client.get(task.get_absolute_url()).content.decode()


@pytest.mark.parametrize("status", Status)
def test_each_status_offers_what_can_be_done_in_it(db: None, status: Status) -> None:
    draft = {"model": "kling-2-1", "mode": "standard-image-to-video", "price_usd": Decimal("0.20")}
    task = a_task(status, start_image_url="https://example.com/a.png", **draft)
    assert [choice.name for choice in choices(task, at=NOW)] == OFFERED[status]


@pytest.mark.parametrize(("kind", "first"), [("content", "change"), ("input", "change"), ("provider", "again")])
def test_the_first_button_is_the_one_that_the_advice_names(db: None, kind: str, first: str) -> None:
    found = choices(a_task(Status.FAILED, error_kind=kind), at=NOW)
    assert [choice.name for choice in found if choice.tone == "default"] == [found[0].name] == [first]


def test_a_task_that_runs_far_too_long_says_so_and_what_can_be_done(db: None, settings: Any) -> None:
    settings.WAIT_SCALE = 1
    task = a_task(Status.RUNNING, submitted_at=NOW)
    assert not live(task, at=NOW + timedelta(seconds=89))["overdue"]
    text = live(task, at=NOW + timedelta(seconds=600))["overdue"]
    assert text.startswith("It has been running for 10 min, and usually takes at most 45 s. Nothing is charged before")


def test_campaign_and_amounts_are_shown(admin_client: Client) -> None:
    task = a_task(Status.STORED, campaign=a_campaign("Autumn sale"))
    page = page_of(admin_client, task)
    assert "Autumn sale" in page
    assert 'Reserved <span class="money">$0.30</span>' in page


def test_parameters_without_a_column_are_shown_by_their_names(admin_client: Client) -> None:
    chosen = {"prompt": "gulls", "duration": 5, "resolution": "1080p"}
    task = a_task(Status.STORED, model="kling-3-0-turbo", parameters=chosen)
    assert ("Resolution", "1080p") in live(task, at=NOW)["ordered"]
    assert "Text to video, 5 s, 1080p" in display.settings_line(task)
    assert "Text to video, 5 s, 1080p" in admin_client.get(display.admin_url(a_video(task))).content.decode()


def test_the_lineage_of_a_task_is_drawn_on_its_page_and_on_its_clip_s(admin_client: Client) -> None:
    draft = a_video().task
    failed = a_task(Status.FAILED, promoted_from=draft)
    final = a_video(a_task(Status.STORED, promoted_from=draft, retry_of=failed)).task
    for path in (draft.get_absolute_url(), display.admin_url(draft.videos.get())):
        page = admin_client.get(path).content.decode()
        assert f'<a href="{final.get_absolute_url()}">Task {final.pk}</a> <span class="quiet">promoted, Kling' in page
        assert f'<a href="{failed.get_absolute_url()}">' in page
        assert "Kling 2.5 Turbo Pro, failed</span>" in page
    for path in (final.get_absolute_url(), display.admin_url(final.videos.get())):
        page = admin_client.get(path).content.decode()
        assert display.link(draft) in page
        assert (
            f'<li aria-current="true"><span class="step"><span class="no-picture"></span><span><strong>{final}' in page
        )


@pytest.mark.parametrize("status", Status)
def test_a_viewer_is_offered_nothing(viewer_client: Client, status: Status) -> None:
    page = page_of(viewer_client, a_task(status))
    assert 'method="post" action="/admin/generations/generationtask/' not in page
    assert "Another take" not in page


def test_an_unconfirmed_order_is_explained(admin_client: Client) -> None:
    page = page_of(admin_client, a_task(Status.UNCONFIRMED))
    assert "APIXO did not confirm this order, so it may be charged or not. It is not sent again" in page
    assert "a second order could be charged too" in page
    assert "Reserved: $0.30" in page
    assert 'name="remote_id"' in page
    assert 'name="why"' in page


def test_what_a_new_order_would_cost_stands_on_its_button(admin_client: Client) -> None:
    page = page_of(admin_client, a_task(Status.FAILED))
    assert "Try again (from $0.30, practice)" in page
    assert "Another take (from $0.30, practice)" in page


def test_a_price_that_is_not_known_is_not_named_as_nothing(admin_client: Client) -> None:
    task = a_task(Status.FAILED, model="kling-2-6", sound=True, price_usd=None)
    page = page_of(admin_client, task)
    assert "Try again (price unknown, practice)" in page


def test_a_lost_task_says_that_it_stays_charged(admin_client: Client) -> None:
    assert "stays charged" in page_of(admin_client, a_task(Status.LOST))


def test_a_running_task_says_how_long_it_usually_takes(db: None, settings: Any) -> None:
    settings.WAIT_SCALE = 0.1
    task = a_task(Status.RUNNING, submitted_at=NOW)
    progress = live(task, at=NOW + timedelta(seconds=4))["progress"]
    assert progress.words == "usually 3–4.5 s, running 4 s"


def test_progress_never_says_that_it_is_done() -> None:
    assert Progress(elapsed=35, low=30, high=45).value == 70
    assert Progress(elapsed=45, low=30, high=45).value == 90
    assert Progress(elapsed=4500, low=30, high=45).value == 99


def test_money_is_told_as_estimated_reserved_and_spent(admin_client: Client) -> None:
    facts = admin_client.get(a_task(Status.STORED).get_absolute_url()).context["money"]
    assert facts == [("Estimated", "$0.30"), ("Reserved", "$0.00"), ("Spent", "$0.30")]
    facts = admin_client.get(a_task(Status.QUEUED).get_absolute_url()).context["money"]
    assert facts == [("Estimated", "$0.30"), ("Reserved", "$0.30"), ("Spent", "$0.00")]


def test_an_unknown_amount_that_was_spent_is_unknown(admin_client: Client) -> None:
    facts = admin_client.get(a_task(Status.STORED, price_usd=None).get_absolute_url()).context["money"]
    assert facts[2] == ("Spent", "price unknown")


def test_a_paused_order_leads_to_its_resuming_for_those_who_may(admin_client: Client, viewer_client: Client) -> None:
    pause = Pause.objects.create(provider="apixo", model="kling-2-5-turbo-pro", reason="no access", paused_at=NOW)
    resume = reverse("admin:generations_pause_delete", args=[pause.pk])
    for task in (a_task(), a_task(Status.FAILED, error_kind="access", error_message="no access")):
        assert page_of(admin_client, task).count(f'href="{resume}?next={task.get_absolute_url()}"') == 1
        assert resume not in page_of(viewer_client, task)
    assert resume not in page_of(admin_client, a_task(Status.STORED))


def test_a_starting_price_is_the_least_until_it_is_corrected(staff: User) -> None:
    task = a_task(Status.STORED, price_is_minimum=True)
    assert live(task, at=NOW)["money"][2] == ("Spent", "from $0.30")
    ledger.adjust(task, Decimal("0.12"), at=NOW, by=staff, reason="the invoice")
    task = GenerationTask.objects.get()
    assert live(task, at=NOW)["money"] == [
        ("Estimated", "from $0.30"), ("Reserved", "$0.00"), ("Spent", "$0.42"),
    ]  # fmt: skip


def test_every_parameter_of_the_order_is_there(admin_client: Client) -> None:
    task = a_task(
        Status.RUNNING, negative_prompt="no rain", cfg_scale=Decimal("0.7"), aspect_ratio="9:16", route="value",
        remote_id="remote-5", start_image_url="https://example.com/a.png",
    )  # fmt: skip
    page = page_of(admin_client, task)
    for words in ("no rain", "0.7", "9:16", "value", "remote-5", "https://example.com/a.png", "a lighthouse at dawn"):
        assert words in page


def test_a_failure_is_explained_beside_the_provider_s_words(admin_client: Client) -> None:
    task = a_task(Status.FAILED, error_kind="content", error_code="CONTENT_VIOLATION", error_message="nudity")
    page = page_of(admin_client, task)
    assert "A content filter refused" in page
    assert "CONTENT_VIOLATION" in page
    assert "nudity" in page
    assert "APIXO advises: Change the prompt or the picture." in page


def test_the_fragment_is_the_page_s_own_part(admin_client: Client) -> None:
    task = a_task(Status.RUNNING)
    fragment = admin_client.get(reverse("admin:generations_generationtask_live", args=[task.pk])).content.decode()
    assert "<html" not in fragment
    assert 'data-active="yes"' in fragment
    assert 'data-words="Task' in fragment


def test_a_finished_task_is_not_refreshed(admin_client: Client) -> None:
    task = a_video().task
    assert 'data-active="no"' in page_of(admin_client, task)


def test_the_timeline_says_who_did_what(admin_client: Client, staff: User) -> None:
    task = a_task(Status.RUNNING)
    task.note("checked on request", at=NOW, by=staff)
    page = page_of(admin_client, task)
    assert "checked on request" in page
    assert "by mira" in page


def test_what_was_charged_leads_to_a_correction_for_those_who_may(admin_client: Client, viewer_client: Client) -> None:
    paid, free = a_task(Status.STORED), a_task(Status.FAILED)
    door = reverse("admin:generations_ledgerentry_correct", args=[paid.pk])
    assert door in page_of(admin_client, paid)
    assert door not in page_of(viewer_client, paid)
    assert reverse("admin:generations_ledgerentry_correct", args=[free.pk]) not in page_of(admin_client, free)


def test_a_task_whose_clip_is_damaged_says_so_and_not_that_it_is_verified(admin_client: Client) -> None:
    video = a_video(damage="its file is missing")
    page = page_of(admin_client, video.task)
    assert "is charged, but its file is damaged: its file is missing." in page
    assert "stored and verified" not in page
    assert reverse("admin:generations_video_change", args=[video.pk]) in page


def test_a_failed_task_that_was_tried_again_leads_to_its_retry(db: None) -> None:
    task = a_task(Status.FAILED)
    a_task(Status.FAILED, retry_of=task)
    assert choices(task, at=NOW)[0].name == "again"
    again = a_task(Status.RUNNING, retry_of=task)
    first = choices(task, at=NOW)[0]
    assert (first.name, first.url) == ("retry", again.get_absolute_url())


def test_who_may_not_decide_is_told_whom_to_ask(admin_client: Client, buyer_client: Client) -> None:
    task = a_task(Status.UNCONFIRMED)
    told = "ask someone of the group Operator"
    assert (told in page_of(buyer_client, task), told in page_of(admin_client, task)) == (True, False)


def test_an_order_that_the_provider_named_after_it_was_closed_is_not_called_free(db: None) -> None:
    task = a_task(Status.FAILED, error_kind="not accepted", send_count=1, candidate_id="kling_7")
    text = live(task, at=NOW)["explained"]
    assert "APIXO named it later as kling_7: it may be charged." in text
    assert "Not charged" not in text

"""The list of tasks and its fragment, and the actions on many."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from generations.lifecycle import ordering
from generations.models import GenerationTask, Pause, Status
from tests.admin.receipts import LIST, act
from tests.factories import NOW, a_prompt, a_task, a_video

LIVE = reverse("admin:generations_generationtask_live_list")
Said = Callable[[Any], list[str]]


def listed(client: Client, **query: Any) -> set[int]:
    return {task.pk for task in client.get(LIST, query).context["cl"].result_list}


@pytest.mark.parametrize("page", [LIST, LIVE])
def test_the_list_takes_as_many_queries_for_many_rows_as_for_few(
    admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, page: str
) -> None:
    for _ in range(30):
        a_video()
    admin_client.get(page)
    with django_assert_max_num_queries(15):
        assert admin_client.get(page).status_code == 200


def test_a_row_shows_poster_prompt_status_settings_price_and_person(admin_client: Client, staff: User) -> None:
    task = a_task(Status.STORED, prompt=a_prompt(title="Harbour"), ordered_by=staff)
    a_video(task, poster="posters/a.jpg")
    page = admin_client.get(LIST).content.decode()
    for words in ("/media/posters/a.jpg", "Harbour", "Stored", "Kling 2.5 Turbo Pro", "$0.30", "practice", "mira"):
        assert words in page


def test_an_unknown_price_is_not_nothing(admin_client: Client) -> None:
    a_task(Status.QUEUED, price_usd=None)
    page = admin_client.get(LIST).content.decode()
    assert "price unknown" in page
    assert "$0.00" not in page


def test_the_filter_finds_what_needs_a_person(admin_client: Client) -> None:
    long_ago = timezone.now() - timedelta(days=1)
    lost, unsure = a_task(Status.LOST), a_task(Status.UNCONFIRMED)
    overdue = a_task(Status.RUNNING, submitted_at=long_ago)
    a_task(Status.RUNNING, submitted_at=timezone.now())
    a_task(Status.QUEUED)
    assert listed(admin_client, status="person") == {lost.pk, unsure.pk, overdue.pk}


def test_the_filter_finds_one_status_and_refuses_nonsense(admin_client: Client) -> None:
    ready, queued = a_task(Status.READY), a_task(Status.QUEUED)
    assert listed(admin_client, status="queued") == {queued.pk}
    assert listed(admin_client, status="provider") == {ready.pk}
    assert admin_client.get(LIST, {"status": "nonsense"}).status_code == 400


def test_the_clips_of_one_press_are_listed_together(admin_client: Client) -> None:
    batch = uuid.uuid4()
    one, two = a_task(batch=batch), a_task(batch=batch, take=2)
    a_task()
    assert listed(admin_client, batch=str(batch)) == {one.pk, two.pk}
    assert admin_client.get(LIST, {"batch": "no uuid"}).status_code == 400


@pytest.mark.parametrize("query", ["Harbour", "remote-77", "grey cranes"])
def test_search_finds_by_prompt_and_by_the_provider_s_id(admin_client: Client, query: str) -> None:
    task = a_task(
        Status.RUNNING, remote_id="remote-77", prompt=a_prompt(title="Harbour"), prompt_text="grey cranes, slow pan"
    )
    a_task()
    assert listed(admin_client, q=query) == {task.pk}


def test_search_finds_by_number(admin_client: Client) -> None:
    task = a_task()
    a_task()
    assert task.pk in listed(admin_client, q=str(task.pk))


def test_the_fragment_is_the_same_rows_under_the_same_filters(admin_client: Client) -> None:
    queued, running = a_task(Status.QUEUED), a_task(Status.RUNNING)
    fragment = admin_client.get(LIVE, {"status": "running"}).content.decode()
    assert running.get_absolute_url() in fragment
    assert queued.get_absolute_url() not in fragment
    assert "<html" not in fragment
    assert 'data-moves="yes"' in fragment


def test_the_fragment_of_an_impossible_filter_is_refused(admin_client: Client) -> None:
    assert admin_client.get(LIVE, {"batch": "no uuid"}).status_code == 400


def test_the_fragments_are_for_those_who_may_see_tasks(client: Client, viewer_client: Client, viewer: User) -> None:
    task = a_task()
    page = reverse("admin:generations_generationtask_live", args=[task.pk])
    assert viewer_client.get(page).status_code == viewer_client.get(LIVE).status_code == 200
    viewer.user_permissions.clear()
    assert viewer_client.get(page).status_code == viewer_client.get(LIVE).status_code == 403
    assert client.get(page).status_code == client.get(LIVE).status_code == 302
    assert viewer_client.post(LIVE).status_code == 403


def test_a_viewer_is_offered_no_action_and_can_force_none(viewer_client: Client) -> None:
    task = a_task(Status.QUEUED)
    assert "Cancel tasks that were not sent" not in viewer_client.get(LIST).content.decode()
    act(viewer_client, "cancel", task)
    act(viewer_client, "try_again", a_task(Status.FAILED), confirmed="yes")
    task.refresh_from_db()
    assert task.status == Status.QUEUED
    assert GenerationTask.objects.count() == 2


def test_many_are_canceled_and_those_too_late_are_named(buyer_client: Client, said: Said) -> None:
    waiting, sent = a_task(Status.QUEUED), a_task(Status.RUNNING)
    texts = said(act(buyer_client, "cancel", waiting, sent))
    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELED
    assert texts[0] == "1 of 2 canceled."
    assert f"Task {sent.pk} has moved on" in texts[1]


def test_many_are_checked_now(buyer_client: Client, said: Said) -> None:
    assert said(act(buyer_client, "poll_now", a_task(Status.RUNNING), a_task(Status.READY))) == [
        "2 of 2 are checked with the provider now."
    ]


def test_what_cannot_be_tried_again_is_said_to_cost_nothing(buyer_client: Client, said: Said) -> None:
    assert said(act(buyer_client, "try_again", a_task(Status.STORED))) == [
        "None of these can be tried again. Nothing was charged."
    ]


def test_more_than_a_hundred_are_not_tried_again_at_once(buyer_client: Client, said: Said) -> None:
    tasks = [a_task(Status.FAILED) for _ in range(101)]
    response = act(buyer_client, "try_again", *tasks, select_across="1", confirmed="yes")
    assert "At most 100" in said(response)[0]
    assert GenerationTask.objects.count() == 101


def test_a_row_without_a_clip_says_why_and_that_it_was_not_charged(admin_client: Client, staff: User) -> None:
    a_task(Status.FAILED, error_code="NSFW", error_message="too dark for our filter.")
    waiting = a_task(Status.QUEUED)
    assert ordering.cancel(waiting, at=NOW, by=staff)
    a_task(Status.RUNNING, submitted_at=NOW)
    a_task(Status.QUEUED, model="kling-2-6")
    Pause.objects.create(provider="apixo", model="kling-2-6", reason="403", paused_at=NOW)
    page = admin_client.get(LIST).content.decode()
    assert page.count("waits: orders are paused") == 1
    assert page.count("not charged") == 2
    failed = "too dark for our filter. APIXO advises: Change the prompt or the picture."
    for words in (failed, "canceled before it was sent by mira", "takes far longer than usual"):
        assert words in page

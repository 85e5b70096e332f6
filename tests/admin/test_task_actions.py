"""The doors to what a person can do to a task."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from generations.admin import paid_actions, task_actions
from generations.models import GenerationTask, Status
from tests.admin.conftest import person
from tests.admin.receipts import door, press
from tests.factories import a_task, due

Said = Callable[[Any], list[str]]


@pytest.mark.parametrize("verb", [*task_actions.ACTIONS, *paid_actions.ACTIONS])
def test_no_door_opens_without_the_right_to_order(viewer_client: Client, client: Client, verb: str) -> None:
    task = a_task(Status.QUEUED)
    assert viewer_client.post(door(task, verb), {"remote_id": "x", "why": "y"}).status_code == 403
    assert client.post(door(task, verb)).status_code == 302
    task.refresh_from_db()
    assert task.status == Status.QUEUED
    assert GenerationTask.objects.count() == 1


@pytest.mark.parametrize("verb", [*task_actions.ACTIONS, *paid_actions.ACTIONS])
def test_no_door_opens_by_looking_at_it(admin_client: Client, verb: str) -> None:
    assert admin_client.get(door(a_task(Status.QUEUED), verb)).status_code == 405


@pytest.mark.parametrize("verb", [*task_actions.ACTIONS, *paid_actions.ACTIONS])
def test_no_door_opens_without_the_form_s_token(staff: User, verb: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    assert client.post(door(a_task(Status.QUEUED), verb)).status_code == 403


@pytest.mark.parametrize("verb", [*task_actions.ACTIONS, *paid_actions.ACTIONS])
def test_a_task_that_is_not_there_is_not_found(admin_client: Client, verb: str) -> None:
    assert admin_client.post(reverse(f"admin:generations_task_{verb}", args=[999])).status_code == 404


@pytest.mark.parametrize("verb", ["confirm", "abandon", "wait"])
def test_who_orders_does_not_thereby_decide_about_unconfirmed_orders(buyer_client: Client, verb: str) -> None:
    task = a_task(Status.UNCONFIRMED)
    assert buyer_client.post(door(task, verb), {"remote_id": "abc", "why": "in their list"}).status_code == 403
    task.refresh_from_db()
    assert (task.status, task.candidate_id, task.events.count()) == (Status.UNCONFIRMED, "", 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "buttons"),
    [(Status.UNCONFIRMED, ["confirm", "abandon", "wait"]), (Status.QUEUED, ["cancel"]), (Status.LOST, ["poll"])],
)
def test_who_decides_sees_the_buttons_for_that_and_none_that_orders(
    client: Client, status: Status, buttons: list[str]
) -> None:
    client.force_login(person("otto", "view_generationtask", "decide_orders"))
    page = client.get(a_task(status).get_absolute_url())
    assert [choice.name for choice in page.context["choices"]] == buttons


def test_a_waiting_task_is_canceled_and_its_money_freed(buyer_client: Client, buyer: User, said: Said) -> None:
    task = a_task(Status.QUEUED)
    response = press(buyer_client, task, "cancel")
    task.refresh_from_db()
    assert task.status == Status.CANCELED
    assert task.entries.filter(kind="release", by=buyer).exists()
    assert said(response) == [
        f"Task {task.pk} is canceled. $0.30 of practice money is free again; nothing was charged."
    ]


def test_a_task_that_was_sent_is_not_canceled(admin_client: Client, said: Said) -> None:
    task = a_task(Status.RUNNING)
    response = press(admin_client, task, "cancel")
    assert "has moved on" in said(response)[0]
    task.refresh_from_db()
    assert task.status == Status.RUNNING


@pytest.mark.parametrize("status", [Status.RUNNING, Status.READY, Status.LOST])
def test_a_look_is_asked_for(admin_client: Client, staff: User, status: Status) -> None:
    task = a_task(status)
    press(admin_client, task, "poll")
    assert task.events.filter(by=staff, reason="a person asked for a check now").exists()
    task.refresh_from_db()
    assert task.due_at is not None


def test_a_look_at_what_is_over_is_refused(admin_client: Client, said: Said) -> None:
    assert "has moved on" in said(press(admin_client, a_task(Status.STORED), "poll"))[0]


def test_an_undecided_order_gets_its_id(admin_client: Client, staff: User) -> None:
    task = a_task(Status.UNCONFIRMED)
    page = press(admin_client, task, "confirm", remote_id="  task_abc-1.2 ", why="in their list")
    task.refresh_from_db()
    assert (task.status, task.remote_id, task.candidate_id) == (Status.UNCONFIRMED, None, "task_abc-1.2")
    assert task.events.get(by=staff).reason.endswith("task_abc-1.2, to be checked with APIXO: in their list")
    assert "Checking with APIXO whether it knows task_abc-1.2… Nothing is charged so far." in page.content.decode()


def test_an_id_that_is_not_known_is_named_with_the_answer_and_another_can_be_tried(admin_client: Client) -> None:
    task = a_task(Status.UNCONFIRMED, candidate_answer="APIXO does not know nonsense-id (404: Task not found)")
    page = admin_client.get(task.get_absolute_url()).content.decode()
    assert "APIXO does not know nonsense-id (404: Task not found). Nothing is charged for it." in page
    assert "Attach this id" in page


@pytest.mark.parametrize("remote_id", ["", "a b", "a/b", "x" * 201, "<script>", "ok\n../x", "é"])
def test_what_is_no_id_is_refused(admin_client: Client, said: Said, remote_id: str) -> None:
    task = a_task(Status.UNCONFIRMED)
    response = press(admin_client, task, "confirm", remote_id=remote_id, why="in their list")
    task.refresh_from_db()
    assert task.status == Status.UNCONFIRMED
    (text,) = said(response)
    assert "The id was not taken" in text or "Nothing was changed. The provider's task id" in text


def test_an_id_that_another_task_has_is_refused_in_plain_words(admin_client: Client, said: Said) -> None:
    a_task(Status.RUNNING, remote_id="taken")
    task = a_task(Status.UNCONFIRMED)
    response = press(admin_client, task, "confirm", remote_id="taken", why="in their list")
    task.refresh_from_db()
    assert task.status == Status.UNCONFIRMED
    assert said(response) == ["The id was not taken: taken is the id of another task. Nothing was changed."]


def test_an_order_that_was_never_accepted_is_closed_with_the_reason(admin_client: Client, staff: User) -> None:
    task = a_task(Status.UNCONFIRMED)
    press(admin_client, task, "abandon", why="not in their list")
    task.refresh_from_db()
    assert task.status == Status.FAILED
    assert task.events.filter(by=staff, reason="a person says that it was not accepted: not in their list").exists()
    assert task.entries.filter(kind="release").exists()


def test_a_person_may_leave_it_undecided_for_a_day_and_says_why(admin_client: Client, staff: User) -> None:
    task = a_task(Status.UNCONFIRMED)
    press(admin_client, task, "wait", why="asked their support")
    task.refresh_from_db()
    assert task.status == Status.UNCONFIRMED
    assert due(task) > timezone.now() + timedelta(hours=23)
    assert task.events.filter(by=staff, reason__endswith="asked their support").exists()
    assert not task.entries.exclude(kind="hold").exists()


@pytest.mark.parametrize("verb", ["confirm", "abandon", "wait"])
def test_nothing_is_decided_without_a_reason(admin_client: Client, said: Said, verb: str) -> None:
    task = a_task(Status.UNCONFIRMED)
    response = press(admin_client, task, verb, remote_id="abc", why="  ")
    task.refresh_from_db()
    assert task.status == Status.UNCONFIRMED
    assert not task.events.exists()
    assert said(response)[0].startswith("Nothing was changed. ")


@pytest.mark.parametrize("verb", ["confirm", "abandon", "wait"])
def test_a_decided_order_is_not_decided_again(admin_client: Client, said: Said, verb: str) -> None:
    task = a_task(Status.RUNNING)
    assert "has moved on" in said(press(admin_client, task, verb, remote_id="abc", why="because"))[0]

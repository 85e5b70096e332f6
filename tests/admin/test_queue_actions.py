"""What people change of the queue: the order of sending, pauses, cancellations of one, a batch or all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generations.admin import queue_actions
from generations.models import Batch, GenerationTask, Pause, Status
from tests.admin.conftest import person
from tests.factories import NOW, a_task

Said = Callable[[Any], list[str]]
PAGE, MOVE, PAUSE, CANCEL = (
    reverse(f"admin:{name}") for name in ("queue", "queue_move", "queue_pause", "queue_cancel")
)


@pytest.fixture
def operator_client(db: None) -> Client:
    client = Client()
    client.force_login(person("olga", "view_generationtask", "add_pause", "delete_pause"))
    return client


def queued(client: Client) -> list[int]:
    (part,) = (part for part in client.get(PAGE).context["parts"] if part.key == "queued")
    return [row.task.pk for row in part.rows]


def confirm(client: Client, **query: Any) -> Any:
    """Open the page that names what is canceled, and press its button."""
    return client.post(CANCEL, dict(client.get(CANCEL, query).context["hidden"]), follow=True)


def a_batch() -> Batch:
    return Batch.objects.create(name="Autumn", created_at=NOW)


def status_of(*tasks: GenerationTask) -> list[str]:
    found = GenerationTask.objects.in_bulk([task.pk for task in tasks])
    return [found[task.pk].status for task in tasks]


def test_a_task_goes_to_the_front_and_to_the_back(buyer_client: Client, said: Said) -> None:
    first, second = a_task(Status.QUEUED), a_task(Status.QUEUED)
    response = buyer_client.post(MOVE, {"to": "front", "task": second.pk}, follow=True)
    assert said(response) == ["1 order goes to the front of the queue."]
    assert queued(buyer_client) == [second.pk, first.pk]
    buyer_client.post(MOVE, {"to": "back", "task": second.pk})
    assert queued(buyer_client) == [first.pk, second.pk]


def test_a_batch_goes_to_the_front_together(buyer_client: Client, said: Said) -> None:
    other, batch = a_task(Status.QUEUED), a_batch()
    own = [a_task(Status.QUEUED, order_batch=batch) for _ in range(2)]
    response = buyer_client.post(MOVE, {"to": "front", "batch": batch.pk}, follow=True)
    assert said(response) == ["2 orders go to the front of the queue."]
    assert queued(buyer_client) == [*(task.pk for task in own), other.pk]


def test_what_was_sent_meanwhile_is_not_moved_and_that_is_said(buyer_client: Client, said: Said) -> None:
    response = buyer_client.post(MOVE, {"to": "front", "task": a_task(Status.RUNNING).pk}, follow=True)
    assert said(response) == ["Too late: none of these waits any more. Nothing was changed."]


@pytest.mark.parametrize(
    "data", [{"to": "front"}, {"to": "moon", "task": 1}, {"to": "front", "task": "x"}, {"to": "front", "batch": "x"}]
)
def test_nonsense_moves_nothing(buyer_client: Client, data: dict[str, Any]) -> None:
    task = a_task(Status.QUEUED)
    assert buyer_client.post(MOVE, data).status_code == 400
    task.refresh_from_db()
    assert task.priority == 0


def test_all_orders_are_paused_with_a_reason_and_the_person(operator_client: Client, said: Said) -> None:
    a_task(Status.QUEUED)
    response = operator_client.post(PAUSE, {"scope": "all", "reason": "new prices"}, follow=True)
    assert said(response) == ["All orders are paused. What was sent goes on; nothing new is sent."]
    pause = Pause.objects.get()
    assert (pause.provider, pause.model, pause.reason, str(pause.paused_by)) == ("", "", "new prices", "olga")
    page = " ".join(response.content.decode().split())
    assert "<strong>All orders are paused</strong>" in page
    assert "by olga: new prices." in page
    assert "waits: all orders are paused" in page
    assert LogEntry.objects.get().get_change_message() == "new prices"


@pytest.mark.parametrize(
    ("scope", "subject"),
    [("apixo", "Orders to APIXO"), ("apikley kling-2-6", "Orders of Kling 2.6 to Apikley")],
)
def test_the_orders_to_a_provider_or_of_a_model_are_paused(operator_client: Client, scope: str, subject: str) -> None:
    operator_client.post(PAUSE, {"scope": scope, "reason": "new prices"})
    assert Pause.objects.get().subject == subject


@pytest.mark.parametrize("data", [{"scope": "all"}, {"scope": "moon", "reason": "x"}, {"reason": "x"}, {}])
def test_a_pause_needs_a_known_scope_and_a_reason(operator_client: Client, said: Said, data: dict[str, str]) -> None:
    (text,) = said(operator_client.post(PAUSE, data, follow=True))
    assert text.startswith("Nothing was paused.")
    assert not Pause.objects.exists()


def test_a_second_pause_of_the_same_says_who_was_first(operator_client: Client, staff: User, said: Said) -> None:
    Pause.objects.create(reason="lunch", paused_at=NOW, paused_by=staff)
    response = operator_client.post(PAUSE, {"scope": "all", "reason": "mine"}, follow=True)
    assert said(response) == ["Nothing was changed. All orders are paused already, by mira: lunch."]
    assert Pause.objects.get().reason == "lunch"


def test_the_page_that_cancels_names_the_number_and_the_money_and_changes_nothing(buyer_client: Client) -> None:
    tasks = [a_task(Status.QUEUED, price_usd=price) for price in (Decimal("0.30"), Decimal("1.20"), None)]
    page = " ".join(buyer_client.get(CANCEL).content.decode().split())
    assert "3 orders of the queue wait to be sent." in page
    assert "$1.50</strong> of practice money is reserved for them and becomes free; 1 of unknown price." in page
    assert status_of(*tasks) == [Status.QUEUED] * 3


def test_one_a_batch_your_own_or_all_are_canceled(buyer_client: Client, buyer: User, said: Said) -> None:
    batch = a_batch()
    one, other = a_task(Status.QUEUED), a_task(Status.QUEUED)
    takes = [a_task(Status.QUEUED, order_batch=batch) for _ in range(2)]
    own = a_task(Status.QUEUED, ordered_by=buyer)
    assert said(confirm(buyer_client, task=one.pk)) == ["1 order canceled. Nothing was charged."]
    assert said(confirm(buyer_client, batch=batch.pk)) == ["2 orders canceled. Nothing was charged."]
    assert status_of(one, *takes, own, other) == [Status.CANCELED] * 3 + [Status.QUEUED] * 2
    assert said(confirm(buyer_client, mine="1")) == ["1 order canceled. Nothing was charged."]
    assert status_of(own, other) == [Status.CANCELED, Status.QUEUED]
    assert said(confirm(buyer_client)) == ["1 order canceled. Nothing was charged."]


def test_those_that_are_too_late_are_counted(buyer_client: Client, said: Said) -> None:
    waiting, sent = a_task(Status.QUEUED), a_task(Status.QUEUED)
    form = dict(buyer_client.get(CANCEL).context["hidden"])
    assert sent.move(Status.SUBMITTING, "sending", at=NOW, due_at=NOW)
    assert said(buyer_client.post(CANCEL, form, follow=True)) == [
        "1 order canceled. Nothing was charged.",
        "1 order was too late: sent, or canceled by someone else, before.",
    ]
    assert status_of(waiting, sent) == [Status.CANCELED, Status.SUBMITTING]


def test_orders_that_came_after_the_page_stay(buyer_client: Client) -> None:
    shown = a_task(Status.QUEUED)
    form = dict(buyer_client.get(CANCEL).context["hidden"])
    later = a_task(Status.QUEUED)
    buyer_client.post(CANCEL, form)
    assert status_of(shown, later) == [Status.CANCELED, Status.QUEUED]


def test_a_long_queue_is_canceled_in_steps_beginning_with_what_is_sent_next(
    buyer_client: Client, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_actions, "AT_ONCE", 2)
    last, first, second = (a_task(Status.QUEUED, due_at=NOW + timedelta(seconds=n)) for n in (9, 1, 2))
    assert said(confirm(buyer_client)) == [
        "2 orders canceled. Nothing was charged.",
        "1 order still waits. Cancel again to go on.",
    ]
    assert status_of(last, first, second) == [Status.QUEUED, Status.CANCELED, Status.CANCELED]


def test_with_nothing_to_cancel_it_says_so(buyer_client: Client, said: Said) -> None:
    assert "none of these waits any more" in said(buyer_client.get(CANCEL, follow=True))[0]
    assert buyer_client.get(CANCEL, {"batch": "no number"}).status_code == 400


@pytest.mark.parametrize(
    ("path", "data"),
    [(MOVE, {"to": "front", "task": 1}), (PAUSE, {"scope": "all", "reason": "x"}), (CANCEL, {"up_to": 99})],
)
def test_who_may_only_look_changes_nothing(viewer_client: Client, path: str, data: dict[str, Any]) -> None:
    task = a_task(Status.QUEUED)
    assert viewer_client.post(path, data).status_code == 403
    page = viewer_client.get(PAGE).content.decode()
    assert not any(words in page for words in ("To the front", "Cancel all queued", "Pause orders"))
    task.refresh_from_db()
    assert (task.status, task.priority, Pause.objects.count()) == (Status.QUEUED, 0, 0)


@pytest.mark.parametrize("path", [MOVE, PAUSE])
def test_a_get_changes_nothing(admin_client: Client, path: str) -> None:
    assert admin_client.get(path).status_code == 405

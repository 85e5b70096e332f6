"""An order that waits is changed by one that takes its place: all or nothing, never once it was sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from generations.models import Batch, GenerationTask, Status
from tests.admin.receipts import confirm, filled, url
from tests.factories import NOW, a_budget, a_price, a_prompt, a_task, kinds_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(db: None) -> GenerationTask:
    """An order in a batch, of the money of which one budget has just enough."""
    a_price("0.30", valid_from="2026-02-01")
    a_budget("0.30", at=timezone.now())
    batch = Batch.objects.create(name="Autumn", created_at=NOW)
    return a_task(prompt=a_prompt(), order_batch=batch)


def receipt_of(client: Client, task: GenerationTask, **changes: Any) -> Any:
    return client.post(url(task.prompt), filled(instead=str(task.pk), **changes), follow=True)


def send(task: GenerationTask) -> None:
    task.move(Status.SUBMITTING, "being sent", at=timezone.now(), due_at=timezone.now(), send_count=1)


def test_the_task_s_page_offers_it_while_it_waits_and_fills_in_what_was_ordered(
    buyer_client: Client, waiting: GenerationTask
) -> None:
    page = buyer_client.get(waiting.get_absolute_url()).content.decode()
    assert "Change this order" in page
    address = f"{url(waiting.prompt)}?instead={waiting.pk}"
    assert address in page
    form = buyer_client.get(address)
    assert form.context["form"]["prompt"].value() == waiting.prompt_text
    assert f'name="instead" value="{waiting.pk}"' in form.content.decode()
    assert "You pay once" in form.content.decode()


def test_the_changed_order_takes_its_place_in_its_batch_and_its_money(
    buyer_client: Client, waiting: GenerationTask
) -> None:
    receipt = receipt_of(buyer_client, waiting, prompt="grey cranes")
    assert "It is canceled, and this takes its place." in receipt.content.decode()
    assert receipt.context["button"] == "Order 1 clip, $0.30"
    for _press in range(2):
        confirm(buyer_client, receipt)
    new = GenerationTask.objects.exclude(pk=waiting.pk).get()
    waiting.refresh_from_db()
    assert (waiting.status, kinds_of(waiting), kinds_of(new)) == (Status.CANCELED, ["hold", "release"], ["hold"])
    assert (new.replaces, new.order_batch, new.prompt_text) == (waiting, waiting.order_batch, "grey cranes")
    assert f'href="{new.get_absolute_url()}"' in buyer_client.get(waiting.get_absolute_url()).content.decode()


@pytest.mark.parametrize("when", ["before the form", "before the receipt", "before the confirmation"])
def test_an_order_that_was_sent_meanwhile_stays_and_nothing_is_ordered(
    buyer_client: Client, waiting: GenerationTask, when: str
) -> None:
    if when == "before the form":
        send(waiting)
        page = buyer_client.get(f"{url(waiting.prompt)}?instead={waiting.pk}", follow=True)
        assert page.redirect_chain[-1][0] == waiting.get_absolute_url()
    elif when == "before the receipt":
        send(waiting)
        page = receipt_of(buyer_client, waiting)
    else:
        receipt = receipt_of(buyer_client, waiting)
        send(waiting)
        page = confirm(buyer_client, receipt)
    assert f"task {waiting.pk} was sent meanwhile" in page.content.decode().lower()
    assert GenerationTask.objects.get().status == Status.SUBMITTING
    assert kinds_of(waiting) == ["hold"]


def test_a_change_that_a_budget_refuses_leaves_the_order_as_it_is(
    buyer_client: Client, waiting: GenerationTask
) -> None:
    page = receipt_of(buyer_client, waiting, takes="2")
    assert "Nothing was ordered. Nothing was charged." in page.content.decode()
    assert GenerationTask.objects.get().status == Status.QUEUED


def test_what_it_reserves_counts_as_free_before_the_press(buyer_client: Client, waiting: GenerationTask) -> None:
    answer = buyer_client.post(url(waiting.prompt, "price"), filled(instead=str(waiting.pk))).json()
    assert [budget["verdict"] for budget in answer["budgets"]] == ["within budget"]
    answer = buyer_client.post(url(waiting.prompt, "price"), filled()).json()
    assert [budget["verdict"] for budget in answer["budgets"]] == ["over budget"]


@pytest.mark.parametrize(("query", "status"), [("instead=999", 404), ("instead=x", 400)])
def test_what_is_not_there_is_not_found(buyer_client: Client, waiting: GenerationTask, query: str, status: int) -> None:
    assert buyer_client.get(f"{url(waiting.prompt)}?{query}").status_code == status


def test_those_who_only_look_are_not_offered_it(viewer_client: Client, waiting: GenerationTask) -> None:
    assert "Change this order" not in viewer_client.get(waiting.get_absolute_url()).content.decode()
    assert viewer_client.get(f"{url(waiting.prompt)}?instead={waiting.pk}").status_code == 403

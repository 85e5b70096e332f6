"""The buttons of a task of which the provider says the opposite of what was settled."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from generations.lifecycle import late_words
from generations.models import GenerationTask, Status
from generations.models.statuses import LateWord
from generations.money import ledger
from tests.factories import NOW, a_task


def act(client: Client, task: GenerationTask, name: str) -> int:
    address = reverse(f"admin:generations_task_{name}", args=[task.pk])
    return client.post(address, {"why": "their bill has it"}).status_code


def test_the_page_offers_to_charge_and_the_button_does(admin_client: Client) -> None:
    task = a_task(Status.FAILED)
    assert "Charge it after all" not in admin_client.get(task.get_absolute_url()).content.decode()
    late_words.record_word(task, LateWord.DONE)
    page = admin_client.get(task.get_absolute_url()).content.decode()
    assert "Charge it after all" in page
    assert "Leave the money as it is" in page
    assert [act(admin_client, task, "charge") for _ in range(2)] == [302, 302]
    assert task.entries.filter(kind="adjust").count() == 1
    assert "Charge it after all" not in admin_client.get(task.get_absolute_url()).content.decode()


def test_the_page_offers_to_take_the_charge_back_and_the_button_does(admin_client: Client) -> None:
    task = a_task(Status.LOST)
    late_words.record_word(task, LateWord.FAILED)
    assert "Take the charge back" in admin_client.get(task.get_absolute_url()).content.decode()
    act(admin_client, task, "refund")
    assert task.entries.spent().total_usd() == 0


@pytest.mark.parametrize("taken_back", [False, True])
def test_a_lost_order_that_cost_nothing_has_nothing_to_take_back(
    admin_client: Client, staff: User, taken_back: bool
) -> None:
    task = a_task(Status.LOST, price_usd=Decimal("0.30") if taken_back else Decimal(0))
    if taken_back:
        ledger.adjust(task, Decimal("-0.30"), at=NOW, by=staff, reason="their bill does not have it")
    late_words.record_word(task, LateWord.FAILED)
    task.refresh_from_db()
    page = admin_client.get(task.get_absolute_url()).content.decode()
    assert "Take the charge back" not in page
    assert "Leave the money as it is" in page
    with pytest.raises(ValidationError, match="cost nothing, so there is nothing to take back"):
        late_words.take_back(task, "once more", at=NOW, by=staff)
    assert act(admin_client, task, "keep") == 302
    assert not late_words.was_contradicted(GenerationTask.objects.get())


def test_only_who_may_correct_is_offered_it(viewer: User, viewer_client: Client) -> None:
    task = a_task(Status.FAILED)
    late_words.record_word(task, LateWord.DONE)
    assert "Charge it after all" not in viewer_client.get(task.get_absolute_url()).content.decode()
    assert act(viewer_client, task, "charge") == 403
    viewer.user_permissions.add(Permission.objects.get(codename="add_ledgerentry"))
    assert "Charge it after all" in viewer_client.get(task.get_absolute_url()).content.decode()
    assert act(viewer_client, task, "keep") == 302
    assert not task.entries.filter(kind="adjust").exists()

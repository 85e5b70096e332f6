"""Corrections: by a person, with a reason, and refused in words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generations.models import GenerationTask, LedgerEntry, Status
from generations.money import ledger
from tests.factories import a_budget, a_price, a_task

LIST, VALUE = reverse("admin:generations_ledgerentry_changelist"), reverse("admin:generations_ledgerentry_value")
Said = Callable[[Any], list[str]]


def page(task: GenerationTask) -> str:
    return reverse("admin:generations_ledgerentry_correct", args=[task.pk])


def sent(task: GenerationTask, amount: str = "", reason: str = "x") -> dict[str, Any]:
    return {"amount": amount, "reason": reason, "after": ledger.last_entry(task)}


def test_a_correction_that_is_sent_twice_is_written_once(admin_client: Client) -> None:
    task = a_task(Status.STORED)
    form = admin_client.get(page(task)).context["form"]
    data = {"amount": "-0.10", "reason": "a discount", "after": form["after"].value()}
    assert admin_client.post(page(task), data).status_code == 302
    again = admin_client.post(page(task), data)
    assert "has changed since this page was opened" in again.content.decode()
    assert task.entries.filter(kind="adjust").count() == 1
    without = admin_client.post(page(task), {"amount": "-0.10", "reason": "a discount"})
    assert without.status_code == 200
    assert task.entries.filter(kind="adjust").count() == 1


def test_a_difference_is_written_with_its_person_and_reason(admin_client: Client, staff: User, said: Said) -> None:
    task = a_task(Status.STORED)
    assert "$0.30" in admin_client.get(page(task)).content.decode()
    response = admin_client.post(page(task), sent(task, "-0.10", "a discount"), follow=True)
    entry = task.entries.get(kind="adjust")
    assert (entry.amount_usd, entry.by, entry.note) == (Decimal("-0.10"), staff, "a discount")
    assert said(response) == ["Corrected by -0.10 USD: a discount"]


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"amount": "-0.31", "reason": "x"}, "amount", "no more than that can be taken off"),
        ({"amount": "0", "reason": "x"}, "amount", "a difference in USD"),
        ({"amount": "NaN", "reason": "x"}, "amount", "an amount in USD"),
        ({"amount": "0.1", "reason": " "}, "reason", "required"),
        ({"amount": "", "reason": "x"}, "amount", "required"),
        ({"amount": "0.01", "reason": "x"}, "amount", "Raise its limit first"),
    ],
)
def test_a_bad_one_is_told_at_its_field(admin_client: Client, data: dict[str, str], field: str, words: str) -> None:
    task = a_task(Status.STORED)
    a_budget("0.30")
    response = admin_client.post(page(task), {**sent(task), **data})
    assert words in " ".join(response.context["form"].errors[field])
    assert not LedgerEntry.objects.filter(kind="adjust").exists()


def test_what_was_not_charged_is_not_corrected(admin_client: Client) -> None:
    task = a_task(Status.RUNNING)
    response = admin_client.post(page(task), sent(task, "0.1"))
    assert "there is nothing to correct" in response.content.decode()


def test_unpriced_charges_are_counted_listed_and_valued(admin_client: Client, staff: User, said: Said) -> None:
    task = a_task(Status.STORED, model="kling-2-6", price_usd=None)
    a_task(Status.STORED)
    assert "1 charge without a price." in admin_client.get(LIST).content.decode()
    listed = admin_client.get(LIST, {"unpriced": "yes"}).context["cl"].result_list
    assert [entry.task for entry in listed] == [task]
    assert said(admin_client.post(VALUE, follow=True)) == ["Added a price to 0 charges; 1 are still unpriced."]
    a_price("0.55", model="kling-2-6")
    response = admin_client.post(VALUE, follow=True)
    assert said(response) == ["Added a price to 1 charges; 0 are still unpriced."]
    assert task.entries.get(kind="adjust").by == staff
    assert "without a price." not in admin_client.get(LIST).content.decode()


def test_what_a_budget_does_not_carry_is_told(admin_client: Client, said: Said) -> None:
    a_task(Status.STORED, model="kling-2-6", price_usd=None)
    a_budget("0.10")
    a_price("0.55", model="kling-2-6")
    first, second = said(admin_client.post(VALUE, follow=True))
    assert first == "Added a price to 0 charges; 1 are still unpriced."
    assert "Over budget" in second


def test_whoever_may_only_look_corrects_nothing(viewer_client: Client, buyer_client: Client) -> None:
    task = a_task(Status.STORED)
    for client in (viewer_client, buyer_client):
        assert client.get(page(task)).status_code == 403
        assert client.post(page(task), {"amount": "0.1", "reason": "x"}).status_code == 403
        assert client.post(VALUE).status_code == 403
        assert "Correct</a>" not in client.get(LIST).content.decode()


def test_valuing_is_a_post(admin_client: Client) -> None:
    assert admin_client.get(VALUE).status_code == 405

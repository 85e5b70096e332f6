"""The evidence about an order that the provider did not confirm."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from generations.admin import evidence
from generations.models import BalanceReading, Delivery, GenerationTask, Status
from generations.models.tasks import DeliveryMode
from tests.factories import NOW, a_task

pytestmark = pytest.mark.django_db


def read(amount: str | None, *, at: datetime, unit: str = "USD", provider: str = "apixo") -> BalanceReading:
    figure = None if amount is None else Decimal(amount)
    return BalanceReading.objects.create(provider=provider, practice=True, at=at, amount=figure, unit=unit)


def unconfirmed(**changes: object) -> GenerationTask:
    return a_task(Status.UNCONFIRMED, submitted_at=NOW, **changes)


BEFORE, AFTER = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)


def test_the_balances_around_the_sending_are_compared() -> None:
    task = unconfirmed()
    read("90", at=BEFORE - timedelta(days=1))
    for amount, at in (("74.87", BEFORE), (None, NOW), ("74.52", AFTER), ("60", AFTER + timedelta(days=1))):
        read(amount, at=at)
    found = evidence.of(task)
    assert [(name, reading.shown) for name, reading in found.readings] == [
        ("last balance before the order", "$74.87"),
        ("first balance after it", "$74.52"),
        ("latest balance", "$60.00"),
    ]
    assert found.drop == (
        "Between the first two the balance dropped by $0.35. No other order was sent in that time."
        " This order's price: $0.30."
    )


def test_other_orders_that_went_out_meanwhile_are_counted_with_their_price() -> None:
    task = unconfirmed()
    for seconds in (1, 2):
        a_task(Status.RUNNING, submitted_at=NOW + timedelta(seconds=seconds))
    a_task(Status.RUNNING, submitted_at=NOW - timedelta(hours=1))
    a_task(Status.FAILED, submitted_at=NOW)  # never accepted
    read("74.87", at=BEFORE)
    read("74.27", at=AFTER)
    assert "dropped by $0.60. 2 other orders were sent in that time for $0.60." in evidence.of(task).drop


@pytest.mark.parametrize(("later", "words"), [("74.87", "did not change"), ("80.87", "rose by $6.00")])
def test_a_balance_that_did_not_fall_is_told_as_it_is(later: str, words: str) -> None:
    task = unconfirmed()
    read("74.87", at=BEFORE)
    read(later, at=AFTER)
    assert f"Between the first two the balance {words}." in evidence.of(task).drop


def test_credits_are_not_called_dollars() -> None:
    task = unconfirmed(provider="apikley", model="kling-2-6", price_usd=None, sound=True, aspect_ratio="16:9")
    read("200", at=BEFORE, unit="credits", provider="apikley")
    read("145", at=AFTER, unit="credits", provider="apikley")
    assert "dropped by 55.00 credits" in evidence.of(task).drop


def test_a_missing_reading_is_said_to_be_missing() -> None:
    assert "no balance to compare yet" in evidence.of(unconfirmed()).drop


def test_ids_in_the_answer_and_in_callbacks_are_candidates_and_a_taken_one_says_whose() -> None:
    other = a_task(Status.RUNNING, remote_id="taken-1")
    task = unconfirmed(error_message='HTTP 500: {"code": 500, "data": {"taskId": "seen-1"}}')
    body = '{"code": 200, "data": {"taskId": "taken-1", "state": "success"}}'
    for number, text in enumerate((body, "not json")):
        Delivery.objects.create(task=task, received_at=NOW, digest=str(number), body=text)
    found = evidence.of(task)
    assert [(one.remote_id, one.seen, one.owner) for one in found.candidates] == [
        ("seen-1", "in the answer", None),
        ("taken-1", "in a callback", other),
    ]
    assert [(one.named, one.body) for one in found.callbacks] == [("taken-1", body), ("", "not json")]


def test_what_was_sent_is_shown_without_the_callbacks_token() -> None:
    task = unconfirmed(delivery=DeliveryMode.CALLBACK)
    sent = evidence.of(task).sent
    assert '"prompt": "a lighthouse at dawn"' in sent
    assert "/webhooks/apixo/…" in sent
    assert task.callback_url().rsplit("/", 2)[1] not in sent


def test_the_page_shows_it_all_and_offers_the_only_candidate(admin_client: Client) -> None:
    task = unconfirmed(error_message='{"taskId": "seen-1"} <script>alert(1)</script>')
    task.note("sending to apixo", at=NOW)
    page = admin_client.get(task.get_absolute_url()).content.decode()
    assert "Evidence" in page
    assert 'value="seen-1"' in page
    assert "<script>alert(1)" not in page


def test_a_decided_order_has_no_such_section(admin_client: Client) -> None:
    page = admin_client.get(a_task(Status.RUNNING).get_absolute_url()).content.decode()
    assert "Evidence" not in page

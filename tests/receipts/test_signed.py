"""The signed receipt: whose it is, of what, for how long; and what changed since."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils.translation import override
from pytest_django import Settings

from generations.lifecycle.ordering import OrderRequest
from generations.models import Budget, ReferenceImage, Status
from generations.money.limits import set_limit
from generations.receipts import signed
from generations.receipts.preflight import Receipt, inspect
from generations.receipts.signed import NotAccepted, changes, digest, read, seen, sign
from tests.factories import NOW, a_budget, a_campaign, a_price, a_prompt, a_task, an_order

pytestmark = pytest.mark.django_db

BATCH = uuid.UUID(int=7)


def receipt(takes: int = 2, **changes: Any) -> Receipt:
    return inspect([OrderRequest(an_order(), takes=takes, **changes)], by=None, at=NOW)


def test_a_receipt_comes_back_as_it_was_given(staff: User) -> None:
    token = sign(receipt(), by=staff, form="x", batch=BATCH, at=NOW)
    found = read(token, by=staff, form="x", at=NOW + timedelta(minutes=59))
    assert found.batch == BATCH
    assert changes(found.seen, receipt()) == []


def test_a_receipt_carries_its_requests_as_they_were_shown(staff: User) -> None:
    image = ReferenceImage.objects.create(file="images/a.png", sha256="a" * 64, width=64, height=64)
    failed, draft, prompt = a_task(Status.FAILED), a_task(Status.STORED), a_prompt()
    requests = [
        OrderRequest(
            an_order(cfg_scale=Decimal("0.5"), sound=None, mode="image-to-video"), takes=3, delivery="polling",
            images={"start_image": image}, campaign=a_campaign(), prompt=prompt, stops_when_approved=True,
        ),
        OrderRequest(an_order(), retry_of=failed),
        OrderRequest(an_order(model="kling-2-6", sound=True), promoted_from=draft),
    ]  # fmt: skip
    token = sign(inspect(requests, by=staff, at=NOW), by=staff, form="x", batch=BATCH, at=NOW)
    found = read(token, by=staff, form="x", at=NOW)
    assert found.requests == requests
    assert found.prices == [Decimal("0.30"), Decimal("0.30"), None]


def test_what_is_gone_since_is_not_ordered(staff: User) -> None:
    campaign = a_campaign()
    token = sign(receipt(campaign=campaign), by=staff, form="x", batch=BATCH, at=NOW)
    campaign.delete()
    with pytest.raises(NotAccepted, match="was deleted"):
        read(token, by=staff, form="x", at=NOW)


def test_a_receipt_of_practice_money_orders_nothing_real(staff: User, settings: Settings) -> None:
    token = sign(receipt(), by=staff, form="x", batch=BATCH, at=NOW)
    settings.PRACTICE = False
    with pytest.raises(NotAccepted, match="practice and real money"):
        read(token, by=staff, form="x", at=NOW)


def test_an_old_receipt_is_refused_and_keeps_its_batch(staff: User) -> None:
    token = sign(receipt(), by=staff, form="x", batch=BATCH, at=NOW)
    with pytest.raises(NotAccepted, match="more than an hour old") as caught:
        read(token, by=staff, form="x", at=NOW + timedelta(minutes=61))
    assert caught.value.batch == BATCH


def test_a_receipt_of_someone_else_or_of_another_form_or_forged_is_refused_and_logged(
    staff: User, caplog: pytest.LogCaptureFixture
) -> None:
    buyer = User.objects.create_user("boris")
    token = sign(receipt(), by=staff, form="x", batch=BATCH, at=NOW)
    with pytest.raises(NotAccepted, match="someone else"):
        read(token, by=buyer, form="x", at=NOW)
    with pytest.raises(NotAccepted, match="another order"):
        read(token, by=staff, form="y", at=NOW)
    for forged in (token[:-1], "", "x" * 100, token.replace(":", "", 1), "\0"):
        with pytest.raises(NotAccepted, match="not made by this site"):
            read(forged, by=staff, form="x", at=NOW)
    said = "a receipt that was changed, or is another's, came from"
    who = [f"{said} {one} (number {one.pk})" for one in (buyer, *[staff] * 6)]
    assert [record.getMessage() for record in caplog.records] == who


def test_any_other_form_has_another_digest_but_for_its_order_and_line_ends() -> None:
    fields = [("prompt", "a\nb"), ("takes", "2")]
    found = {digest("/a/", fields), digest("/b/", fields), digest("/a/", fields[:1]),
             digest("/a/", [*fields, ("takes", "3")])}  # fmt: skip
    assert len(found) == 4
    assert digest("/a/", [("takes", "2"), ("prompt", "a\r\nb")]) in found


def test_a_changed_price_is_said(db: None) -> None:
    before = seen(receipt())
    a_price("0.31", valid_from=NOW.date())
    assert changes(before, receipt()) == ["The price of one take of the order was $0.30, and is now $0.31."]


def test_a_changed_budget_is_said() -> None:
    before = seen(receipt())
    budget = a_budget("10")
    assert changes(before, receipt()) == ["The budget “Whole site, in total” now limits this order: $10.00."]
    before = seen(receipt())
    set_limit(scope="site", period="total", limit_usd=Decimal(8), at=NOW)
    assert changes(before, receipt()) == [
        "The limit of the budget “Whole site, in total” was $10.00, and is now $8.00."
    ]
    before = seen(receipt())
    Budget.objects.get(pk=budget.pk).delete()
    assert changes(before, receipt()) == ["The budget “Whole site, in total” no longer limits this order."]


def test_a_budget_that_does_not_carry_it_any_more_is_said() -> None:
    a_budget("0.60")
    before = seen(receipt())
    a_task(Status.QUEUED)
    assert "Over budget" in changes(before, receipt())[0]


def test_a_new_notice_is_said_and_an_old_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    before = seen(receipt())
    assert "worker" in before["notices"]
    a_task(Status.FAILED, error_kind="content", error_message="no")
    (text,) = changes(before, receipt())
    assert "refused the same words and pictures" in text


def test_a_campaign_that_was_changed_is_said() -> None:
    before = seen(receipt())
    assert changes(before, receipt(campaign=a_campaign())) == ["The campaign of the order was none, and is now Autumn."]


def test_another_language_changes_nothing() -> None:
    a_budget("10")
    a_budget("0.10", hard=False, period="month")
    tasks = [a_task(Status.FAILED), a_task(Status.FAILED)]
    route = an_order(model="kling-3-0", mode="text-to-video", route="official")
    orders = [OrderRequest(an_order()), OrderRequest(route), *(OrderRequest(an_order(), retry_of=one) for one in tasks)]
    shown = inspect(orders, by=None, at=NOW)
    with override("es"):
        again = inspect(orders, by=None, at=NOW)
        assert again.problems == shown.problems == {}
        assert (seen(again), changes(seen(shown), again)) == (seen(shown), [])
    with override("es"):
        one = receipt()
        assert changes(seen(one), one) == changes(seen(receipt()), one) == []


def test_one_of_many_that_cannot_be_ordered_any_more_is_said() -> None:
    tasks = [a_task(Status.FAILED), a_task(Status.FAILED)]
    requests = [OrderRequest(an_order(), retry_of=task) for task in tasks]
    before = seen(inspect(requests, by=None, at=NOW))
    a_task(Status.QUEUED, retry_of=tasks[1])
    (text,) = changes(before, inspect(requests, by=None, at=NOW))
    assert text.startswith(f"Now left out, task {tasks[1].pk}: task")
    assert timedelta(hours=1) == signed.MAX_AGE

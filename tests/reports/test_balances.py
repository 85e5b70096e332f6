"""Balances beside the ledger: what fell, what was charged, and which tasks could explain the rest."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from generations.models import BalanceReading, GenerationTask, Status
from generations.money import ledger
from generations.reports import balances
from generations.reports.balances import Drift
from generations.reports.spend import Question
from tests.factories import NOW, a_task

pytestmark = pytest.mark.django_db
MORNING, EVENING = NOW - timedelta(hours=2), NOW + timedelta(hours=2)
DAY = timedelta(days=1)


def november(**changes: Any) -> Question:
    return Question(**{"first": date(2026, 11, 1), "last": date(2026, 11, 30), "practice": True, **changes})


def read(amount: str, at: datetime, **changes: Any) -> None:
    fields = {"provider": "apixo", "practice": True, "unit": "USD", "amount": Decimal(amount), "at": at}
    BalanceReading.objects.create(**(fields | changes))


def charged(at: datetime, usd: str | None = "0.30", **changes: Any) -> GenerationTask:
    changes = {"submitted_at": at - timedelta(minutes=1), "finished_at": at, **changes}
    task = a_task(Status.RUNNING, price_usd=None if usd is None else Decimal(usd), created_at=at, **changes)
    ledger.charge(task, at=at, note="the clip was made")
    return task


def the_drift() -> Drift:
    (found,) = balances.drifts(november())
    return found


def test_a_balance_that_falls_as_the_ledger_says_has_no_drift() -> None:
    read("10.00", EVENING - DAY)
    charged(NOW)
    read("9.70", EVENING)
    found = the_drift()
    assert (found.day, found.fell, found.charged, found.drift) == (
        date(2026, 11, 20),
        Decimal("0.30"),
        Decimal("0.30"),
        Decimal(0),
    )
    assert found.suspects == []


def test_what_the_ledger_does_not_explain_is_told_with_the_tasks_that_could() -> None:
    read("10.00", EVENING - DAY)
    unsure = a_task(Status.UNCONFIRMED)
    failed = a_task(Status.FAILED)
    charged(NOW)
    read("9.10", EVENING)
    found = the_drift()
    assert found.drift == Decimal("0.60")
    assert [(task, why.split(",")[0]) for task, why in found.suspects] == [
        (unsure, "nobody knows whether the provider accepted it"),
        (failed, "it failed"),
    ]


def test_a_task_under_way_at_a_reading_could_explain_it() -> None:
    read("10.00", EVENING - DAY)
    early = charged(NOW, submitted_at=EVENING - DAY - timedelta(minutes=1))
    late = charged(EVENING + timedelta(minutes=1))
    GenerationTask.objects.filter(pk=late.pk).update(created_at=NOW, submitted_at=EVENING - timedelta(minutes=1))
    read("9.50", EVENING)
    assert {task: "later" in why for task, why in the_drift().suspects} == {late: True, early: False}


def test_a_charge_without_a_price_is_counted_and_named() -> None:
    read("10.00", EVENING - DAY)
    task = charged(NOW, None)
    read("9.60", EVENING)
    found = the_drift()
    assert (found.unpriced, found.drift, [task for task, _ in found.suspects]) == (1, Decimal("0.40"), [task])


def test_a_correction_explains_what_it_corrects_whenever_it_came(staff: User) -> None:
    read("10.00", EVENING - DAY)
    task = charged(NOW)
    read("9.60", EVENING)
    ledger.adjust(task, Decimal("0.10"), at=NOW + DAY, by=staff, reason="billed more")
    assert the_drift().drift == 0


def test_a_top_up_is_put_back_as_far_as_it_was_seen() -> None:
    read("10.00", EVENING - DAY)
    charged(MORNING - timedelta(hours=1))
    read("9.70", MORNING)
    read("29.70", NOW)
    read("29.70", EVENING)
    found = the_drift()
    assert (found.fell, found.topped_up, found.drift) == (Decimal("0.30"), Decimal("20.00"), Decimal(0))


def test_only_readings_of_dollars_of_this_money_stand() -> None:
    read("10.00", EVENING - DAY, unit="credits")
    read("10.00", EVENING - DAY, practice=False)
    BalanceReading.objects.create(provider="apixo", practice=True, unit="USD", at=MORNING, error="no answer")
    read("9.60", EVENING)
    assert balances.drifts(november()) == []


def test_a_period_begins_with_the_last_reading_before_it() -> None:
    read("10.00", NOW - 30 * DAY)
    read("9.60", NOW)
    found = the_drift()
    assert (found.since, found.fell) == (NOW - 30 * DAY, Decimal("0.40"))


def test_each_account_is_compared_with_its_own_orders() -> None:
    for provider in ("apixo", "apikley"):
        read("10.00", EVENING - DAY, provider=provider)
        read("9.70", EVENING, provider=provider)
    charged(NOW)
    assert {each.provider: each.drift for each in balances.drifts(november())} == {
        "apixo": 0,
        "apikley": Decimal("0.30"),
    }
    assert len(balances.drifts(november(provider="apikley"))) == 1


def test_a_starting_price_could_explain_a_drift() -> None:
    read("10.00", EVENING - DAY)
    task = charged(NOW, price_is_minimum=True)
    read("9.60", EVENING)
    found = the_drift()
    assert (found.drift, found.minimum) == (Decimal("0.10"), 1)
    assert found.suspects == [(task, "its price is a starting price")]

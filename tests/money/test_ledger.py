"""Money: held once, settled once, by one writer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from pytest_django import Settings

from generations.models import EntryKind, GenerationTask, LedgerEntry, Status
from generations.money import ledger
from tests.factories import NOW, a_budget, a_price, a_task, an_order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("model", "mode", "seconds", "usd"),
    [
        ("kling-2-1", "standard-image-to-video", 5, "0.20"),
        ("kling-2-1", "pro-image-to-video", 10, "0.70"),
        ("kling-2-1", "master-text-to-video", 5, "1.00"),
        ("kling-2-1", "master-image-to-video", 10, "2.00"),
        ("kling-2-5-turbo-pro", "text-to-video", 5, "0.30"),
        ("kling-2-5-turbo-pro", "image-to-video", 10, "0.60"),
    ],
)
def test_the_published_prices_are_loaded(model: str, mode: str, seconds: int, usd: str) -> None:
    assert ledger.estimate(an_order(model=model, mode=mode, duration_seconds=seconds), at=NOW).usd == Decimal(usd)


def test_a_price_that_nobody_published_is_unknown() -> None:
    assert ledger.estimate(an_order(model="kling-2-6", sound=True), at=NOW).usd is None


def test_the_newest_price_that_is_valid_on_the_day_counts() -> None:
    order = an_order(model="kling-2-6", sound=False)
    a_price("0.20", model="kling-2-6")
    a_price("0.25", model="kling-2-6", valid_from=NOW.date())
    a_price("0.99", model="kling-2-6", valid_from=NOW.date() + timedelta(days=1))
    assert ledger.estimate(order, at=NOW).usd == Decimal("0.25")
    assert ledger.estimate(order, at=NOW - timedelta(days=1)).usd == Decimal("0.20")


def test_a_price_for_the_sound_or_the_route_wins_over_one_for_any() -> None:
    a_price("0.20", model="kling-2-6", valid_from=NOW.date())
    a_price("0.40", model="kling-2-6", sound=True)
    a_price("0.60", model="kling-2-6", sound=True, route="official")
    assert ledger.estimate(an_order(model="kling-2-6", sound=False), at=NOW).usd == Decimal("0.20")
    assert ledger.estimate(an_order(model="kling-2-6", sound=True), at=NOW).usd == Decimal("0.40")
    assert ledger.estimate(an_order(model="kling-2-6", sound=True, route="official"), at=NOW).usd == Decimal("0.60")
    assert ledger.estimate(an_order(model="kling-2-6", sound=True, route="value"), at=NOW).usd is None


def test_prices_of_many_orders_are_read_by_one_query(django_assert_num_queries: Any) -> None:
    a_price("0.40", model="kling-2-6", sound=True)
    a_price("0.20", model="kling-2-6")
    models = ("kling-2-6", "kling-2-5-turbo-pro", "kling-2-1")
    chosen = [
        {"model": name, "duration_seconds": n, "sound": s} for name in models for n in (5, 10) for s in (True, None)
    ]
    orders = [an_order(**each) for each in chosen]
    with django_assert_num_queries(1):
        found = ledger.estimates(orders, at=NOW)
    assert found == [ledger.estimate(order, at=NOW) for order in orders]
    assert ledger.estimates([], at=NOW) == []


def test_a_starting_price_is_a_minimum() -> None:
    assert ledger.estimate(an_order(), at=NOW).is_minimum
    assert not ledger.estimate(an_order(model="kling-2-1", mode="master-text-to-video"), at=NOW).is_minimum


def test_a_price_by_the_second_counts_the_seconds_and_any_parameter() -> None:
    a_price("0.10", model="kling-3", duration_seconds=0, unit="second")
    a_price("0.15", model="kling-3", duration_seconds=0, unit="second", settings="resolution=1080p")
    for resolution, usd in (("720p", "0.70"), ("1080p", "1.05")):
        order = an_order(model="kling-3", duration_seconds=7, resolution=resolution)
        assert ledger.estimate(order, at=NOW).usd == Decimal(usd)


def test_a_hold_is_settled_once_whatever_comes_later() -> None:
    task = a_task(Status.RUNNING)
    ledger.charge(task, at=NOW, note="made")
    ledger.charge(task, at=NOW, note="made")
    ledger.release(task, at=NOW, note="failed")
    assert list(LedgerEntry.objects.filter(task=task).order_by("id").values_list("kind", flat=True)) == [
        "hold",
        "charge",
    ]


def test_the_database_itself_refuses_a_second_settlement() -> None:
    task = a_task(Status.READY)
    for kind in (EntryKind.CHARGE, EntryKind.RELEASE, EntryKind.HOLD):
        with pytest.raises(IntegrityError), transaction.atomic():
            LedgerEntry.objects.create(task=task, kind=kind, amount_usd=1, at=NOW, day=NOW.date(), practice=True)


class TestCorrections:
    """A difference, of a person, with a reason."""

    def test_one_is_an_entry_that_answers_for_itself(self, staff: User) -> None:
        task = a_task(Status.STORED)
        ledger.adjust(task, Decimal("-0.1000"), at=NOW, by=staff, reason=" a discount ")
        entry = task.entries.get(kind=EntryKind.ADJUST)
        assert (entry.amount_usd, entry.by, entry.note) == (Decimal("-0.10"), staff, "a discount")
        (charged,) = GenerationTask.objects.with_charged()
        assert getattr(charged, "charged_usd", None) == Decimal("0.20")

    @pytest.mark.parametrize(
        ("amount", "field", "words"),
        [
            ("-0.31", "amount", r"task \d+ cost \$0.30, so no more than that can be taken off"),
            ("0", "amount", "a difference in USD"),
            ("NaN", "amount", "a difference in USD"),
            ("-Infinity", "amount", "a difference in USD"),
            ("10000.01", "amount", r"up to \$10,000.00"),
            ("0.00001", "amount", "at most four decimal places"),
        ],
    )
    def test_an_absurd_one_is_refused(self, amount: str, field: str, words: str, staff: User) -> None:
        task = a_task(Status.STORED)
        with pytest.raises(ValidationError, match=f"'{field}': .*{words}"):
            ledger.adjust(task, Decimal(amount), at=NOW, by=staff, reason="a discount")
        assert not LedgerEntry.objects.filter(kind=EntryKind.ADJUST).exists()

    def test_everything_that_is_wrong_is_said_at_once(self) -> None:
        with pytest.raises(ValidationError) as refused:
            ledger.adjust(a_task(), Decimal("NaN"), at=NOW, by=None, reason=" ")
        assert set(refused.value.message_dict) == {"task", "amount", "by", "reason"}


class TestUnpriced:
    """Charges whose price nobody knew."""

    @pytest.fixture
    def task(self) -> GenerationTask:
        return a_task(Status.STORED, model="kling-2-6", sound=True, price_usd=None)

    def test_they_are_listed_until_they_are_valued(self, task: GenerationTask, staff: User) -> None:
        a_task(Status.STORED)
        a_task(Status.RUNNING, price_usd=None)
        assert [entry.task for entry in LedgerEntry.objects.unpriced()] == [task]
        a_price("0.55", model="kling-2-6")
        ((entry,), refused) = ledger.value_unpriced(at=NOW, by=staff)
        assert (entry.task, entry.amount_usd, entry.by, refused) == (task, Decimal("0.55"), staff, [])
        assert entry.note == "its price was unknown; the price of 2026-11-20 was applied"
        assert not LedgerEntry.objects.unpriced().exists()
        assert ledger.value_unpriced(at=NOW, by=staff) == ([], [])

    def test_two_runs_at_once_value_a_charge_once(self, task: GenerationTask, staff: User) -> None:
        a_price("0.55", model="kling-2-6")
        ledger.value_unpriced(at=NOW, by=staff)  # the other run, after this one has made its list
        assert ledger._value(task, Decimal("0.55"), at=NOW, by=staff, reason="valued") == []
        assert LedgerEntry.objects.filter(kind=EntryKind.ADJUST).count() == 1

    def test_a_price_that_begins_later_values_them_when_it_is_there(self, task: GenerationTask, staff: User) -> None:
        tomorrow = NOW + timedelta(days=1)
        a_price("0.55", model="kling-2-6", valid_from=tomorrow.date())
        assert ledger.value_unpriced(at=NOW, by=staff) == ([], [])
        ((entry,), __) = ledger.value_unpriced(at=tomorrow, by=staff)
        assert entry.amount_usd == Decimal("0.55")

    def test_a_price_of_nothing_is_a_price(self, task: GenerationTask, staff: User) -> None:
        a_price("0", model="kling-2-6")
        assert len(ledger.value_unpriced(at=NOW, by=staff)[0]) == 1
        assert not LedgerEntry.objects.unpriced().exists()

    def test_what_a_hard_budget_does_not_carry_stays_unpriced_and_is_told(
        self, task: GenerationTask, staff: User
    ) -> None:
        a_budget("0.50")
        a_price("0.55", model="kling-2-6")
        valued, (text,) = ledger.value_unpriced(at=NOW, by=staff)
        assert valued == []
        assert text.startswith(f"Task {task.pk}: Over budget “Whole site, in total”")
        assert LedgerEntry.objects.unpriced().exists()


def test_the_entry_keeps_the_day_of_the_site_s_time_zone(settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    task = a_task()
    late = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
    ledger.charge(task, at=late, note="made")
    assert task.entries.get(kind=EntryKind.CHARGE).day == date(2026, 12, 1)


def test_practice_money_is_marked() -> None:
    assert a_task(practice=True).entries.get().practice is True
    assert a_task(practice=False).entries.get().practice is False

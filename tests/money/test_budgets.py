"""What orders do to the counters of budgets: nothing is held that does not fit, and what is settled moves on."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from generations.lifecycle import ordering, retries
from generations.lifecycle.ordering import OrderRequest
from generations.models import Budget, BudgetEvent, GenerationTask, LedgerEntry, Status
from generations.money import budgets, ledger, limits
from generations.money.budgets import Numbers
from tests.factories import NOW, a_budget, a_campaign, a_price, a_prompt, a_task, an_order, configure, counters

pytestmark = pytest.mark.django_db


def test_an_order_is_held_in_every_budget_that_covers_it(staff: User) -> None:
    campaign = a_campaign()
    site, its = a_budget("9", period="day"), a_budget("5", scope="campaign", campaign=campaign, period="month")
    hers, others = (
        a_budget("4", scope="person", person=staff),
        a_budget("3", scope="campaign", campaign=a_campaign("B")),
    )
    ordering.place([OrderRequest(an_order(), takes=2, campaign=campaign)], at=NOW, by=staff)
    assert counters(site) == ("9.00", "0.60", "0.00")
    assert counters(its) == ("5.00", "0.60", "0.00")
    assert counters(hers) == ("4.00", "0.60", "0.00")
    assert counters(others) == ("3.00", "0.00", "0.00")


def test_what_a_hard_budget_does_not_carry_is_refused_with_its_numbers_and_nothing_is_written() -> None:
    budget = a_budget("1", period="day")
    ordering.place([OrderRequest(an_order(), takes=3)], at=NOW)
    with pytest.raises(ValidationError) as refused:
        ordering.place([OrderRequest(an_order(prompt="another"))], at=NOW)
    assert refused.value.message_dict == {
        "budget": [
            "Over budget “Whole site, 20 Nov 2026” (practice money): $0.10 left, this costs $0.30 "
            "(Estimated $0.30, Reserved $0.90, Spent $0.00, Remaining $0.10). Nothing was charged."
        ]
    }
    assert counters(budget) == ("1.00", "0.90", "0.00")
    assert (GenerationTask.objects.count(), LedgerEntry.objects.count()) == (3, 3)


def test_the_hold_itself_decides_when_another_order_was_first() -> None:
    budget = a_budget("0.50")
    a_task(prompt=a_prompt())
    with pytest.raises(ValidationError, match=r"Remaining \$0.20"), transaction.atomic():
        a_task(prompt=a_prompt())
    assert counters(budget) == ("0.50", "0.30", "0.00")


def test_a_form_that_is_sent_twice_finds_its_order_though_the_budget_is_full() -> None:
    a_budget("0.30")
    batch = uuid.uuid4()
    first = ordering.place([OrderRequest(an_order())], at=NOW, batch=batch)
    assert ordering.place([OrderRequest(an_order())], at=NOW, batch=batch) == first


def test_every_budget_in_the_way_is_named() -> None:
    campaign = a_campaign()
    a_budget("0.10")
    a_budget("0.20", scope="campaign", campaign=campaign)
    a_budget("9", period="day")
    with pytest.raises(ValidationError) as refused:
        ordering.place([OrderRequest(an_order(), campaign=campaign)], at=NOW)
    (first, second) = refused.value.message_dict["budget"]
    assert "Whole site" in first
    assert "Autumn" in second


def test_a_batch_is_held_as_a_whole_or_not_at_all() -> None:
    budget = a_budget("1")
    with pytest.raises(ValidationError, match=r"Estimated \$1.20"):
        ordering.place([OrderRequest(an_order(), takes=4)], at=NOW)
    assert counters(budget) == ("1.00", "0.00", "0.00")


def test_a_budget_is_filled_to_the_last_cent() -> None:
    budget = a_budget("9")
    for _ in range(30):
        ordering.place([OrderRequest(an_order())], at=NOW)
    with pytest.raises(ValidationError):
        ordering.place([OrderRequest(an_order())], at=NOW)
    assert counters(budget) == ("9.00", "9.00", "0.00")


def test_a_warning_budget_lets_it_pass() -> None:
    budget = a_budget("0.50", hard=False)
    ordering.place([OrderRequest(an_order(), takes=3)], at=NOW)
    assert counters(budget) == ("0.50", "0.90", "0.00")


def test_practice_and_real_money_have_budgets_of_their_own(settings: Settings) -> None:
    practice, real = a_budget("1"), a_budget("1", practice=False)
    ordering.place([OrderRequest(an_order())], at=NOW)
    settings.PRACTICE = False
    configure(settings, "apixo", api_key="key")
    ordering.place([OrderRequest(an_order(), takes=2)], at=NOW)
    assert counters(practice)[1] == "0.30"
    assert counters(real)[1] == "0.60"


def test_a_charge_turns_held_into_spent_and_a_release_frees_it() -> None:
    budget = a_budget("9")
    made, failed, waits = ordering.place([OrderRequest(an_order(), takes=3)], at=NOW)
    ledger.charge(made, at=NOW, note="made")
    ledger.release(failed, at=NOW, note="failed")
    assert counters(budget) == ("9.00", "0.30", "0.30")
    for _ in range(2):  # and no second time
        ledger.charge(made, at=NOW, note="made")
        ledger.release(made, at=NOW, note="failed")
        ledger.charge(failed, at=NOW, note="made")
    assert counters(budget) == ("9.00", "0.30", "0.30")
    assert limits.audit() == []


def test_a_price_that_changes_in_flight_changes_neither_the_hold_nor_the_charge() -> None:
    budget = a_budget("9")
    (task,) = ordering.place([OrderRequest(an_order())], at=NOW)
    a_price("0.80", valid_from=NOW.date())
    ledger.charge(task, at=NOW, note="made")
    assert counters(budget) == ("9.00", "0.00", "0.30")
    ordering.place([OrderRequest(an_order())], at=NOW)
    assert counters(budget) == ("9.00", "0.80", "0.30")


class TestUnknownPrices:
    ORDER = an_order(model="kling-2-6", sound=True)

    def test_they_are_ordered_where_no_hard_budget_applies(self) -> None:
        budget = a_budget("1", hard=False)
        a_budget("1", scope="campaign", campaign=a_campaign())
        (task,) = ordering.place([OrderRequest(self.ORDER)], at=NOW)
        assert task.price_usd is None
        assert counters(budget) == ("1.00", "0.00", "0.00")

    @pytest.mark.parametrize("scope", ["site", "campaign", "person"])
    def test_they_are_refused_where_one_does(self, scope: str, staff: User) -> None:
        campaign = a_campaign()
        subject: dict[str, Any] = {"campaign": campaign, "person": staff}
        a_budget("9", scope=scope, **{name: it for name, it in subject.items() if name == scope})
        with pytest.raises(ValidationError, match="The price is unknown, and the budget .* refuses"):
            ordering.place([OrderRequest(self.ORDER, campaign=campaign)], at=NOW, by=staff)
        assert not LedgerEntry.objects.exists()


class TestPeriods:
    @pytest.fixture(autouse=True)
    def tokyo(self, settings: Settings) -> None:
        settings.TIME_ZONE = "Asia/Tokyo"

    LATE = datetime(2026, 11, 30, 14, 59, 59, tzinfo=UTC)  # 23:59:59 in Tokyo, the last second of November
    NEXT = datetime(2026, 11, 30, 15, 0, 0, tzinfo=UTC)  # midnight there, and still November in UTC

    @pytest.mark.parametrize("period", ["day", "month"])
    def test_a_budget_begins_anew_at_midnight_of_the_site(self, period: str) -> None:
        budget = a_budget("0.30", period=period, at=self.LATE)
        ordering.place([OrderRequest(an_order())], at=self.LATE)
        with pytest.raises(ValidationError):
            ordering.place([OrderRequest(an_order())], at=self.LATE)
        ordering.place([OrderRequest(an_order())], at=self.NEXT)
        assert counters(budget, self.LATE) == counters(budget, self.NEXT) == ("0.30", "0.30", "0.00")

    @pytest.mark.parametrize("period", ["day", "month"])
    def test_a_hold_that_crosses_the_end_stays_in_the_period_of_the_hold(self, period: str) -> None:
        budget = a_budget("0.60", period=period, at=self.LATE)
        made, failed = ordering.place([OrderRequest(an_order(), takes=2)], at=self.LATE)
        ledger.charge(made, at=self.NEXT, note="made")
        ledger.release(failed, at=self.NEXT, note="failed")
        assert counters(budget, self.LATE) == ("0.60", "0.00", "0.30")
        assert counters(budget, self.NEXT) == ("0.60", "0.00", "0.00")
        assert limits.audit() == []

    def test_a_site_that_moves_to_another_time_zone_settles_what_it_held_before(self, settings: Settings) -> None:
        budget = a_budget("0.30", period="day", at=self.NEXT)
        (task,) = ordering.place([OrderRequest(an_order())], at=self.NEXT)
        settings.TIME_ZONE = "UTC"
        ledger.charge(task, at=self.NEXT, note="made")
        assert budget.periods.get().spent_usd == Decimal("0.30")
        assert limits.audit() == []


class TestAlarms:
    def test_each_is_told_once_in_a_period(
        self, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        budget = a_budget("3", period="day")
        with caplog.at_level(logging.WARNING), django_capture_on_commit_callbacks(execute=True):
            for _ in range(10):
                ordering.place([OrderRequest(an_order())], at=NOW)
        told = list(BudgetEvent.objects.exclude(percent=None).order_by("id").values_list("percent", "note"))
        assert told == [(n, f"{n} % of $3.00 is reserved or spent (20 Nov 2026)") for n in (50, 80, 100)]
        assert [record.getMessage() for record in caplog.records if "budget" in record.name] == [
            f"budget {budget}: {note}" for _, note in told
        ]

    def test_what_falls_and_rises_again_is_not_told_again(self) -> None:
        a_budget("0.60")
        (task,) = ordering.place([OrderRequest(an_order())], at=NOW)
        ledger.release(task, at=NOW, note="failed")
        ordering.place([OrderRequest(an_order())], at=NOW)
        assert BudgetEvent.objects.exclude(percent=None).count() == 1

    def test_a_jump_over_several_tells_the_highest(self) -> None:
        a_budget("0.30", hard=False)
        ordering.place([OrderRequest(an_order(), takes=2)], at=NOW)
        assert BudgetEvent.objects.exclude(percent=None).get().percent == 100

    def test_the_next_period_tells_anew(self) -> None:
        a_budget("0.60", period="day")
        for day in range(2):
            ordering.place([OrderRequest(an_order())], at=NOW + timedelta(days=day))
        assert BudgetEvent.objects.filter(percent=50).count() == 2

    def test_it_reads_the_same_whatever_language_the_one_who_orders_reads(self) -> None:
        a_budget("0.60", period="month")
        with override("es"):
            ordering.place([OrderRequest(an_order())], at=NOW)
        note = BudgetEvent.objects.exclude(percent=None).get().note
        assert note == "50 % of $0.60 is reserved or spent (November 2026)"

    def test_an_order_that_is_refused_tells_nothing(self) -> None:
        a_budget("0.50")
        with pytest.raises(ValidationError):
            ordering.place([OrderRequest(an_order(), takes=2)], at=NOW)
        assert not BudgetEvent.objects.exclude(percent=None).exists()


class TestTogether:
    def test_the_counters_move_when_it_ends(self) -> None:
        budget = a_budget("9")
        tasks = ordering.place([OrderRequest(an_order(), takes=3)], at=NOW)
        with transaction.atomic(), budgets.deferred_counters():
            for task in tasks:
                ledger.charge(task, at=NOW, note="made")
            assert counters(budget) == ("9.00", "0.90", "0.00")
        assert counters(budget) == ("9.00", "0.00", "0.90")

    def test_what_an_inner_transaction_took_back_is_not_counted(self) -> None:
        budget = a_budget("9")
        kept, undone = ordering.place([OrderRequest(an_order(), takes=2)], at=NOW)
        with transaction.atomic(), budgets.deferred_counters():
            ledger.charge(kept, at=NOW, note="made")
            with pytest.raises(RuntimeError), transaction.atomic():
                ledger.charge(undone, at=NOW, note="made")
                raise RuntimeError
        assert counters(budget) == ("9.00", "0.30", "0.30")
        assert limits.audit() == []

    def test_many_settlements_are_one_update_of_each_budget(self) -> None:
        a_budget("99")
        tasks = ordering.place([OrderRequest(an_order(), takes=5)], at=NOW)
        with CaptureQueriesContext(connection) as queries, budgets.deferred_counters():
            for task in tasks:
                ledger.charge(task, at=NOW, note="made")
        updates = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
        assert len(updates) == 1


class TestCorrections:
    def test_one_moves_what_was_spent_in_the_period_of_the_hold(self, staff: User) -> None:
        budget = a_budget("0.60", period="day")
        (task,) = ordering.place([OrderRequest(an_order())], at=NOW)
        ledger.charge(task, at=NOW, note="made")
        tomorrow = NOW + timedelta(days=1)
        ledger.adjust(task, Decimal("0.10"), at=tomorrow, by=staff, reason="the invoice says so")
        assert counters(budget) == ("0.60", "0.00", "0.40")
        assert counters(budget, tomorrow) == ("0.60", "0.00", "0.00")
        ledger.adjust(task, Decimal("-0.40"), at=tomorrow, by=staff, reason="they gave it back")
        assert counters(budget) == ("0.60", "0.00", "0.00")
        assert limits.audit() == []

    def test_a_hard_budget_that_runs_carries_no_more_than_its_limit(self, staff: User) -> None:
        budget = a_budget("0.30")
        (task,) = ordering.place([OrderRequest(an_order())], at=NOW)
        ledger.charge(task, at=NOW, note="made")
        with pytest.raises(ValidationError, match=r"Remaining \$0.00"), transaction.atomic():
            ledger.adjust(task, Decimal("0.01"), at=NOW, by=staff, reason="the invoice says so")
        a_budget("0.31")
        ledger.adjust(task, Decimal("0.01"), at=NOW, by=staff, reason="the invoice says so")
        assert counters(budget) == ("0.31", "0.00", "0.31")

    def test_a_period_that_is_over_is_told_the_truth(self, staff: User) -> None:
        budget = a_budget("0.30", period="day")
        (task,) = ordering.place([OrderRequest(an_order())], at=NOW)
        ledger.charge(task, at=NOW, note="made")
        ledger.adjust(task, Decimal("0.05"), at=NOW + timedelta(days=1), by=staff, reason="the invoice says so")
        period = budget.periods.get(starts_on=NOW.date())
        assert (period.hard, period.spent_usd, period.limit_usd) == (False, Decimal("0.35"), Decimal("0.30"))
        assert Budget.objects.get().hard
        assert limits.audit() == []


def test_the_four_numbers_are_said_in_their_words() -> None:
    period = a_budget("1").period_at(NOW)
    assert str(Numbers.of(period, estimated=None)) == (
        "Estimated price unknown, Reserved $0.00, Spent $0.00, Remaining $1.00"
    )
    without_limit = Numbers(estimated=Decimal("0.30"), reserved=Decimal("0.30"), spent=Decimal(0))
    assert str(without_limit) == "Estimated $0.30, Reserved $0.30, Spent $0.00"


def test_an_order_of_an_archived_campaign_is_refused() -> None:
    campaign = a_campaign(archived=True)
    prompt = a_prompt(campaign=campaign)
    with pytest.raises(ValidationError, match="Autumn is archived"):
        ordering.place([OrderRequest(an_order(), prompt=prompt, campaign=campaign)], at=NOW)
    again = a_task(Status.FAILED, campaign=campaign)
    with pytest.raises(ValidationError, match="is archived"):
        ordering.place([retries.retry(again)], at=NOW, by=None)

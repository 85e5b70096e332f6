"""Budgets are set with what their period holds already, and the ledger is the judge of their counters."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.models import Budget, BudgetEvent, BudgetPeriod, GenerationTask, LedgerEntry, Status
from generations.money import budgets, ledger, limits
from tests.factories import NOW, a_budget, a_campaign, a_prompt, an_order, counters

pytestmark = pytest.mark.django_db
YESTERDAY = NOW - timedelta(days=1)


def test_a_new_budget_counts_what_its_period_holds_and_spent_already(staff: User) -> None:
    campaign = a_campaign()
    made, __ = ordering.place([OrderRequest(an_order(), takes=2, campaign=campaign)], at=NOW, by=staff)
    ledger.charge(made, at=NOW, note="made")
    ordering.place([OrderRequest(an_order(), takes=4)], at=YESTERDAY)
    ordering.place([OrderRequest(an_order())], at=NOW)
    assert counters(a_budget("9", period="day")) == ("9.00", "0.60", "0.30")
    assert counters(a_budget("9")) == ("9.00", "1.80", "0.30")
    assert counters(a_budget("9", scope="campaign", campaign=campaign)) == ("9.00", "0.30", "0.30")
    assert counters(a_budget("9", scope="person", person=staff, period="month")) == ("9.00", "0.30", "0.30")
    assert counters(a_budget("9", practice=False)) == ("9.00", "0.00", "0.00")
    assert limits.audit() == []


def test_what_was_ordered_before_its_first_period_stays_outside() -> None:
    (task,) = ordering.place([OrderRequest(an_order())], at=YESTERDAY)
    budget = a_budget("9", period="day")
    ledger.charge(task, at=NOW, note="made")
    assert counters(budget) == ("9.00", "0.00", "0.00")
    assert limits.audit() == []


def test_a_limit_is_raised_and_lowered_in_the_period_that_runs() -> None:
    budget = a_budget("0.30", period="day", at=YESTERDAY)
    ordering.place([OrderRequest(an_order())], at=YESTERDAY)
    ordering.place([OrderRequest(an_order())], at=NOW)
    assert a_budget("0.60", period="day") == budget
    ordering.place([OrderRequest(an_order())], at=NOW)
    assert counters(budget) == ("0.60", "0.60", "0.00")
    assert counters(budget, YESTERDAY) == ("0.30", "0.30", "0.00")
    a_budget("5", period="day")
    a_budget("0.60", period="day")
    with pytest.raises(ValidationError):
        ordering.place([OrderRequest(an_order())], at=NOW)


def test_a_hard_limit_below_what_is_held_and_spent_is_refused_with_the_sum() -> None:
    made, __ = ordering.place([OrderRequest(an_order(), takes=2)], at=NOW)
    ledger.charge(made, at=NOW, note="made")
    budget = a_budget("0.60")
    with pytest.raises(ValidationError) as refused:
        a_budget("0.59")
    assert refused.value.message_dict == {
        "limit": [
            "a hard limit of $0.59 is below what this period has: $0.30 reserved + $0.30 spent = $0.60; "
            "set at least that, or let it only warn"
        ]
    }
    assert counters(budget)[0] == "0.60"
    assert BudgetEvent.objects.filter(percent=None).count() == 1


def test_a_budget_that_only_warns_may_be_set_below_and_says_so_at_once() -> None:
    ordering.place([OrderRequest(an_order(), takes=2)], at=NOW)
    budget = a_budget("0.50", hard=False)
    assert counters(budget) == ("0.50", "0.60", "0.00")
    assert BudgetEvent.objects.get(percent=100, period__budget=budget)
    with pytest.raises(ValidationError, match="below what this period has"):
        a_budget("0.50", hard=True)
    assert not Budget.objects.get().hard


def test_hard_or_not_stays_as_it_is_unless_it_is_said() -> None:
    assert a_budget("1").hard
    assert not a_budget("2", hard=False).hard
    assert not a_budget("3").hard
    assert a_budget("3", hard=True).hard


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("-0.01", r"0 to \$1,000,000.00, not -0.01"),
        ("1000000.01", r"0 to \$1,000,000.00"),
        ("NaN", "an amount in USD, not NaN"),
        ("Infinity", "an amount in USD, not Infinity"),
        ("1e400", r"0 to \$1,000,000.00"),
        ("0.00001", "at most four decimal places"),
    ],
)
def test_a_limit_that_is_none_is_refused(limit: str, words: str) -> None:
    with pytest.raises(ValidationError, match=f"'limit': .*{words}"):
        a_budget(limit)
    assert not Budget.objects.exists()


def test_a_limit_of_nothing_stops_all_orders_that_cost_something() -> None:
    a_budget("0")
    with pytest.raises(ValidationError):
        ordering.place([OrderRequest(an_order())], at=NOW)


def test_who_set_what_is_kept(staff: User) -> None:
    a_budget("50", by=staff)
    a_budget("60", by=staff, hard=False)
    said = [(event.note, event.by) for event in BudgetEvent.objects.order_by("id")]
    assert said == [("$50.00, hard", staff), ("$60.00, warns only", staff)]


def test_the_audit_finds_a_counter_that_is_off() -> None:
    a_budget("9")
    ordering.place([OrderRequest(an_order())], at=NOW)
    BudgetPeriod.objects.update(held_usd=Decimal("0.20"))
    assert limits.audit() == ["budget site total, in total: held is $0.20, the ledger says $0.30"]
    a_budget("9")  # setting it counts anew
    assert limits.audit() == []


def test_the_audit_finds_money_that_no_period_counts() -> None:
    budget = a_budget("9", period="day", at=YESTERDAY)
    ordering.place([OrderRequest(an_order())], at=NOW)
    budget.periods.get(starts_on=NOW.date()).delete()
    assert limits.audit() == ["budget site day: nothing from 2026-11-20 is counted, but the ledger has entries"]


def test_an_unpriced_order_that_is_valued_later_is_counted(staff: User) -> None:
    budget = a_budget("9", period="day", hard=False)
    (task,) = ordering.place([OrderRequest(an_order(model="kling-2-6", sound=True))], at=NOW)
    ledger.charge(task, at=NOW, note="made")
    assert counters(budget) == ("9.00", "0.00", "0.00")
    ledger.adjust(task, Decimal("0.55"), at=NOW, by=staff, reason="the invoice says so")
    assert counters(budget) == ("9.00", "0.00", "0.55")
    assert limits.audit() == []


class TestRandomRuns:
    """A studio's weeks with everything that happens to orders: sums of the ledger and the counters agree throughout."""

    @pytest.mark.parametrize("seed", range(3))
    def test_counters_and_ledger_agree(self, seed: int, staff: User) -> None:
        dice = random.Random(seed)  # noqa: S311
        campaigns = [None, a_campaign("Autumn"), a_campaign("Spring")]
        people = [None, staff, User.objects.create_user("noor")]
        prompt = a_prompt()
        at = NOW
        for step in range(120):
            at += timedelta(minutes=dice.randrange(240))
            dice.choice([self.order, self.order, self.settle, self.settle, self.settle_many, self.correct, self.limit])(
                dice, at, campaigns, people, prompt
            )
            if step % 40 == 39:
                assert limits.audit() == []
        assert LedgerEntry.objects.count() > 60
        for period in BudgetPeriod.objects.select_related("budget"):
            assert not period.hard or period.used_usd <= period.limit_usd

    def order(self, dice: Any, at: Any, campaigns: Any, people: Any, prompt: Any) -> None:
        order = dice.choice([an_order(), an_order(duration_seconds=10), an_order(model="kling-2-6", sound=True)])
        request = OrderRequest(order, takes=dice.randint(1, 3), campaign=dice.choice(campaigns), prompt=prompt)
        try:
            ordering.place([request], at=at, by=dice.choice(people))
        except ValidationError as error:
            assert set(error.message_dict) == {"budget"}

    def settle(self, dice: Any, at: Any, *_: Any) -> None:
        tasks = list(GenerationTask.objects.filter(status=Status.QUEUED))
        if not tasks:
            return
        task = dice.choice(tasks)
        if dice.random() < 0.3:
            ordering.cancel(task, at=at, by=None)
        elif dice.random() < 0.7:
            ledger.charge(task, at=at, note="made")
        else:  # and some stay unknown, with what they hold
            ledger.release(task, at=at, note="failed")

    def settle_many(self, dice: Any, at: Any, *_: Any) -> None:
        with budgets.deferred_counters():
            for _turn in range(4):
                self.settle(dice, at)

    def correct(self, dice: Any, at: Any, campaigns: Any, people: Any, *_: Any) -> None:
        charged = list(LedgerEntry.objects.filter(kind="charge"))
        if not charged:
            return
        amount = Decimal(dice.randint(-20, 40)) / 100
        with suppress(ValidationError):
            ledger.adjust(dice.choice(charged).task, amount, at=at, by=people[1], reason="a correction")

    def limit(self, dice: Any, at: Any, campaigns: Any, people: Any, *_: Any) -> None:
        scope = dice.choice(["site", "campaign", "person"])
        subject = {"site": {}, "campaign": {"campaign": campaigns[1]}, "person": {"person": people[1]}}[scope]
        limit = Decimal(dice.randint(0, 1500)) / 100
        period = dice.choice(["day", "month", "total"])
        hard = dice.random() < 0.5
        try:
            limits.set_limit(scope=scope, period=period, limit_usd=limit, hard=hard, at=at, **subject)
        except ValidationError as error:
            assert "below what this period has" in str(error)


def test_a_raised_limit_tells_its_marks_anew() -> None:
    a_budget("0.30")
    ordering.place([OrderRequest(an_order())], at=NOW)
    a_budget("1.20")
    ordering.place([OrderRequest(an_order(), takes=3)], at=NOW)
    told = list(BudgetEvent.objects.exclude(percent=None).order_by("pk").values_list("percent", flat=True))
    assert told == [100, 100]

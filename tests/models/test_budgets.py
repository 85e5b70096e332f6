"""Budgets as rows: what one is, its periods, and what no row may say."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import translation

from generations.models import Budget, BudgetEvent, BudgetPeriod, Period
from generations.models.budgets import EVER, starts_on
from tests.factories import NOW, a_budget, a_campaign

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("period", "first"),
    [(Period.DAY, date(2026, 11, 20)), (Period.MONTH, date(2026, 11, 1)), (Period.TOTAL, EVER)],
)
def test_a_period_starts_on_its_first_day(period: str, first: date) -> None:
    assert starts_on(period, date(2026, 11, 20)) == first


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "campaign"},
        {"scope": "person"},
        {"scope": "planet"},
        {"period": "week"},
        {"limit_usd": Decimal("-0.01")},
        {"limit_usd": Decimal("1000000.01")},
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_by_the_database(changes: dict[str, Any]) -> None:
    sound = {"scope": "site", "period": "day", "limit_usd": Decimal(1), "practice": True}
    with pytest.raises(IntegrityError), transaction.atomic():
        Budget.objects.create(**(sound | changes))


def test_there_is_one_budget_for_a_scope_and_a_period_of_a_kind_of_money(staff: User) -> None:
    campaign = a_campaign()
    for subject in (
        {"scope": "site"},
        {"scope": "campaign", "campaign": campaign},
        {"scope": "person", "person": staff},
    ):
        columns: dict[str, Any] = {**subject, "period": "day", "limit_usd": Decimal(1)}
        for practice in (True, False):
            Budget.objects.create(**columns, practice=practice)
        with pytest.raises(IntegrityError), transaction.atomic():
            Budget.objects.create(**columns, practice=True)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"held_usd": Decimal("0.70"), "spent_usd": Decimal("0.31")}, "budget_held_and_spent_within_limit"),
        ({"held_usd": Decimal("-0.0001")}, "budget_counters_not_negative"),
        ({"spent_usd": Decimal("-0.0001")}, "budget_counters_not_negative"),
    ],
)
def test_counters_never_say_what_cannot_be(changes: dict[str, Any], rule: str) -> None:
    period = a_budget("1").periods.get()
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        BudgetPeriod.objects.filter(pk=period.pk).update(**changes)


def test_a_sum_of_decimals_fills_a_budget_to_the_last_cent() -> None:
    """0.1 + 0.2 is more than 0.3 in binary fractions."""
    period = a_budget("0.30").periods.get()
    BudgetPeriod.objects.filter(pk=period.pk).update(held_usd=Decimal("0.10"), spent_usd=Decimal("0.20"))
    period.refresh_from_db()
    assert (period.percent, period.remaining_usd) == (100, Decimal(0))


def test_a_warning_may_be_passed_over() -> None:
    period = a_budget("1", hard=False).periods.get()
    BudgetPeriod.objects.filter(pk=period.pk).update(held_usd=Decimal("1.50"))
    period.refresh_from_db()
    assert (period.percent, period.remaining_usd) == (150, Decimal("-0.50"))


def test_a_budget_has_a_name_for_people_and_one_for_commands(staff: User) -> None:
    campaign = a_campaign("Autumn sale", slug="autumn")
    budgets = [
        a_budget("1", period="day"),
        a_budget("1", scope="campaign", campaign=campaign, period="month"),
        a_budget("1", scope="person", person=staff),
    ]
    assert [budget.key for budget in budgets] == ["site", "campaign:autumn", "person:mira"]
    assert [str(budget) for budget in budgets] == ["Whole site, per day", "Autumn sale, per month", "mira, in total"]
    names = [str(budget.period_at(NOW)) for budget in budgets]
    assert names == ["Whole site, 20 Nov 2026", "Autumn sale, November 2026", "mira, in total"]


def test_a_period_knows_its_last_day_and_when_it_is_over() -> None:
    day, month, ever = (a_budget("1", period=period).period_at(NOW) for period in ("day", "month", "total"))
    assert [period.ends_on for period in (day, month, ever)] == [date(2026, 11, 20), date(2026, 11, 30), None]
    tomorrow, next_month = NOW + timedelta(days=1), NOW + timedelta(days=11)
    assert [period.is_over(at=tomorrow) for period in (day, month, ever)] == [True, False, False]
    assert [period.is_over(at=next_month) for period in (day, month, ever)] == [True, True, False]


def test_budgets_cover_their_own_kind_of_money_only(staff: User) -> None:
    campaign = a_campaign()
    site = a_budget("9")
    a_budget("9", practice=False)
    a_budget("9", scope="campaign", campaign=a_campaign("Spring"))
    its = a_budget("9", scope="campaign", campaign=campaign)
    hers = a_budget("9", scope="person", person=staff)
    covering = partial(Budget.objects.covering, practice=True)
    assert list(covering(campaign_id=campaign.pk, person_id=staff.pk)) == [site, its, hers]
    assert list(covering(campaign_id=None, person_id=None)) == [site]


def test_what_a_budget_s_history_says_outlives_it_and_is_read_at_the_next_of_its_name() -> None:
    a_budget("5")
    with translation.override("es"):
        a_budget("6").delete()
    gone: list[Any] = list(BudgetEvent.objects.order_by("pk").values_list("budget", "name", "note"))
    assert gone == [(None, "Whole site, in total, practice money", f"${limit}.00, hard") for limit in (5, 6)]
    again = a_budget("7")
    assert [event.note for event in again.history()] == ["$7.00, hard", "$6.00, hard", "$5.00, hard"]
    assert [event.note for event in a_budget("8", practice=False).history()] == ["$8.00, hard"]

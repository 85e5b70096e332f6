"""Budgets in the admin: set by people, with the rules named at their fields, and with what happened to them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from generations.admin import budgets as page
from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.models import Budget, Campaign
from generations.money import ledger, limits
from tests.factories import a_budget, a_campaign, an_order

LIST, ADD = reverse("admin:generations_budget_changelist"), reverse("admin:generations_budget_add")
Said = Callable[[Any], list[str]]


def filled(**changes: Any) -> dict[str, Any]:
    return {"scope": "site", "campaign": "", "person": "", "period": "month", "limit_usd": "50", "hard": "on"} | changes


def change(budget: Budget) -> str:
    return reverse("admin:generations_budget_change", args=[budget.pk])


def a_budget_now(limit: str, **changes: Any) -> Budget:
    return a_budget(limit, at=timezone.now(), **changes)


def ordered(takes: int = 1) -> list[Any]:
    return ordering.place([OrderRequest(an_order(), takes=takes)], at=timezone.now())


def test_a_budget_is_made_by_a_person_and_counts_what_is_held_already(admin_client: Client, staff: User) -> None:
    ordered(2)
    response = admin_client.post(ADD, filled())
    budget = Budget.objects.get()
    assert response.status_code == 302
    assert (budget.scope, budget.period, budget.limit_usd, budget.practice) == ("site", "month", Decimal(50), True)
    assert budget.periods.get().held_usd == Decimal("0.60")
    assert budget.events.get().by == staff


def test_a_budget_is_made_for_a_campaign_and_for_a_person(admin_client: Client, staff: User) -> None:
    campaign = a_campaign()
    admin_client.post(ADD, filled(scope="campaign", campaign=str(campaign.pk)))
    admin_client.post(ADD, filled(scope="person", person=str(staff.pk)))
    assert [str(budget) for budget in Budget.objects.order_by("pk")] == ["Autumn, per month", "mira, per month"]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"limit_usd": "-1"}, "limit_usd", "0 to $1,000,000.00, not -1"),
        ({"limit_usd": "1000001"}, "limit_usd", "0 to $1,000,000.00, not 1000001"),
        ({"limit_usd": "NaN"}, "limit_usd", "an amount in USD such as 12.50, not NaN"),
        ({"limit_usd": "1e3"}, "limit_usd", "an amount in USD"),
        ({"limit_usd": "0.00001"}, "limit_usd", "no more than 4 decimal places"),
        ({"limit_usd": ""}, "limit_usd", "required"),
        ({"limit_usd": "0.29"}, "limit_usd", "$0.30 reserved + $0.00 spent = $0.30"),
        ({"scope": "campaign"}, "campaign", "Choose a campaign"),
        ({"scope": "person"}, "person", "Choose a person"),
        ({"campaign": "1"}, "campaign", "choose “a campaign” as the scope"),
        ({"scope": "planet"}, "scope", "planet"),
        ({"period": "week"}, "period", "week"),
        ({"period": "day"}, "period", "This budget exists already: “Whole site, per day”"),
    ],
)
def test_bad_input_is_told_at_its_field(admin_client: Client, changes: dict[str, str], field: str, words: str) -> None:
    Campaign.objects.create(pk=1, name="Autumn", slug="autumn")
    a_budget_now("9", period="day")
    ordered()
    response = admin_client.post(ADD, filled(**changes))
    assert words in " ".join(response.context["adminform"].errors[field])
    assert Budget.objects.count() == 1


def test_a_limit_and_its_hardness_are_changed_and_nothing_else(admin_client: Client) -> None:
    budget = a_budget_now("9")
    admin_client.post(change(budget), {"limit_usd": "0.10", "scope": "person", "period": "day"})
    budget = Budget.objects.get()
    assert (budget.scope, budget.period, budget.limit_usd, budget.hard) == ("site", "total", Decimal("0.10"), False)
    assert budget.periods.get().limit_usd == Decimal("0.10")


def test_a_hard_limit_below_what_is_held_is_told_on_the_change_page(admin_client: Client) -> None:
    budget = a_budget_now("9")
    ordered()
    response = admin_client.post(change(budget), {"limit_usd": "0.20", "hard": "on"})
    assert "or let it only warn" in response.context["adminform"].errors["limit_usd"][0]
    assert Budget.objects.get().limit_usd == 9


def test_an_order_between_the_look_and_the_saving_is_told_and_changes_nothing(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    budget = a_budget_now("9")
    monkeypatch.setattr(limits, "check_limit", lambda **_: None)
    ordered()
    response = admin_client.post(change(budget), {"limit_usd": "0.20", "hard": "on"}, follow=True)
    assert "below what this period has" in said(response)[0]
    assert said(response)[0].endswith("Nothing was changed.")
    with pytest.raises(ValidationError):
        a_budget_now("0.20")


def test_the_list_shows_the_four_numbers_and_a_bar(admin_client: Client) -> None:
    a_budget_now("1", period="month")
    made, *_ = ordered(3)
    ledger.charge(made, at=timezone.now(), note="made")
    html = admin_client.get(LIST).content.decode()
    for name, amount in (("Estimated", "$0.90"), ("Reserved", "$0.60"), ("Spent", "$0.30"), ("Remaining", "$0.10")):
        assert f"<dt>{name}</dt><dd>{amount}</dd>" in html
    assert 'aria-label="90 % of $1.00 is reserved or spent"' in html
    assert "meter-warn" in html


def test_budgets_of_the_other_kind_of_money_are_not_here(admin_client: Client) -> None:
    other = a_budget_now("1", practice=False)
    assert "Whole site" not in admin_client.get(LIST).content.decode()
    assert admin_client.get(change(other)).status_code == 302


def test_what_happened_stands_on_its_page(admin_client: Client, staff: User) -> None:
    budget = a_budget_now("0.60", by=staff)
    ordered()
    html = admin_client.get(change(budget)).content.decode()
    assert "set to $0.60, hard, by mira" in html
    assert "50 % of $0.60 is reserved or spent" in html


def test_a_budget_is_deleted_and_the_ledger_stays(admin_client: Client) -> None:
    budget = a_budget_now("9")
    (task,) = ordered()
    admin_client.post(reverse("admin:generations_budget_delete", args=[budget.pk]), {"post": "yes"})
    assert not Budget.objects.exists()
    assert task.entries.exists()


def test_whoever_may_only_look_sets_nothing(viewer_client: Client) -> None:
    budget = a_budget_now("9")
    assert viewer_client.get(change(budget)).status_code == 200
    assert viewer_client.post(change(budget), {"limit_usd": "99"}).status_code == 403
    assert viewer_client.post(ADD, filled()).status_code == 403


def test_the_list_takes_as_many_queries_for_many_rows_as_for_few(
    admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        a_budget_now("9", scope="campaign", campaign=a_campaign(f"Campaign {number}"))
    with django_assert_max_num_queries(12):
        admin_client.get(LIST)


def test_alarms_are_of_present_periods_the_fullest_first(db: None) -> None:
    a_budget_now("99")
    a_budget_now("0.55", period="day")
    a_budget_now("0.30", period="month")
    ordered()
    found = page.alarms(page.present(at=timezone.now()))
    assert [(period.budget.period, mark) for period, mark in found] == [("month", 100), ("day", 50)]

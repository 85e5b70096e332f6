"""`manage.py budgets`: options, exit codes and JSON that other people's scripts rely on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.models import Budget
from generations.money import ledger
from tests.commands.running import run
from tests.factories import a_campaign, an_order

pytestmark = pytest.mark.django_db


def listed() -> Any:
    return json.loads(run("budgets", "--json")[1])


def test_without_budgets_the_json_is_an_empty_array() -> None:
    assert listed() == []


def test_a_budget_is_set_for_the_site_a_campaign_and_a_person(staff: User) -> None:
    a_campaign("Autumn")
    for scope, period in (("site", "day"), ("campaign:autumn", "month"), ("person:mira", "total")):
        assert run("budgets", "set", scope, period, "12.5")[0] == 0
    assert {row["scope"]: row for row in listed()} == {
        scope: {
            "scope": scope, "period": period, "limit_usd": "12.5000", "held_usd": "0.0000", "spent_usd": "0.0000",
            "hard": True,
        }
        for scope, period in (("site", "day"), ("campaign:autumn", "month"), ("person:mira", "total"))
    }  # fmt: skip


def test_what_is_held_and_spent_is_listed() -> None:
    run("budgets", "set", "site", "day", "9")
    made, __ = ordering.place([OrderRequest(an_order(), takes=2)], at=timezone.now())
    ledger.charge(made, at=timezone.now(), note="made")
    (row,) = listed()
    assert (row["held_usd"], row["spent_usd"]) == ("0.3000", "0.3000")
    head, line = run("budgets")[1].splitlines()
    assert head.split() == ["Scope", "Period", "Limit", "Estimated", "Reserved", "Spent", "Remaining"]
    assert line.split()[-6:] == ["$9.00", "$0.60", "$0.30", "$0.30", "$8.40", "hard"]


def test_a_budget_is_hard_unless_it_is_said_to_warn_and_stays_what_it_is() -> None:
    for flags, hard in (([], True), (["--warn"], False), ([], False), (["--hard"], True)):
        (row,) = json.loads(run("budgets", "set", "site", "month", "5", *flags, "--json")[1])
        assert row["hard"] is hard
    assert Budget.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["planet", "day", "5"], ["scope: site, campaign:<slug> or person:<username>, not planet"]),
        (["campaign:", "day", "5"], ["scope: site, campaign:<slug> or person:<username>, not campaign:"]),
        (["campaign:spring", "day", "5"], ["scope: there is no campaign spring"]),
        (["person:nobody", "day", "5"], ["scope: there is no person nobody"]),
        (["site", "week", "5"], ["period: day, month, total, not week"]),
        (["site", "day", "-5"], ["limit: 0 to $1,000,000.00, not -5"]),
        (["site", "day", "1000000.01"], ["limit: 0 to $1,000,000.00, not 1000000.01"]),
        (["site", "day", "NaN"], ["limit: an amount in USD such as 12.50, not NaN"]),
        (["site", "day", "1e3"], ["limit: an amount in USD such as 12.50, not 1e3"]),
        (["site", "day", "0.00001"], ["limit: at most four decimal places, not 0.00001"]),
        (["site", "day", ""], ["limit: This field is required."]),
        (
            ["planet", "week", "much"],
            [
                "scope: site, campaign:<slug> or person:<username>, not planet",
                "limit: an amount in USD such as 12.50, not much",
                "period: day, month, total, not week",
            ],
        ),
    ],
)
def test_bad_input_is_a_line_a_problem_and_exit_code_2(arguments: list[str], lines: list[str]) -> None:
    code, out, err = run("budgets", "set", *arguments)
    assert (code, out, err.splitlines()) == (2, "", [*lines, "Nothing was changed."])
    assert not Budget.objects.exists()


def test_a_hard_limit_below_what_is_held_is_refused_in_json_too() -> None:
    ordering.place([OrderRequest(an_order())], at=timezone.now())
    code, out, err = run("budgets", "set", "site", "total", "0.29", "--json")
    (text,) = json.loads(out)["errors"]["limit"]
    assert (code, err) == (2, "")
    assert "$0.30 reserved + $0.00 spent = $0.30" in text


def test_hard_and_warn_exclude_each_other() -> None:
    assert run("budgets", "set", "site", "day", "5", "--hard", "--warn")[0] != 0
    assert not Budget.objects.exists()


def test_each_kind_of_money_has_its_own(settings: Settings) -> None:
    run("budgets", "set", "site", "day", "5")
    settings.PRACTICE = False
    assert listed() == []
    run("budgets", "set", "site", "day", "7")
    assert [row["limit_usd"] for row in listed()] == ["7.0000"]

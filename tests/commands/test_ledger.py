"""`manage.py ledger`: JSON that other people's scripts rely on."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from generations.models import Status
from generations.money import ledger
from tests.commands.running import run
from tests.factories import NOW, a_task

pytestmark = pytest.mark.django_db


def test_without_entries_the_json_is_an_empty_array() -> None:
    assert json.loads(run("ledger", "--json")[1]) == []


def test_every_entry_is_listed_oldest_first_with_all_its_keys(staff: User) -> None:
    task = a_task(Status.STORED, ordered_by=staff)
    ledger.adjust(task, Decimal("-0.05"), at=NOW, by=staff, reason="a discount")
    rows = json.loads(run("ledger", "--json")[1])
    assert [row["kind"] for row in rows] == ["hold", "charge", "adjust"]
    ids = [row.pop("id") for row in rows]
    assert ids == sorted(ids)
    assert rows[2] == {
        "task": task.pk, "kind": "adjust", "amount_usd": "-0.0500", "at": "2026-11-20T12:00:00+00:00", "by": "mira",
        "note": "a discount", "practice": True, "is_minimum": False,
    }  # fmt: skip
    assert rows[0]["by"] is None


def test_a_starting_price_says_from() -> None:
    a_task(Status.STORED, price_is_minimum=True)
    assert [row["is_minimum"] for row in json.loads(run("ledger", "--json")[1])] == [True, True]
    assert run("ledger")[1].count("from $0.30") == 2


def test_an_unknown_amount_is_null() -> None:
    a_task(price_usd=None)
    assert [row["amount_usd"] for row in json.loads(run("ledger", "--json")[1])] == [None]
    assert "unknown" in run("ledger")[1]


def test_one_task_s_entries_can_be_asked_for() -> None:
    a_task()
    task = a_task(Status.FAILED)
    rows = json.loads(run("ledger", "--task", str(task.pk), "--json")[1])
    assert {row["task"] for row in rows} == {task.pk}
    assert json.loads(run("ledger", "--task", "999999", "--json")[1]) == []


def test_for_people_it_is_a_table() -> None:
    a_task(Status.STORED)
    head, first, second = run("ledger")[1].splitlines()
    assert head.split() == ["Entry", "When", "Task", "What", "USD", "By", "Note"]
    assert first.split()[-4:] == ["$0.30", "–", "ordered", "(practice)"]
    assert "charge" in second

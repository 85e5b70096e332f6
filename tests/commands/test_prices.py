"""`manage.py prices`: options, exit codes and JSON that other people's scripts rely on."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from generations.models import LedgerEntry, Price, Status
from tests.commands.running import run
from tests.factories import a_budget, a_price, a_task

pytestmark = pytest.mark.django_db

NEW = {
    "--provider": "apixo", "--model": "kling-2-6", "--mode": "text-to-video", "--duration": "5", "--usd": "0.55",
    "--source": "the invoice of November",
}  # fmt: skip


def add(*more: str, **changes: str) -> tuple[int, str, str]:
    options = NEW | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return run("prices", "add", *(word for pair in options.items() for word in pair), *more)


def test_the_published_prices_are_listed_as_a_table() -> None:
    _, out, _ = run("prices")
    head, first, *others = out.splitlines()
    assert head.split() == ["Provider", "Model", "Mode", "Length", "Sound", "Route", "USD", "Valid", "from", "Source"]
    assert first.split()[:8] == ["apixo", "kling-2-1", "master-image-to-video", "5", "s", "any", "default", "$1.00"]
    assert len(others) == 11


def test_the_json_is_an_array_with_exact_amounts() -> None:
    _, out, _ = run("prices", "--json")
    rows = json.loads(out)
    assert len(rows) == 12
    assert set(rows[0]) == {
        "id", "provider", "model", "mode", "duration_seconds", "sound", "route", "usd", "valid_from", "source",
        "checked_at", "is_minimum", "is_free", "unit", "parameters",
    }  # fmt: skip
    assert rows[0]["usd"] == "1.0000"


def test_a_price_is_added_from_today_on_for_any_sound_and_route() -> None:
    code, out, __ = add("--json")
    (row,) = json.loads(out)
    assert code == 0
    assert (row["usd"], row["sound"], row["route"]) == ("0.5500", None, None)
    assert row["valid_from"] == timezone.localdate().isoformat()
    assert Price.objects.get(model="kling-2-6").source == "the invoice of November"


def test_a_price_can_name_its_sound_its_route_and_its_day() -> None:
    assert add("--sound", route="official", valid_from="2026-11-20")[0] == 0
    assert add("--no-sound", route="official", valid_from="2026-11-20", usd="0.28")[0] == 0
    prices = Price.objects.filter(model="kling-2-6", route="official", valid_from="2026-11-20")
    assert dict(prices.values_list("sound", "usd")) == {True: Decimal("0.55"), False: Decimal("0.28")}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"usd": "-0.01"}, "usd", "greater than or equal to 0"),
        ({"usd": "1000.01"}, "usd", "less than or equal to 1000"),
        ({"usd": "NaN"}, "usd", "an amount in USD such as 12.50, not NaN"),
        ({"usd": "1_0"}, "usd", "not 1_0"),
        ({"usd": "0.00001"}, "usd", "no more than 4 decimal places"),
        ({"source": " "}, "source", "required"),
        ({"duration": "7"}, "duration", "takes 5 or 10 seconds"),
        ({"mode": "pro"}, "mode", "no such model and mode"),
        ({"route": "cheap"}, "route", "auto, value or official"),
        ({"valid_from": "yesterday"}, "valid-from", "valid date"),
        ({"valid_from": "1999-01-01"}, "valid-from", "2024-01-01 to"),
        ({"valid_from": "9999-01-01"}, "valid-from", "not 9999-01-01"),
    ],
)
def test_bad_input_is_a_line_with_its_field_and_exit_code_2(changes: dict[str, str], field: str, words: str) -> None:
    code, __, err = add(**changes)
    assert code == 2
    lines = [line for line in err.splitlines() if line.startswith(f"{field}: ")]
    assert words in lines[0]
    assert err.splitlines()[-1] == "Nothing was changed."
    assert not Price.objects.filter(model="kling-2-6").exists()


def test_a_price_of_0_takes_the_option_that_says_that_it_is_meant_so() -> None:
    code, __, err = add(usd="0")
    assert (code, err.splitlines()[0]) == (2, "usd: More than 0, unless it is free on purpose.")
    assert not Price.objects.filter(model="kling-2-6").exists()
    code, out, __ = add("--free", "--json", usd="0")
    (row,) = json.loads(out)
    assert (code, row["usd"], row["is_free"]) == (0, "0.0000", True)
    assert "free" in run("prices")[1]


def test_a_second_price_of_the_same_day_is_refused_with_the_first() -> None:
    add(valid_from="2026-11-20")
    code, out, __ = add("--json", valid_from="2026-11-20", usd="0.60")
    (text,) = json.loads(out)["errors"]["valid-from"]
    assert code == 2
    assert "for the very same: $0.55 (the invoice of November)" in text


def test_what_is_missing_is_exit_code_2_too() -> None:
    code, __, err = run("prices", "add", "--provider", "apixo")
    assert code in (1, 2)  # 2 from a shell; argparse raises when called from Python
    assert "--usd" in err


class TestValuing:
    def test_what_was_charged_at_an_unknown_price_is_valued_by_a_person(self, staff: User) -> None:
        task = a_task(Status.STORED, model="kling-2-6", price_usd=None)
        assert "1 charges are unpriced" in run("prices")[1]
        a_price("0.55", model="kling-2-6")
        code, out, __ = run("prices", "value", "--by", "mira")
        assert code == 0
        assert out.splitlines()[0].startswith(f"task {task.pk}: $0.55, its price was unknown")
        assert out.splitlines()[-1] == "Added a price to 1 charges; 0 are still unpriced."
        assert LedgerEntry.objects.get(kind="adjust").by == staff

    def test_somebody_answers_for_it(self) -> None:
        code, __, err = run("prices", "value", "--by", "nobody")
        assert (code, err.splitlines()[0]) == (2, "by: there is no user nobody")

    def test_what_a_hard_budget_does_not_carry_is_told(self, staff: User) -> None:
        a_task(Status.STORED, model="kling-2-6", price_usd=None)
        a_budget("0.10")
        a_price("0.55", model="kling-2-6")
        code, out, err = run("prices", "value", "--by", "mira")
        assert code == 2
        assert "Added a price to 0 charges; 1 are still unpriced." in out
        assert "budget: Task" in err

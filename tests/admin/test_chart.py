"""The bar chart, as numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from generations.admin.chart import draw

DAYS = [date(2026, 11, day) for day in range(7, 21)]


def test_nothing_spent_draws_nothing() -> None:
    assert draw([]) is None
    assert draw([(day, Decimal(0)) for day in DAYS]) is None


@pytest.mark.parametrize(
    ("highest", "top"),
    [("0.004", "$0.01"), ("0.30", "$0.50"), ("0.95", "$1.00"), ("1", "$1.00"), ("2.80", "$5.00"), ("58", "$100.00")],
)
def test_the_scale_ends_at_a_round_amount_above_the_highest(highest: str, top: str) -> None:
    chart = draw([(day, Decimal(highest)) for day in DAYS])
    assert chart is not None
    assert chart.lines[-1].words == top


def test_the_highest_bar_is_the_tallest_and_all_stand_on_the_floor() -> None:
    chart = draw([(day, Decimal(day.day)) for day in DAYS])
    assert chart is not None
    assert max(chart.bars, key=lambda bar: float(bar.height)) is chart.bars[-1]
    assert {round(float(bar.y) + float(bar.height)) for bar in chart.bars} == {chart.floor}
    assert chart.bars[-1].words == "20 Nov: $20.00"
    assert chart.bars[-1].label == "20 Nov"


def test_a_day_that_only_brought_money_back_has_no_bar() -> None:
    chart = draw([(DAYS[0], Decimal("-1")), (DAYS[1], Decimal("1"))])
    assert chart is not None
    assert float(chart.bars[0].height) == 0

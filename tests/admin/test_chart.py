"""The bar chart, as numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from generations.admin.chart import BEAMS_MAX, draw, draw_rows

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


def test_a_lying_chart_has_the_largest_first_and_the_smallest_together() -> None:
    rows = [(f"row {n}", Decimal(n)) for n in range(12)]
    chart = draw_rows(rows, name="Spent")
    assert chart is not None
    assert [row.words for row in chart.rows][:2] == ["row 11: $11.00", "row 10: $10.00"]
    assert chart.rows[-1].words == "4 others: $10.00"  # 1 to 4; nothing was spent on row 0
    assert len(chart.rows) == BEAMS_MAX
    assert float(chart.rows[0].width) / float(chart.rows[1].width) == pytest.approx(1.1, abs=0.01)


def test_others_are_not_summed_where_they_are_not_all_there() -> None:
    chart = draw_rows([(f"row {n}", Decimal(n)) for n in range(1, 20)], name="Spent", whole=False)
    assert chart is not None
    assert [row.name for row in chart.rows] == [f"row {n}" for n in range(19, 11, -1)]


def test_one_bar_alone_says_nothing() -> None:
    assert draw_rows([("all", Decimal(1)), ("nothing", Decimal(0))], name="Spent") is None


def test_a_long_name_is_cut_and_told_in_full() -> None:
    chart = draw_rows([("a lighthouse at dawn, gulls crying", Decimal(2)), ("b", Decimal(1))], name="Spent")
    assert chart is not None
    assert (chart.rows[0].name, chart.rows[0].words) == (
        "a lighthouse at dawn,…",
        "a lighthouse at dawn, gulls crying: $2.00",
    )

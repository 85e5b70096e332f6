"""Tables: words for people, plain numbers for machines, and no text that a spreadsheet would run."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import gettext_lazy, override
from openpyxl import load_workbook

from generations.reports.export import BYTE_ORDER_MARK, Cell, Column, Table, as_csv, as_xlsx, defused, words

FORMULAS = [
    "=1+1", "=cmd|'/C calc'!A0", "=HYPERLINK(\"http://evil.example\",\"click\")", "=IMPORTXML(A1)", "==2", "= 2",
    "+1", "+cmd|'/C calc'!A0", "++", "-1", "-2+3+cmd|' /C calc'!A0", "--", "- a list", "@SUM(1+1)", "@", "@@A1",
    "\t=1+1", "\tplain", "\r=1+1", "\r\n=1", "\n=1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20A1",
]  # fmt: skip


def a_table(*rows: tuple[Cell, ...]) -> Table:
    return Table(
        "prompt", "Per prompt", (Column("Prompt"), Column("Spent", "usd"), Column("Kept", "count")), list(rows)
    )


def read(table: Table) -> list[list[str]]:
    text = "".join(as_csv(table))
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.reader(text.removeprefix(BYTE_ORDER_MARK).splitlines(keepends=True)))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_might_be_a_formula_begins_with_an_apostrophe(text: str) -> None:
    (_, row) = read(a_table((text, Decimal("0.30"), 1)))
    assert row[0].startswith(f"'{text[0]}")


@pytest.mark.parametrize(
    "text", ["a fox;=1+1;", 'a "fox";"=1+1', "a fox\n=1+1", "a fox\t\uff1d1+1", "a fox\r@me", "\t=1+1"]
)
@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_no_cell_of_a_file_that_is_opened_with_other_separators_is_a_formula(text: str, separator: str) -> None:
    lines = "".join(as_csv(a_table(("A prompt", Decimal("0.30"), 1), (text, Decimal("0.30"), 1)))).splitlines()
    for cell in (cell for line in lines for cell in line.split(separator)):
        assert cell.strip('"')[:1] not in ("=", "+", "-", "@", "\uff1d"), cell


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a lighthouse",
        "a fox; a crane",
        "one\ntwo",
        "'quoted'",
        "1+1=2",
        "mira@example.com",
        " - a dash",
        "цена = 2",
    ],
)
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert defused(text) == text


def test_numbers_stay_numbers_below_zero_too() -> None:
    (_, row) = read(a_table(("a lighthouse", Decimal("-0.3000"), -2)))
    assert row[1:] == ["-0.3000", "-2"]


def test_what_is_not_known_is_empty_and_no_zero() -> None:
    (_, row) = read(a_table(("a lighthouse", None, None)))
    assert row[1:] == ["", ""]


def test_lines_breaks_quotes_and_commas_survive() -> None:
    (head, row) = read(a_table(('a "light", house\nat dawn', Decimal(1), 1)))
    assert (head, row[0]) == (["Prompt", "Spent", "Kept"], 'a "light", house\nat dawn')


def test_people_read_words() -> None:
    cells: list[tuple[Cell, str]] = [
        (Decimal("0.3"), "usd"),
        (1200, "count"),
        (date(2026, 11, 5), "day"),
        (None, "usd"),
    ]
    assert [words(cell, kind) for cell, kind in cells] == ["$0.30", "1,200", "5 Nov 2026", "–"]


def sheet(table: Table) -> list[list[tuple[object, str]]]:
    """Values and types, as another program reads them."""
    with as_xlsx(table) as file:
        (found,) = load_workbook(file).worksheets
        return [[(cell.value, cell.data_type) for cell in row] for row in found.iter_rows()]


@pytest.mark.parametrize("text", FORMULAS)
def test_in_xlsx_a_text_is_typed_as_a_text(text: str) -> None:
    (_, row) = sheet(a_table((text, Decimal("0.30"), 1)))
    assert str(row[0][0]).split() == text.split()  # XML folds line ends
    assert row[0][1] == "s"


def test_in_xlsx_numbers_are_numbers_and_the_unknown_is_empty() -> None:
    (head, known, unknown) = sheet(a_table(("a", Decimal("-0.35"), -2), ("b", None, None)))
    assert [value for value, _ in head] == ["Prompt", "Spent", "Kept"]
    assert known[1:] == [(-0.35, "n"), (-2, "n")]
    assert [value for value, _ in unknown[1:]] == [None, None]


def test_characters_that_no_xml_may_hold_are_replaced() -> None:
    (_, row) = sheet(a_table(("bell\x07 and half a pair \ud800", Decimal(1), 1)))
    assert row[0][0] == "bell\ufffd and half a pair \ufffd"


def test_files_have_english_heads_whatever_the_language_of_the_page() -> None:
    column = Column(gettext_lazy("Password"))
    with override("es"):
        assert str(column.name) == "Contraseña"
        table = Table("secret", "Secret", (column,), [])
        assert (read(table), [[name for name, _ in row] for row in sheet(table)]) == ([["Password"]], [["Password"]])

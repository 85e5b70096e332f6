"""Tables as people see them, and as files that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from generations.formats import usd

NOTHING = "–"
# What makes a spreadsheet take a text for a formula, also in the wide forms that some of them fold into these.
TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
XLSX_IN_MEMORY = 2_000_000  # bytes; a larger file goes by way of the disk
FORMATS = {"usd": "0.00##", "count": "0", "day": "yyyy-mm-dd"}
Cell = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: text, day, count or usd; a cell that is None is left empty in files."""

    name: str
    kind: str = "text"

    @property
    def is_number(self) -> bool:
        return self.kind in ("count", "usd")


@dataclass(frozen=True, slots=True)
class Table:
    slug: str
    title: str
    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]
    links: list[str] = field(default_factory=list)  # where the first cell of each row leads; "" or none: nowhere

    def shown(self, row: tuple[Cell, ...]) -> list[tuple[Column, str]]:
        """Its cells as words for people, each with its column."""
        return [(column, words(cell, column.kind)) for column, cell in zip(self.columns, row, strict=True)]

    @property
    def shown_rows(self) -> list[tuple[str, list[tuple[Column, str]]]]:
        """Each row's link and cells."""
        shown = map(self.shown, self.rows)
        return [(link or "", row) for row, link in zip_longest(shown, self.links[: len(self.rows)])]


def words(cell: Cell, kind: str) -> str:
    """A cell for people: `$0.35`, `1,200`, `20 Nov 2026`."""
    if cell is None:
        return NOTHING
    if isinstance(cell, Decimal):
        return usd(cell)
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell.day} {cell:%b %Y}" if isinstance(cell, date) else cell


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe goes before one that it might."""
    return f"'{text}" if text.startswith(TRIGGERS) else text


def as_csv(table: Table) -> Iterator[str]:
    """The lines of a CSV file; amounts are plain numbers, days are ISO dates."""
    writer = csv.writer(Line())
    yield BYTE_ORDER_MARK + writer.writerow([defused(column.name) for column in table.columns])
    for row in table.rows:
        yield writer.writerow([_plain(cell) for cell in row])


def as_xlsx(table: Table) -> IO[bytes]:
    """An XLSX file, open at its beginning; texts are typed as texts, so none is a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.slug[:31])
    sheet.append([_typed(sheet, column.name, "text", bold=True) for column in table.columns])
    kinds = [column.kind for column in table.columns]
    for row in table.rows:
        sheet.append([_typed(sheet, cell, kind) for cell, kind in zip(row, kinds, strict=True)])
    file = SpooledTemporaryFile(max_size=XLSX_IN_MEMORY)  # noqa: SIM115 - whoever streams it closes it
    book.save(file)
    file.seek(0)
    return file


def _typed(sheet: WriteOnlyWorksheet, cell: Cell, kind: str, *, bold: bool = False) -> Any:
    if not isinstance(cell, str):
        typed: Any = WriteOnlyCell(sheet)
        typed.value = cell
        typed.number_format = FORMATS.get(kind, "General")
        return typed
    typed = WriteOnlyCell(sheet, value=NOT_IN_XML.sub("\ufffd", cell))
    typed.data_type = "s"  # openpyxl takes what begins with "=" for a formula
    if bold:
        typed.font = Font(bold=True)
    return typed


class Line:
    """A file that hands each line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    return defused(cell) if isinstance(cell, str) else str(cell)

"""Tables for pages, and as CSV and XLSX files that no spreadsheet runs as formulas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import override
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from generations.formats import usd

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NOTHING = "–"
# Where a spreadsheet may see a formula begin: the signs, also in the full-width forms that some normalize, at the
# start of a cell. Opened with semicolons or tabs between cells, as in much of Europe, a CSV has cells that begin in the
# middle of ours, and our quotes count for nothing there. `{}` is for what may stand between start and sign.
SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
FORMULA_AT = rf'(^(?={{0}}[{SIGNS}\t\r\n])|[;\t\r\n](?={{0}}"*[{SIGNS}]))'
FORMULA = re.compile(FORMULA_AT.format(""))
BYTE_ORDER_MARK = "\ufeff"  # without it Excel does not read UTF-8
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
XLSX_IN_MEMORY = 2_000_000  # bytes; a larger file is written to disk
FORMATS = {"usd": "0.00##", "count": "0", "day": "yyyy-mm-dd"}
Cell = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `kind` is text, day, count or usd. Files leave a cell empty that is None.

    Pages show its name, and the labels of codes, in the language of whoever reads them; files, which scripts read, keep
    names in English and codes as they are.
    """

    name: StrOrPromise
    kind: str = "text"
    labels: Mapping[str, StrOrPromise] = field(default_factory=dict)  # what pages show for the codes in its cells

    @property
    def is_number(self) -> bool:
        return self.kind in ("count", "usd")

    def words(self, cell: Cell) -> str:
        """Return what pages show of a cell."""
        return str(self.labels[cell]) if isinstance(cell, str) and cell in self.labels else words(cell, self.kind)


@dataclass(frozen=True, slots=True)
class Table:
    slug: str
    title: str
    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]
    links: list[str] = field(default_factory=list)  # of the first cell of each row; "" for none

    def shown(self, row: tuple[Cell, ...]) -> list[tuple[Column, str]]:
        """Return the texts of a row's cells, each with its column."""
        return [(column, column.words(cell)) for column, cell in zip(self.columns, row, strict=True)]

    @property
    def shown_rows(self) -> list[tuple[str, list[tuple[Column, str]]]]:
        """The link of each row ("" for none) and the texts of its cells."""
        shown = map(self.shown, self.rows)
        return [(link or "", row) for row, link in zip_longest(shown, self.links[: len(self.rows)])]


def words(cell: Cell, kind: str) -> str:
    """Format a cell for people: `$0.35`, `1,200`, `20 Nov 2026`."""
    if cell is None:
        return NOTHING
    if isinstance(cell, Decimal):
        return usd(cell)
    if isinstance(cell, int):
        return f"{cell:,}"
    return date_format(cell, "j M Y") if isinstance(cell, date) else cell


def defused(text: str) -> str:
    """Put an apostrophe wherever a spreadsheet may see a formula begin in a text."""
    return FORMULA.sub(r"\1'", text)


def as_csv(table: Table) -> Iterator[str]:
    """Yield the lines of a CSV file; amounts are plain numbers, days ISO dates."""
    writer = csv.writer(Line())
    yield BYTE_ORDER_MARK + writer.writerow([defused(name) for name in _names(table)])
    for row in table.rows:
        yield writer.writerow([_plain(cell) for cell in row])


def as_xlsx(table: Table) -> IO[bytes]:
    """Return an XLSX file, open at its beginning; every text is typed as text, so none is a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.slug[:31])
    sheet.append([_typed(sheet, name, "text", bold=True) for name in _names(table)])
    kinds = [column.kind for column in table.columns]
    for row in table.rows:
        sheet.append([_typed(sheet, cell, kind) for cell, kind in zip(row, kinds, strict=True)])
    file = SpooledTemporaryFile(max_size=XLSX_IN_MEMORY)  # noqa: SIM115 - whoever streams it closes it
    book.save(file)
    file.seek(0)
    return file


def _names(table: Table) -> list[str]:
    with override(settings.LANGUAGE_CODE):
        return [str(column.name) for column in table.columns]


def _typed(sheet: WriteOnlyWorksheet, cell: Cell, kind: str, *, bold: bool = False) -> Any:
    if not isinstance(cell, str):
        typed: Any = WriteOnlyCell(sheet)
        typed.value = cell
        typed.number_format = FORMATS.get(kind, "General")
        return typed
    typed = WriteOnlyCell(sheet, value=NOT_IN_XML.sub("\ufffd", cell))
    typed.data_type = "s"  # openpyxl makes a formula of a text that begins with "="
    if bold:
        typed.font = Font(bold=True)
    return typed


class Line:
    """A file that returns each line instead of storing it."""

    def write(self, line: str) -> str:
        return line


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    return defused(cell) if isinstance(cell, str) else str(cell)

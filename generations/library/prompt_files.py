"""Prompts as CSV and XLSX files: read with every broken cell named, and written so that they read back the same.

In a CSV file an apostrophe stands where a spreadsheet may see a formula begin, and is taken away again. In an
XLSX file every text is typed as text. Formulas are refused.
"""

from __future__ import annotations

import csv
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from typing import Any
from xml.etree.ElementTree import ParseError

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from generations.library import prompt_settings
from generations.library.spreadsheet_parts import TooMuch, check_parts
from generations.models import Prompt
from generations.reports.export import FORMULA_AT, Column, Table

COLUMNS = ("title", "text", "negative_prompt", "notes", "campaign", "tags", "settings")
MAX_BYTES = 1_000_000  # of a file, and of its texts together: a preview is sent back by the browser
MAX_ROWS = 1_000
LAST_ROW = 10_000  # of an XLSX file, whose rows may be empty, or numbered as its maker likes
MAX_COLUMNS = 50  # that are read of a row
XLSX, XLS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ArithmeticError,
)  # fmt: skip - what openpyxl and zipfile raise for files that are no spreadsheet, or a damaged one
OWN = re.compile(FORMULA_AT.format("'+"))  # an apostrophe of a text itself, where a file has its own
GIVEN = re.compile(f"{OWN.pattern}'")
SAVE_AGAIN = gettext_noop("save it as XLSX, or as CSV in UTF-8")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file: its number as a spreadsheet shows it, its texts by column, and what cannot be read of it."""

    number: int
    cells: dict[str, str]
    broken: dict[str, str] = field(default_factory=dict)


def read(content: bytes) -> list[Row]:
    """Return the rows of a file that have any text. Raises: ValidationError at `file`, naming the rule."""
    if len(content) > MAX_BYTES:
        raise _refused(_("at most {most} KB: split it").format(most=f"{MAX_BYTES // 1000:,}"))
    if content.startswith(XLS):
        raise _refused(_("this is an old Excel file: {advice}").format(advice=_(SAVE_AGAIN)))
    records = _xlsx(content) if content.startswith(XLSX) else _csv(content)
    header = next(records, None)
    names = _names(header[1] if header else [])
    rows = []
    for number, cells in records:
        if any(str(cell).strip() for cell in cells if cell is not None):
            rows.append(_row(number, cells, names))
            if len(rows) > MAX_ROWS:
                raise _refused(_("at most {most} prompts at a time: split it").format(most=f"{MAX_ROWS:,}"))
    if not rows:
        raise _refused(_("it has no row with a prompt"))
    if sum(len(text.encode(errors="replace")) for row in rows for text in row.cells.values()) > MAX_BYTES:
        raise _refused(_("at most {most} KB of text: split it").format(most=f"{MAX_BYTES // 1000:,}"))
    return rows


def table(prompts: Iterable[Prompt], *, defused: bool) -> Table:
    """Return prompts as a table of files; `defused`: for CSV, where an apostrophe may stand before a formula's sign."""
    rows = ([_protected(text) if defused else text for text in _texts(prompt)] for prompt in prompts)
    return Table("prompts", "Prompts", tuple(Column(name) for name in COLUMNS), [tuple(row) for row in rows])


def example() -> Table:
    """Return a table to start from."""
    text = "a {{animal}} on a lighthouse at {dawn|dusk}, gulls crying"
    rows = [
        ("Lighthouse", text, "people, text", "for the autumn page", "", "sea, autumn", prompt_settings.EXAMPLE),
        ("", "grey cranes over a harbour, slow pan", "", "", "", "sea", ""),
    ]
    return Table("example", "Example", tuple(Column(name) for name in COLUMNS), [tuple(row) for row in rows])


def _texts(prompt: Prompt) -> list[str]:
    line = StringIO()
    csv.writer(line, lineterminator="").writerow([tag.name for tag in prompt.tags.all()])
    campaign = prompt.campaign.slug if prompt.campaign else ""
    texts = (prompt.title, prompt.text, prompt.negative_prompt, prompt.notes)
    return [*texts, campaign, line.getvalue(), prompt_settings.as_text(prompt.defaults)]


def _protected(text: str) -> str:
    """Add an apostrophe where a text's own would be taken for that of a file."""
    return OWN.sub(r"\1'", text)


def _plain(text: str) -> str:
    """Take away the apostrophes that stand before a formula's sign."""
    return GIVEN.sub(r"\1", text)


def _csv(content: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(_("its letters cannot be read: {advice}").format(advice=_(SAVE_AGAIN))) from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        for number, record in enumerate(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            yield number, [_plain(cell) for cell in record]
    except csv.Error as error:
        words = _("it is no good CSV ({error}): {advice}")
        raise _refused(words.format(error=error, advice=_(SAVE_AGAIN))) from error


def _xlsx(content: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    try:
        check_parts(content)
        book = load_workbook(BytesIO(content), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # a file may state wrong ones
        for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, max_row=LAST_ROW), 1):
            if number == LAST_ROW:
                raise _refused(_("it has rows beyond {most}: delete the empty ones").format(most=f"{LAST_ROW - 1:,}"))
            yield number, [_typed(cell) for cell in cells]
    except TooMuch as error:
        words = _("it unpacks to far more than a table of prompts: {advice}")
        raise _refused(words.format(advice=_(SAVE_AGAIN))) from error
    except UNREADABLE as error:
        raise _refused(_("it cannot be read as XLSX: {advice}").format(advice=_(SAVE_AGAIN))) from error


@dataclass(frozen=True, slots=True)
class _Refused:
    """A cell that is no text."""

    why: str


def _typed(cell: Any) -> Any:
    if cell.data_type == "f":
        return _Refused(_("is a formula: type the text itself"))
    if cell.data_type == "e":
        return _Refused(_("is an error of the spreadsheet, {value}").format(value=cell.value))
    return cell.value


def _names(header: Sequence[Any]) -> list[str]:
    """Return the columns that the first row names. Raises: ValidationError for unknown, doubled and missing ones."""
    names = ["_".join(str(cell or "").lower().split()) for cell in header]
    while names and not names[-1]:
        names.pop()
    wrong = [name or _("without a name") for name in names if name not in COLUMNS]
    if wrong:
        words = _("the first row names the columns {columns}; not “{column}”")
        raise _refused(words.format(columns=", ".join(COLUMNS), column=wrong[0][:40]))
    if twice := [name for name in COLUMNS if names.count(name) > 1]:
        raise _refused(_("the first row has the column {column} twice").format(column=twice[0]))
    if "text" not in names:
        raise _refused(_("the first row names the columns, and has no column text"))
    return names


def _row(number: int, cells: Sequence[Any], names: list[str]) -> Row:
    broken = {name: cell.why for name, cell in zip(names, cells, strict=False) if isinstance(cell, _Refused)}
    texts = {name: "" if name in broken else _text(cell) for name, cell in zip(names, cells, strict=False)}
    if any(str(cell).strip() for cell in cells[len(names) :] if cell is not None):
        words = _("this row has {cells} cells, the first row {columns}: put texts with commas in quotes")
        broken["text"] = words.format(cells=len(cells), columns=len(names))
    return Row(number, texts, broken)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).replace("\r\n", "\n").replace("\r", "\n")


def _refused(rule: str) -> ValidationError:
    return ValidationError({"file": _("The file: {rule}. Nothing was imported.").format(rule=rule)})

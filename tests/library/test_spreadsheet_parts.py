"""Spreadsheets that are made to fill all memory: each is refused, or read, within a second or two."""

from __future__ import annotations

import io
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping

import pytest
from django.core.exceptions import ValidationError

from generations.library import prompt_files
from generations.library.spreadsheet_parts import MAX_PARTS, TooMuch, check_parts
from generations.reports.export import as_xlsx

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET, BOOK, STYLES = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"
WORKBOOK = f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{{}}</sheets></workbook>'
ONE_SHEET = '<sheet name="s" sheetId="1" r:id="rId1"/>'
HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>text</t></is></c></row>'
CELL = '<c t="inlineStr"><is><t>{}</t></is></c>'


def example() -> bytes:
    with as_xlsx(prompt_files.example()) as file:
        return file.read()


def xlsx(changed: Mapping[str, str | bytes], *, more: int = 0) -> bytes:
    """Return a spreadsheet with other contents of some parts, and so many more parts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(example())) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changed.get(name, old.read(name)))
        for number in range(more):
            new.writestr(f"part{number}", "")
    return packed.getvalue()


def sheet(rows: str, *, before: str = "") -> bytes:
    return xlsx({SHEET: f'{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'})


def entities(text: str, declared: str) -> bytes:
    return sheet(f"{HEAD}<row r='2'>{CELL.format(text)}</row>", before=f"<!DOCTYPE w [{declared}]>")


def laughs() -> str:
    return '<!ENTITY a "haha">' + "".join(
        f'<!ENTITY {name} "{f"&{of};" * 10}">' for of, name in zip("abcdefgh", "bcdefghi", strict=True)
    )


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a row of the highest number": lambda: sheet(HEAD + f'<row r="99999999999">{CELL.format("x")}</row>'),
    "a million rows between two": lambda: sheet(HEAD + f'<row r="1048576">{CELL.format("x")}</row>'),
    "empty rows": lambda: sheet(HEAD + "<row/>" * 150_000),
    "many empty rows": lambda: sheet(HEAD + "<row/>" * 3_000_000),
    "empty cells": lambda: sheet(f"{HEAD}<row>{'<c/>' * 150_000}</row>"),
    "many empty cells": lambda: sheet(f"{HEAD}<row>{'<c/>' * 1_200_000}</row>"),
    "elements within each other": lambda: sheet(HEAD + "<a>" * 190_000),
    "styles": lambda: xlsx({STYLES: f'<styleSheet xmlns="{MAIN}"><cellXfs>{"<xf/>" * 900_000}</cellXfs></styleSheet>'}),
    "sheets": lambda: xlsx({BOOK: WORKBOOK.format(ONE_SHEET * 50_000)}),
    "no workbook": lambda: xlsx({"[Content_Types].xml": "<Types/>"}),
    "parts": lambda: xlsx({}, more=MAX_PARTS),
    "20 MB of blanks": lambda: sheet(HEAD + " " * 20_000_000),
    "entities of entities": lambda: entities("&i;", laughs()),
    "an entity 20,000 times": lambda: entities("&a;" * 20_000, f'<!ENTITY a "{"a" * 100_000}">'),
    "an entity of a file": lambda: entities("&a;", '<!ENTITY a SYSTEM "file:///etc/passwd">'),
    "an entity of an address": lambda: entities("", '<!ENTITY % a SYSTEM "http://127.0.0.1:9/"> %a;'),
}  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_spreadsheet_is_refused_soon_and_in_little_memory(hostile: Callable[[], bytes]) -> None:
    data = hostile()
    assert len(data) < prompt_files.MAX_BYTES
    began = time.process_time()
    with pytest.raises(ValidationError):
        prompt_files.read(data)
    assert time.process_time() - began < 3
    tracemalloc.start()
    with pytest.raises(ValidationError):
        prompt_files.read(data)
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert highest < 100_000_000


def test_no_file_is_read_by_an_entity_in_any_encoding() -> None:
    declared = '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><w>&a;</w>'
    for encoding in ("utf-8", "utf-16"):
        with pytest.raises(TooMuch):
            check_parts(xlsx({SHEET: declared.encode(encoding)}))


def test_a_size_that_the_zip_understates_is_not_exceeded() -> None:
    data = sheet(HEAD + " " * 900_000)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        size = packed.getinfo(SHEET).file_size
    with pytest.raises(ValidationError):
        prompt_files.read(data.replace(size.to_bytes(4, "little"), (500).to_bytes(4, "little")))


def test_a_table_of_as_many_prompts_as_are_taken_is_read() -> None:
    rows = "".join(f"<row>{CELL.format(f'gulls {number}')}</row>" for number in range(prompt_files.MAX_ROWS))
    assert len(prompt_files.read(sheet(HEAD + rows))) == prompt_files.MAX_ROWS
    check_parts(example())

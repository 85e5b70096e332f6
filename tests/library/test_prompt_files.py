"""Prompts as CSV and XLSX: what is read of a file, what is refused, and that what is written reads back the same."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from openpyxl import Workbook

from generations.library.prompt_files import Row, example, read, table
from generations.models import Tag
from generations.reports.export import Column, Table, as_csv, as_xlsx
from tests.factories import a_campaign, a_prompt

# What a spreadsheet may run, what looks like its defence, and what a file has to quote.
TEXTS = [
    "=1+1",
    "+49",
    "-5",
    "@me",
    "'=1+1",
    "''-5",
    "'quoted'",
    "a fox;=1+1;'=2;''-3\n- a list\n'- another\n\t=4",
    'a "fox;"=1+1"',
    'say "hi", then; go\tnow',
    "line one\nline two",
    "Été 🎬",
]


def xlsx(*rows: list[Any]) -> bytes:
    book, file = Workbook(), BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(file)
    return file.getvalue()


def texts(rows: list[Row]) -> list[str]:
    return [row.cells["text"] for row in rows]


def refusal(content: bytes) -> str:
    with pytest.raises(ValidationError) as raised:
        read(content)
    (text,) = raised.value.message_dict["file"]
    assert text.endswith("Nothing was imported.")
    return str(text)


@pytest.mark.django_db
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_an_export_reads_back_the_same(suffix: str) -> None:
    campaign = a_campaign("Autumn")
    for text in TEXTS:
        prompt = a_prompt(text=text, title=text[:5], notes=text, campaign=campaign, defaults={"model": "kling-2-6"})
        prompt.tags.set(Tag.objects.get_or_create(name=name)[0] for name in ("sea, deep", '"b-roll"', "=night"))
    prompts = list(type(prompt).objects.order_by("pk"))
    written = table(prompts, defused=suffix == "csv")
    content = "".join(as_csv(written)).encode() if suffix == "csv" else as_xlsx(written).read()
    rows = read(content)
    assert texts(rows) == TEXTS
    assert [row.cells["notes"] for row in rows] == TEXTS
    assert {row.cells["tags"] for row in rows} == {'"""b-roll""",=night,"sea, deep"'}
    assert {row.cells["campaign"] for row in rows} == {"autumn"}
    assert {row.cells["settings"] for row in rows} == {"model=kling-2-6"}


@pytest.mark.parametrize(
    "content",
    [
        b"text,title\nfox,A\n",
        b"\xef\xbb\xbftext;title\r\nfox;A\r\n",
        "Text\tTitle\nfox\tA".encode("utf-16"),
        b' TEXT ,Title,\n"fox",A,\n\n,,\n',
        xlsx(["Text", "Title", None], ["fox", "A"], [None, " "]),
    ],
)
def test_a_file_is_read_as_spreadsheets_write_it(content: bytes) -> None:
    assert read(content) == [Row(2, {"text": "fox", "title": "A"})]


def test_rows_have_the_numbers_that_a_spreadsheet_shows() -> None:
    assert [row.number for row in read(b'text\n"one\nand more"\n\ntwo\n')] == [2, 4]


def test_what_is_typed_as_text_is_text_and_a_formula_is_refused() -> None:
    content = "".join(as_csv(Table("t", "T", (Column("text"),), [("=A1",)]))).encode()
    assert texts(read(content)) == ["=A1"]
    assert texts(read(xlsx(["text"], [5], [2.5]))) == ["5", "2.5"]
    (row,) = read(xlsx(["text", "title"], ["fox", "=A1"]))
    assert row.broken == {"title": "is a formula: type the text itself"}


def test_a_row_with_too_many_cells_says_so() -> None:
    (row,) = read(b"text,title\na fox, in snow,A\n")
    assert "this row has 3 cells, the first row 2" in row.broken["text"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "has no column text"),
        (b"title\nA\n", "has no column text"),
        (b"text,text\nA,B\n", "the column text twice"),
        (b"text,colour\nA,red\n", "not “colour”"),
        (b"text\n", "no row with a prompt"),
        (b"text\n\xff\xfe\xfa\n", "letters cannot be read"),
        (b'text\n"fox\n', "no good CSV"),
        (b"\xd0\xcf\x11\xe0 and more", "old Excel file"),
        (b"PK\x03\x04 and more", "cannot be read as XLSX"),
        (b"text\n" + b"fox\n" * 1001, "at most 1,000 prompts"),
        (b"text\n" + b"x" * 1_000_000, "at most 1,000 KB"),
        (xlsx(["text"], *(["x" * 30_000] for _ in range(40))), "at most 1,000 KB of text"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_with_the_rule(content: bytes, rule: str) -> None:
    assert rule in refusal(content)


def test_a_file_that_unpacks_to_more_than_the_limit_is_not_unpacked() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * 21_000_000)
    assert "unpacks to far more than a table of prompts" in refusal(file.getvalue())


def test_a_zip_that_is_no_spreadsheet_is_refused() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as parts:
        parts.writestr("readme.txt", "hello")
    assert "cannot be read as XLSX" in refusal(file.getvalue())


def test_the_example_file_can_be_read() -> None:
    assert len(read("".join(as_csv(example())).encode())) == 2
    assert len(read(as_xlsx(example()).read())) == 2

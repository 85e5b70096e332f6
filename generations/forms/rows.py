"""Orders from the rows of a CSV: each row is an order, all are checked at once, and one that is wrong stops all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from generations.forms import parameters
from generations.forms.many import MOST_ORDERS
from generations.forms.orders import OrderForm, SpendField, choices_of
from generations.lifecycle.ordering import OrderRequest, Problems
from generations.models import Campaign
from generations.providers.base import IMAGE_FIELDS

MOST_CHARACTERS = 400_000  # of a file: 200 rows of the longest texts fit
MOST_SHOWN = 50  # problems; the others show once these are mended
NAMED = ("provider", "model", "mode")  # a cell may have the display name
ALIASES = {"ratio": "aspect_ratio", "length": "duration", "seconds": "duration", "text": "prompt"} | {
    name: f"{name}_url" for name in IMAGE_FIELDS
}
EXAMPLE = """\
prompt,model,mode,duration,ratio,sound,takes
"a lighthouse at dawn, gulls crying",kling-2-6,text-to-video,5,16:9,yes,1
a red fox in the snow,kling-2-5-turbo-pro,text-to-video,10,9:16,,2
"""


def columns() -> list[str]:
    """Return the columns that a file may have, under the names of the order form's fields."""
    of_menu = [name for name in parameters.kinds() if name != "images"]
    return [*NAMED, "takes", *of_menu, *(f"{name}_url" for name in IMAGE_FIELDS)]


class BadRows(Exception):
    """A text that has no rows of orders; the text says why."""


class RowsForm(forms.Form):
    """A CSV, as a file or pasted, and what holds for all of its orders."""

    file = forms.FileField(
        label=_("CSV file"), required=False, widget=forms.FileInput(attrs={"accept": ".csv,text/csv"})
    )
    rows = forms.CharField(
        label=_("or paste its rows"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 10})
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.in_use(), label=_("Campaign"), to_field_name="slug", required=False, empty_label=_("None"),
        error_messages={"invalid_choice": _("there is no such campaign that takes orders")},
    )  # fmt: skip
    spend_at_most = SpendField(
        label=_("Spend at most, in USD"),
        required=False,
        help_text=_("Drops the last clips that this does not pay for."),
    )
    stops_batch = forms.BooleanField(
        label=_("Cancel everything of this order that still waits once one clip is approved"), required=False
    )
    batch = forms.UUIDField(widget=forms.HiddenInput, required=False)
    unreadable = ""  # why the text of a file cannot be read

    @classmethod
    def sent(cls, data: QueryDict, file: UploadedFile[bytes] | None) -> RowsForm:
        """Return the form with a file's text in the place of the rows, so that it need not be chosen again."""
        data, unreadable = data.copy(), ""
        if file:
            try:
                data["rows"] = _read(file)
            except BadRows as error:
                unreadable = str(error)
        form = cls(data)
        form.unreadable = unreadable
        return form

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self.orders: list[tuple[int, OrderRequest]] = []
        if self.unreadable:
            self.add_error("file", self.unreadable)
            return data
        try:
            for number, cells in _cells(data.get("rows", "")):
                self._take(number, cells)
        except (BadRows, csv.Error) as error:
            self.add_error("rows", str(error))
        return data

    @property
    def requests(self) -> list[OrderRequest]:
        return [replace(request, campaign=self.cleaned_data["campaign"]) for _number, request in self.orders]

    def refuse(self, position: int, problems: Problems) -> None:
        """Add what was found wrong with an order later, at its row."""
        self._wrong(self.orders[position][0], problems)

    def _take(self, number: int, cells: dict[str, str]) -> None:
        form = OrderForm(cells)
        problems: Problems = {name: [str(text) for text in texts] for name, texts in form.errors.items()}
        if problems:
            self._wrong(number, problems)
        else:
            self.orders.append((number, form.order_request(None)))

    def _wrong(self, number: int, problems: Problems) -> None:
        for name, texts in problems.items():
            for text in texts:
                if len(self.errors.get("rows", ())) < MOST_SHOWN:
                    words = gettext("row {number}, {column}: {problem}")
                    column = name.removesuffix("_url").replace("_", " ")
                    self.add_error("rows", words.format(number=number, column=column, problem=text))


def _read(file: UploadedFile[bytes]) -> str:
    """Return the text of a file. Raises: BadRows for one that is too large or no text."""
    content: bytes = file.read(MOST_CHARACTERS * 4)
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRows(gettext("the file is no UTF-8 text: save it as “CSV UTF-8”")) from error


def _cells(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of each row, as a spreadsheet counts, and its filled cells by the form's fields.

    Raises: BadRows, csv.Error.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not text.strip():
        raise BadRows(gettext("choose a file, or paste its rows"))
    if len(text) > MOST_CHARACTERS:
        words = gettext("at most {most} characters at a time, not {count}")
        raise BadRows(words.format(most=f"{MOST_CHARACTERS:,}", count=f"{len(text):,}"))
    first = text.split("\n", 1)[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    names = _names(next(lines))
    found = [(number, line) for number, line in enumerate(lines, 2) if any(cell.strip() for cell in line)]
    if not found:
        raise BadRows(gettext("there is no row below the names of the columns"))
    if len(found) > MOST_ORDERS:
        words = gettext("at most {most} rows at a time, not {count}")
        raise BadRows(words.format(most=MOST_ORDERS, count=f"{len(found):,}"))
    for number, line in found:
        if len(line) > len(names):
            words = gettext(
                "row {number} has {cells} cells, and there are {columns} columns: quote a text with a comma"
            )
            raise BadRows(words.format(number=number, cells=len(line), columns=len(names)))
        yield number, {name: _value(name, cell) for name, cell in zip(names, line, strict=False) if cell.strip()}


def _names(header: list[str]) -> list[str]:
    """Return the form's fields of a header. Raises: BadRows for an unknown or repeated column."""
    plain = ["_".join(name.lower().split()) for name in header]
    names = [ALIASES.get(name, name) for name in plain]
    known = columns()
    if unknown := [name for name, field in zip(header, names, strict=True) if field not in known]:
        shown = [next((alias for alias, field in ALIASES.items() if field == name), name) for name in known]
        words = gettext("there is no column “{column}”; the columns are {columns}")
        raise BadRows(words.format(column=unknown[0][:40], columns=", ".join(shown)))
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadRows(gettext("the column {column} is there twice").format(column=twice[0]))
    return names


def _value(name: str, cell: str) -> str:
    """Return a cell as the form has it: the id for a display name, in English as in the reader's language."""
    if name not in NAMED:
        return cell
    with override(settings.LANGUAGE_CODE):
        english = choices_of(name)
    ids = {words.lower(): value for value, words in [*english, *choices_of(name)]}
    return ids.get(cell.strip().lower(), cell.strip().lower())

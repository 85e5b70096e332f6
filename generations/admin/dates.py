"""The years, months and days that a list leads to, by its dates: read from the first and the last row alone.

Django's own asks which of them have rows, which calls a function for each of 100,000 rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext

PARTS = ("year", "month", "day")


def choices(cl: Any) -> dict[str, Any]:
    """Return what `admin/date_hierarchy.html` shows above a list; empty for a list without dates."""
    span = _span(cl.root_queryset, cl.date_hierarchy) if cl.date_hierarchy else None
    if span is None:
        return {}
    values = takewhile(bool, (cl.params.get(f"{cl.date_hierarchy}__{part}") for part in PARTS))
    chosen = [int(value) for value in values]
    back = _link(cl, chosen[:-1]) if chosen else None
    if len(chosen) == len(PARTS):
        return {"show": True, "back": back, "choices": [{"title": _title(chosen)}]}
    start = chosen or _common(*span)
    found = [_link(cl, [*start, each]) for each in _numbers(start, *span)]
    return {"show": bool(back) or len(found) > 1, "back": back, "choices": found}


def _span(rows: QuerySet[Any], field: str) -> tuple[date, date] | None:
    """Return the dates of the first and the last row; an index on the field finds both."""
    ends = [rows.order_by(order).values_list(field, flat=True).first() for order in (field, f"-{field}")]
    first, last = (localtime(end).date() if isinstance(end, datetime) else end for end in ends)
    return (first, last) if first and last else None


def _common(first: date, last: date) -> list[int]:
    """Return the year, or the year and the month, of all rows: there is nothing to choose."""
    if first.year != last.year:
        return []
    return [first.year, first.month] if first.month == last.month else [first.year]


def _numbers(chosen: list[int], first: date, last: date) -> Iterator[int]:
    """Yield the years from the first to the last, or the months or days of the chosen one that lie between."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    seen = None
    for day in days:
        numbers = [day.year, day.month, day.day]
        if numbers[: len(chosen)] == chosen and numbers[len(chosen)] != seen:
            seen = numbers[len(chosen)]
            yield seen


def _link(cl: Any, numbers: list[int]) -> dict[str, str]:
    names = (f"{cl.date_hierarchy}__{part}" for part in PARTS)
    chosen = dict(zip(names, map(str, numbers), strict=False))
    return {"link": cl.get_query_string(chosen, [f"{cl.date_hierarchy}__"]), "title": _title(numbers)}


def _title(numbers: list[int]) -> str:
    if not numbers:
        return gettext("All dates")
    if len(numbers) == 1:
        return str(numbers[0])
    day = date(*[*numbers, 1][:3])
    return capfirst(date_format(day, "YEAR_MONTH_FORMAT" if len(numbers) == 2 else "MONTH_DAY_FORMAT"))

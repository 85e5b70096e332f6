"""Page by key: a page lists what comes after a video, so new videos never shift it and nothing is counted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from generations.library import sorting
from generations.library.sorting import NEWEST, SORTS
from generations.models import Video

PAGE_SIZE = 24  # fills rows of two, three and four
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# What is sorted by, if not the time alone; microseconds until the year 4253, and 60 bits of id: more would overflow
# Python's dates and the column.
CURSOR = re.compile(r"(?:(\d{1,6}(?:\.\d{1,20})?)_)?([0-9a-f]{1,14})-([0-9a-f]{1,15})", re.ASCII)


class BadCursor(ValueError):
    """The text does not name a position in the catalog."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the catalog, beside a video; it stays valid when that video is deleted.

    `key` is the video's rating or length in seconds, in a list that is sorted by it.
    """

    at: datetime
    pk: int
    key: float | None = None

    @classmethod
    def of(cls, video: Video, sort: str = NEWEST) -> Cursor:
        column = SORTS[sort]
        return cls(video.created_at, video.pk, getattr(video, column) if column else None)

    @classmethod
    def parse(cls, text: str, sort: str = NEWEST) -> Cursor:
        """Read what `str` wrote for a list in this order. Raises: BadCursor for anything else."""
        found = CURSOR.fullmatch(text)
        if not found or (found[1] is None) != (SORTS[sort] is None):
            raise BadCursor(text)
        key = None if found[1] is None else float(found[1])
        return cls(EPOCH + int(found[2], 16) * MICROSECOND, int(found[3], 16), key)

    def __str__(self) -> str:
        key = "" if self.key is None else f"{self.key:.17g}_"
        return f"{key}{(self.at - EPOCH) // MICROSECOND:x}-{self.pk:x}"

    @property
    def place(self) -> tuple[Any, ...]:
        return (*([] if self.key is None else [self.key]), self.at, self.pk)


@dataclass(frozen=True, slots=True)
class Page:
    """Videos in their order; `newer` (before them) and `older` (after them) are None at either end."""

    videos: list[Video]
    newer: Cursor | None
    older: Cursor | None


def older_than(videos: QuerySet[Video], place: Cursor, sort: str = NEWEST, *, by_index: bool = True) -> QuerySet[Video]:
    """Return the videos after a position, the nearest first."""
    return sorting.after(videos, place.place, sort, by_index=by_index)


def newer_than(videos: QuerySet[Video], place: Cursor, sort: str = NEWEST, *, by_index: bool = True) -> QuerySet[Video]:
    """Return the videos before a position, the nearest first."""
    return sorting.before(videos, place.place, sort, by_index=by_index)


def page(
    videos: QuerySet[Video],
    *,
    before: str = "",
    after: str = "",
    size: int = PAGE_SIZE,
    sort: str = NEWEST,
    by_index: bool = True,
) -> Page:
    """Return one page in one query; `by_index` as in `sorting.ordered`. Raises: BadCursor."""
    if before:
        rows = list(older_than(videos, Cursor.parse(before, sort), sort, by_index=by_index)[: size + 1])
    elif after:
        found = newer_than(videos, Cursor.parse(after, sort), sort, by_index=by_index)
        rows = list(found[: size + 1])[::-1]  # reversed: the extra row, which shows that there is more, comes first
        more, rows = len(rows) > size, rows[-size:]
        return Page(rows, Cursor.of(rows[0], sort) if more else None, Cursor.of(rows[-1], sort) if rows else None)
    else:
        rows = list(sorting.ordered(videos, sort, by_index=by_index)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    # A request for older videos came from a newer page, so that needs no query.
    newer = Cursor.of(rows[0], sort) if before and rows else None
    return Page(rows, newer, Cursor.of(rows[-1], sort) if more else None)

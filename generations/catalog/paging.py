"""Page by key: a page lists what is older than a video, so new videos never shift it and nothing is counted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet

from generations.models import Video

PAGE_SIZE = 24  # fills rows of two, three and four
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Microseconds until the year 4253, and 60 bits of id: more would overflow Python's dates and the column.
CURSOR = re.compile(r"([0-9a-f]{1,14})-([0-9a-f]{1,15})")


class BadCursor(ValueError):
    """The text does not name a position in the catalog."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the catalog, beside a video; it stays valid when that video is deleted."""

    at: datetime
    pk: int

    @classmethod
    def of(cls, video: Video) -> Cursor:
        return cls(video.created_at, video.pk)

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what `str` wrote. Raises: BadCursor for anything else."""
        found = CURSOR.fullmatch(text)
        if not found:
            raise BadCursor(text)
        return cls(EPOCH + int(found[1], 16) * MICROSECOND, int(found[2], 16))

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND:x}-{self.pk:x}"


@dataclass(frozen=True, slots=True)
class Page:
    """Videos, newest first; `newer` and `older` are None at either end."""

    videos: list[Video]
    newer: Cursor | None
    older: Cursor | None


def older_than(videos: QuerySet[Video], place: Cursor) -> QuerySet[Video]:
    """Return the videos after a position, the nearest first."""
    # Not `earlier OR same time and lower id`, which SQLite answers with two scans and a sort.
    found = videos.filter(created_at__lte=place.at).exclude(created_at=place.at, pk__gte=place.pk)
    return found.order_by("-created_at", "-pk")


def newer_than(videos: QuerySet[Video], place: Cursor) -> QuerySet[Video]:
    """Return the videos before a position, the nearest first."""
    found = videos.filter(created_at__gte=place.at).exclude(created_at=place.at, pk__lte=place.pk)
    return found.order_by("created_at", "pk")


def page(videos: QuerySet[Video], *, before: str = "", after: str = "", size: int = PAGE_SIZE) -> Page:
    """Return one page in one query. Raises: BadCursor."""
    if before:
        rows = list(older_than(videos, Cursor.parse(before))[: size + 1])
    elif after:
        # Reversed: the extra row, which shows that there is more, comes first.
        rows = list(newer_than(videos, Cursor.parse(after))[: size + 1])[::-1]
        more, rows = len(rows) > size, rows[-size:]
        return Page(rows, Cursor.of(rows[0]) if more else None, Cursor.of(rows[-1]) if rows else None)
    else:
        rows = list(videos.order_by("-created_at", "-pk")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    # A request for older videos came from a newer page, so that needs no query.
    newer = Cursor.of(rows[0]) if before and rows else None
    return Page(rows, newer, Cursor.of(rows[-1]) if more else None)

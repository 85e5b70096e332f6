"""The orders in which the catalog lists clips, and where a clip stands in one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import F, Func, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan

from generations.models import Video

NEWEST = "newest"
# What is compared before the newest: the greatest comes first. Each has its index.
SORTS: dict[str, str | None] = {NEWEST: None, "rating": "rating", "duration": "duration_seconds"}


class Row(Func):
    """A row value, `(a, b)`: both databases find the rows before or after one by an index.

    Django's own tuple lookups become `OR` on SQLite, which answers that with a sort.
    """

    template = "(%(expressions)s)"
    output_field = models.Field()


def columns(sort: str) -> list[str]:
    """Return what clips are sorted by, each in descending order."""
    first = SORTS[sort]
    return [*([first] if first else []), "created_at", "pk"]


def ordered(
    videos: QuerySet[Video], sort: str = NEWEST, *, backwards: bool = False, by_index: bool = True
) -> QuerySet[Video]:
    """Return the clips in an order, or in its reverse.

    Without `by_index` the database finds all of them and sorts them: right for few clips that may all be old, which it
    would look for one by one from the newest (1 s in a million clips on PostgreSQL).
    """
    first, *others = columns(sort)
    nothing = timedelta(0) if first == "created_at" else 0
    expressions = [F(first) if by_index else F(first) + nothing, *(F(name) for name in others)]
    return videos.order_by(*(each.asc() if backwards else each.desc() for each in expressions))


def after(
    videos: QuerySet[Video], place: tuple[Any, ...], sort: str = NEWEST, *, by_index: bool = True
) -> QuerySet[Video]:
    """Return the clips behind a place in an order, the nearest first; a place has a value for each of `columns`."""
    return ordered(videos.filter(LessThan(_row(sort), _values(place, sort))), sort, by_index=by_index)


def before(
    videos: QuerySet[Video], place: tuple[Any, ...], sort: str = NEWEST, *, by_index: bool = True
) -> QuerySet[Video]:
    """Return the clips ahead of a place in an order, the nearest first."""
    ahead = videos.filter(GreaterThan(_row(sort), _values(place, sort)))
    return ordered(ahead, sort, backwards=True, by_index=by_index)


def _row(sort: str) -> Row:
    return Row(*(F(name) for name in columns(sort)))


def _values(place: tuple[Any, ...], sort: str) -> Row:
    names = {field.name: field for field in Video._meta.fields}
    fields = [names["id" if name == "pk" else name] for name in columns(sort)]
    return Row(*(Value(value, output_field=field) for value, field in zip(place, fields, strict=True)))

"""Compare rows with files: find damaged files of rows, and files that no row names. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models
from django.db.models import QuerySet
from django.utils import timezone

from generations.media.store import Damaged, Found, Unreadable, is_text, store
from generations.models import ReferenceImage, Video

CHUNK = 500  # rows or files at a time: bounds memory and the parameters of a query
GRACE = timedelta(hours=1)  # a younger file may get its row yet

Thing = TypeVar("Thing")
Row = TypeVar("Row", bound=models.Model)


def damage(row: Video | ReferenceImage, *, deep: bool = True) -> str | Unreadable:
    """Return what is wrong with a row's file, in words for staff; empty when it is complete.

    Not `deep` trusts the bytes of a file that has the right size, and of any start image that exists.
    """
    size = row.size_bytes if isinstance(row, Video) else None
    try:
        store.check(str(row.file), size=size, sha256=row.sha256 if deep else "")
    except Damaged as error:
        return str(error)
    except Unreadable as error:
        return error
    return ""


def chunks(rows: QuerySet[Row]) -> Iterator[list[Row]]:
    """Yield all rows in order of their keys, each chunk by its own query: no cursor stays open between."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield batch
        last = batch[-1].pk


def batches(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    batch: list[Thing] = []
    for thing in things:
        batch.append(thing)
        if len(batch) == CHUNK:
            yield batch
            batch = []
    if batch:
        yield batch


def orphan_files(found: list[Found], *, at: datetime) -> list[Found]:
    """Return files older than an hour that no row names, and anything that is no plain file, at any age."""
    plain = [one for one in found if not one.strange]
    # Files are dated by this host's clock: a database clock that is ahead must not age a new file.
    before = (min(at, timezone.now()) - GRACE).timestamp()
    old = [one for one in plain if one.modified_at < before]
    named = names_of_rows(one.name for one in old)
    return [one for one in found if one.strange] + [one for one in old if one.name not in named]


def names_of_rows(names: Iterable[str]) -> set[str]:
    """Return those of these file names that a row has."""
    texts = [name for name in names if is_text(name)]
    columns = (*((Video, name) for name in ("file", "poster", "poster_small", "preview")), (ReferenceImage, "file"))
    return {
        str(name)
        for model, column in columns
        for name in model._default_manager.filter(**{f"{column}__in": texts}).values_list(column, flat=True)
    }

"""Rows and files, compared: what is wrong with a row's file, and which files no row names. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.utils import timezone

from generations.media.filetree import Damaged, Found, Unreadable, check, digest, is_text
from generations.models import ReferenceImage, Video

CHUNK = 500  # rows or files at a time: memory stays flat, and a question names no more than a database takes
GRACE = timedelta(hours=1)  # a file is younger than this while its row may still be on its way
CHANGED = "its file has other bytes than were stored"

Thing = TypeVar("Thing")
Row = TypeVar("Row", bound=models.Model)


def root() -> Path:
    return Path(settings.MEDIA_ROOT)


def store_is_there() -> bool:
    """Whether the folder of clips is: a disk that is not mounted must not be taken for a thousand lost files."""
    return (root() / "videos").is_dir()


def damage(video: Video, *, deep: bool = True) -> str | Unreadable:
    """What is wrong with a clip's file, in words for staff; empty when it is whole.

    Not `deep` trusts the bytes of a file that has the right size.
    """
    try:
        if not deep:
            check(root(), video.file, size=video.size_bytes)
        elif digest(root(), video.file, size=video.size_bytes) != video.sha256:
            return CHANGED
    except Damaged as error:
        return str(error)
    except Unreadable as error:
        return error
    return ""


def image_damage(image: ReferenceImage, *, deep: bool = True) -> str | Unreadable:
    """What is wrong with a start image's file, likewise; not `deep` is content that there is one."""
    name = str(image.file.name)
    try:
        if not deep:
            check(root(), name)
        elif digest(root(), name) != image.sha256:
            return CHANGED
    except Damaged as error:
        return str(error)
    except Unreadable as error:
        return error
    return ""


def chunks(rows: QuerySet[Row]) -> Iterator[list[Row]]:
    """All rows by their number, in questions of their own: no cursor or transaction stays open between them."""
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
    """Those of a listing that no row names, older than an hour; what is no plain file is told at any age."""
    plain = [one for one in found if not one.strange]
    # Files are dated by this host's clock: the database's, when it is ahead, must not make a young file old.
    before = (min(at, timezone.now()) - GRACE).timestamp()
    old = [one for one in plain if one.modified_at < before]
    named = names_of_rows(one.name for one in old)
    return [one for one in found if one.strange] + [one for one in old if one.name not in named]


def names_of_rows(names: Iterable[str]) -> set[str]:
    """Which of these names a row has."""
    texts = [name for name in names if is_text(name)]
    columns = ((Video, "file"), (Video, "poster"), (ReferenceImage, "file"))
    return {
        str(name)
        for model, column in columns
        for name in model._default_manager.filter(**{f"{column}__in": texts}).values_list(column, flat=True)
    }

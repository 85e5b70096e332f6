"""Name downloaded clips by the site's template, DOWNLOAD_NAME: safe in shells, archives and headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from string import Formatter

from django.conf import settings
from django.utils import timezone
from django.utils.text import slugify

from generations.models import Video

FIELDS = ("date", "campaign", "model", "title", "take", "id")
NAME_BYTES = 255  # of the usual file systems
TEMPLATE_LENGTH = 100  # leaves room for the values
PLAIN = re.compile(r"[A-Za-z0-9._-]*")  # between the fields: no slash, no space, nothing that a shell reads
SUFFIX = ".mp4"


class BadTemplate(ValueError):
    """The template cannot name files; its text says why."""


def fields_of(template: str) -> list[str]:
    """Return the fields that a template names, in order. Raises: BadTemplate."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise BadTemplate(f"{error}; a field looks like {{title}}.") from error
    fields = [field for _, field, _, _ in parts if field is not None]
    for field in fields:
        if field not in FIELDS:
            raise BadTemplate(f"unknown field {{{field}}}; there are {_named(FIELDS)}.")
    if any(spec or conversion for _, _, spec, conversion in parts):
        raise BadTemplate("a field takes no format after its name.")
    if not fields:
        raise BadTemplate(f"it names no field, so all files would have one name; there are {_named(FIELDS)}.")
    if not all(PLAIN.fullmatch(text) for text, *_ in parts):
        raise BadTemplate("between the fields only the letters A to Z, digits, dots, dashes and underscores may stand.")
    if len(template) > TEMPLATE_LENGTH:
        raise BadTemplate(f"it is longer than {TEMPLATE_LENGTH} characters.")
    return fields


def download_name(pk: int) -> str:
    """Return the file name of one clip. Raises: KeyError when there is no such clip."""
    return download_names([pk])[pk]


def download_names(pks: Iterable[int]) -> dict[int, str]:
    """Return the file names of clips by their ids, in one query; no two are the same, whatever their case."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for pk, values in _values(set(pks)):
        name = filled(settings.DOWNLOAD_NAME, values)
        if name.casefold() in taken:
            name = filled(settings.DOWNLOAD_NAME + "_{id}", values)
        taken.add(name.casefold())
        names[pk] = name
    return names


def filled(template: str, values: dict[str, str]) -> str:
    """Return a template's name for these values; the longest value is cut until the name is short enough."""
    values = {field: _word(values[field]) for field in FIELDS}
    name = _joined(template, values)
    while (excess := len(name.encode()) - NAME_BYTES) > 0:
        longest = max(values, key=lambda field: len(values[field].encode()))
        values[longest] = values[longest].encode()[:-excess].decode(errors="ignore").rstrip("-")
        name = _joined(template, values)
    return name


def _joined(template: str, values: dict[str, str]) -> str:
    name = re.sub(r"([._-])[._-]+", r"\1", template.format(**values)).strip("._-")
    return f"{name or 'video-' + values['id']}{SUFFIX}"


def _word(text: str) -> str:
    return slugify(text, allow_unicode=True).replace("_", "-").strip("-")


def _values(pks: set[int]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each clip's values; a take's number is its place among the takes of its shot, the oldest first."""
    shots = Video.objects.filter(pk__in=pks).values("shot")
    rows = Video.objects.filter(shot__in=shots).order_by("shot", "created_at", "pk")
    takes: dict[int, int] = {}
    columns = ("pk", "shot_id", "created_at", "campaign__slug", "model", "title")
    for pk, shot, created_at, campaign, model, title in rows.values_list(*columns):
        takes[shot] = takes.get(shot, 0) + 1
        if pk in pks:
            values = {"campaign": campaign or "", "model": model, "title": title}
            yield pk, {**values, "date": _day(created_at), "take": f"take{takes[shot]}", "id": str(pk)}


def _day(at: datetime) -> str:
    return timezone.localdate(at).isoformat()


def _named(fields: Iterable[str]) -> str:
    return ", ".join(f"{{{field}}}" for field in fields)

"""Say which part of a search that finds nothing is to be dropped, by trying each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generations.library.filters import FILTERS, Ids
from generations.library.search import Search, stacked
from generations.models import Video

TRIED = 12  # each is a query
COUNTED = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to drop, how many videos there are without it, and the address of that search."""

    dropped: str
    count: str
    address: str


def suggestions(search: Search, visible: QuerySet[Video], ids: Ids, *, at: datetime) -> list[Suggestion]:
    """Return the searches with one filter or one word less that find something, those that find most first."""
    found = []
    for tried, (dropped, rest) in zip(range(TRIED), _parts(search, ids), strict=False):
        count = stacked(rest.among(visible, ids, at=at)).order_by()[: COUNTED + 1].count()
        if count:
            found.append((-count, tried, Suggestion(dropped, _number(count), rest.query_string())))
    return [each for __, __, each in sorted(found, key=lambda row: row[:2])]


def _number(count: int) -> str:
    if count > COUNTED:
        return _("{count}+ videos").format(count=COUNTED)
    return ngettext("{count} video", "{count} videos", count).format(count=count)


def _parts(search: Search, ids: Ids) -> Iterator[tuple[str, Search]]:
    either = _("or")
    for name in search.values:
        labels = [chip.label for chip in search.chips(ids) if chip.field == name]
        yield f"{FILTERS[name].title} {f' {either} '.join(labels)}", search.without(name)
    words = search.values["q"][0].split() if "q" in search.values else []
    for number, word in enumerate(words if len(words) > 1 else []):
        rest = " ".join(words[:number] + words[number + 1 :])
        yield _("the word “{word}”").format(word=word), Search({**search.values, "q": (rest,)}, search.sort)

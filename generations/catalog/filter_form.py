"""The form of the catalog's filters: what can be chosen, what is chosen, and how many videos have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from generations.folding import fold
from generations.library.facets import Facets
from generations.library.filters import (
    FILTERS,
    MAX_LENGTH,
    MODES,
    NAMED,
    PRACTICE,
    RATINGS,
    RATIOS,
    SOUND,
    STATE_NAMES,
    Ids,
    midnight,
)
from generations.library.search import Search
from generations.providers.menu import MODEL_NAMES, PROVIDER_NAMES

OFFERED = 60  # campaigns, collections, tags, people each
VALUES: dict[str, Mapping[str, object]] = {
    "state": STATE_NAMES,
    "rating": dict(reversed(RATINGS.items())),
    "ratio": {ratio: ratio for ratio in RATIOS},
    "duration": {str(seconds): f"{seconds} s" for seconds in range(1, 61)},
    "sound": SOUND,
    "model": MODEL_NAMES,
    "mode": MODES,
    "provider": PROVIDER_NAMES,
    "practice": PRACTICE,
}
LAST = {"1d": gettext_lazy("Since yesterday"), "7d": gettext_lazy("Last 7 days"), "30d": gettext_lazy("Last 30 days")}


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    count: int
    checked: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One filter: boxes to tick, and a list of more to choose one from."""

    name: str
    title: str
    boxes: list[Option]
    more: list[Option]


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    count: int
    address: str


def groups(search: Search, facets: Facets, ids: Ids, *, signed_in: bool) -> list[Group]:
    """Return the filters that a person may use and that have something to choose."""
    found = []
    for name in [*VALUES, *NAMED]:
        if signed_in or FILTERS[name].is_public:
            options = list(_named(search, facets, ids, name) if name in NAMED else _values(search, facets, name))
            boxes = [option for option in options if option.checked or name not in NAMED]
            more = [option for option in options if option not in boxes]
            found.append(Group(name, str(FILTERS[name].title), boxes, more))
    return [group for group in found if len(group.boxes) > 1 or group.more or group.name in search.values]


def _values(search: Search, facets: Facets, name: str) -> Iterator[Option]:
    chosen, counts = search.values.get(name, ()), facets.of(name)
    # While a filter is active, the clips that were counted have none of its other values; those are offered uncounted.
    others = bool(chosen) and name != "duration"
    for value, label in VALUES[name].items():
        if counts.get(value) or value in chosen or others:
            yield Option(value, str(label), counts.get(value, 0), value in chosen)


def _named(search: Search, facets: Facets, ids: Ids, name: str) -> Iterator[Option]:
    chosen, counts = search.values.get(name, ()), facets.of(name)
    for (kind, key), named in sorted(ids.items(), key=lambda item: item[1].name.casefold()):
        if kind == name:
            yield Option(key, named.name, counts.get(str(named.pk), 0), key in chosen)
    if name == "person" and "mine" not in chosen:
        yield Option("mine", _("me"), 0, False)


def days(search: Search, at: datetime) -> dict[str, str]:
    """Return the dates that the form's fields show."""
    return {
        name: timezone.localdate(midnight(search.values[name][0], at)).isoformat() if name in search.values else ""
        for name in ("since", "until")
    }


def last_days(search: Search) -> list[Link]:
    """Return the links to the last days of a search."""
    return [Link(str(label), 0, search.query_string(since=value, until=None)) for value, label in LAST.items()]


def words(search: Search, facets: Facets) -> list[Link]:
    """Return the frequent words that narrow a search, each with the search that has it too."""
    asked = search.values.get("q", ("",))[0]
    known = fold(asked).split()
    return [
        Link(word, count, search.query_string(q=f"{asked} {word}".strip()))
        for word, count in facets.words
        if not any(each in word for each in known) and len(asked) + len(word) < MAX_LENGTH
    ]

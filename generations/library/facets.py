"""Count what the newest clips of a search have in common: the values of its filters, and frequent words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from generations.library.filters import ratio_of
from generations.library.sorting import ordered
from generations.models import Video
from generations.models.videos import state_of

Kept = TypeVar("Kept")
MOST_CLIPS = 5_000  # that are counted, the newest: 20 to 35 ms, where exact counts of a million clips take 0.9 s each
KEPT_SECONDS = 60
COUNTED = 1_000  # more are said as "1,000+"
FREQUENT = 12  # words that are offered
COLUMNS = (
    "shot_id", "model", "mode", "provider", "aspect_ratio", "width", "height", "duration_seconds", "has_audio",
    "campaign_id", "ordered_by_id", "rating", "review", "published_at", "practice",
)  # fmt: skip
# Words that say nothing of a picture. Shorter ones than SHORTEST are left out as well.
SHORTEST = 3
SAYING_NOTHING = """
    about above across after again along also among and another any are around away back been before behind below
    between beyond both but can does down each even ever every for from full has have her him his how into its
    just like made make many more most much near not off once one only onto other our out over own same several
    she some still such than that the their them then there these they this those through toward towards two under
    until very was were what when where which while who whose will with within without you your shot video clip
    camera
"""
DULL = frozenset(SAYING_NOTHING.split())


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts of shots among the newest clips that match."""

    clips: int  # that were counted, at most MOST_CLIPS
    shots: int
    counts: dict[str, Counter[str]] = field(default_factory=dict)  # by the filter's name, then its value
    words: tuple[tuple[str, int], ...] = ()  # most frequent first

    def of(self, name: str) -> Counter[str]:
        """Return how many shots have each value of a filter."""
        return self.counts.get(name, Counter())

    @property
    def is_partial(self) -> bool:
        return self.clips == MOST_CLIPS

    @property
    def total(self) -> str:
        """How many shots match: `42`, `1,000+`."""
        if self.is_partial or self.shots > COUNTED:
            return f"{min(self.shots, COUNTED):,}+"
        return f"{self.shots:,}"


def facets(matching: QuerySet[Video], *, by_index: bool = True) -> Facets:
    """Return the counts of the clips that match, at most a minute old; `by_index` as in `sorting.ordered`."""
    return kept("facets", matching, lambda: _count(matching, by_index))


def kept(name: str, matching: QuerySet[Video], make: Callable[[], Kept]) -> Kept:
    """Return what was made of the same clips within the last minute, or make it.

    The query is the key: it names the clips that the person may see, so nobody gets what was made for others.
    """
    try:
        key = f"{name}-{sha256(repr(matching.query.sql_with_params()).encode()).hexdigest()}"
    except EmptyResultSet:
        return make()
    found: Kept | None = cache.get(key)
    if found is None:
        found = make()
        cache.set(key, found, KEPT_SECONDS)
    return found


def _count(matching: QuerySet[Video], by_index: bool) -> Facets:
    rows = list(ordered(matching, by_index=by_index).values_list("words", *COLUMNS)[:MOST_CLIPS])
    if not rows:
        return Facets(0, 0)
    texts, *columns = zip(*rows, strict=True)
    of = dict(zip(COLUMNS, columns, strict=True))
    shots = of["shot_id"]
    counts = {}
    for name, values in _values(of):
        # By column and not by row, which takes three times as long: a value counts once for all takes of a shot.
        counts[name] = Counter(map(itemgetter(0), set(zip(values, shots, strict=True))))
        counts[name].pop("", None)
    words = dict(zip(shots, texts, strict=True))  # its takes have the same prompt
    return Facets(len(rows), len(words), counts, tuple(islice(_frequent(words), FREQUENT)))


def _values(of: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, list[str]]]:
    """Yield what clips are found by: the filter's name and each clip's value, empty where it has none."""
    for name in ("model", "mode", "provider"):
        yield name, list(of[name])
    yield "rating", [str(rating) for rating in of["rating"]]
    for name, column in (("campaign", "campaign_id"), ("person", "ordered_by_id")):
        yield name, ["" if pk is None else str(pk) for pk in of[column]]
    for name, column in (("sound", "has_audio"), ("practice", "practice")):
        yield name, ["yes" if each else "no" for each in of[column]]
    states = zip(of["review"], of["published_at"], strict=True)
    yield "state", [str(state_of(*each)) for each in states]
    yield "duration", [str(int(seconds + 0.5)) for seconds in of["duration_seconds"]]
    shapes = zip(of["aspect_ratio"], of["width"], of["height"], strict=True)
    yield "ratio", [ratio or ratio_of(width, height) for ratio, width, height in shapes]


def _frequent(words: dict[int, str]) -> Iterator[tuple[str, int]]:
    """Yield the words of some of the shots, the most frequent first; what all have in common tells nothing."""
    found: Counter[str] = Counter()
    for text, times in Counter(words.values()).items():
        for word in set(text.split()):
            found[word] += times
    for word, count in found.most_common():
        if 1 < count < len(words) and len(word) >= SHORTEST and word not in DULL and not word.isdigit():
            yield word, count

"""What clips are filtered by in an address: each name, the values that it takes, and which clips it selects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial, reduce
from operator import and_, or_

from django.db.models import F, Q
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext, gettext_noop, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from generations.folding import fold
from generations.models import CollectionItem, Prompt
from generations.models.videos import MAX_RATING, STATES, State
from generations.providers import offers
from generations.providers.menu import MENU, MODE_NAMES, MODEL_NAMES, PROVIDER_NAMES

MAX_LENGTH = 200  # characters of a value; a prompt's first words are fewer
MAX_VALUES = 20  # of one name
MAX_SECONDS = 3600
MAX_DAYS = 3650  # of "the last ... days"
SHAPE = 2  # % by which a picture's shape may miss the ratio: 1284 x 716 is still 16:9
DATE = re.compile(r"(19[7-9]\d|2\d{3})-\d\d-\d\d", re.ASCII)
LAST_DAYS = re.compile(r"[1-9]\d{0,3}d", re.ASCII)
RATIO = re.compile(r"[1-9]\d?:[1-9]\d?", re.ASCII)
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")  # that are offered
SLUG = re.compile(r"[-\w]{1,60}", re.ASCII)
USERNAME = re.compile(r"[\w.@+-]{1,150}")
MINE = "mine"  # the person who searches


class BadValue(ValueError):
    """A value that a filter does not take; the text says what it takes."""


@dataclass(frozen=True, slots=True)
class Named:
    """A campaign, collection, tag or person that a search names."""

    pk: int
    name: str


Ids = Mapping[tuple[str, str], Named]  # (the filter's name, its value) -> what it names


@dataclass(frozen=True, slots=True)
class Filter:
    """One name of the address. `where` gets the values, what they name, and the time."""

    words: str
    check: Callable[[str], str]
    where: Callable[[tuple[str, ...], Ids, datetime], Q]
    say: Callable[[str], str] = str
    takes_one: bool = False
    is_public: bool = False  # also for people who are not signed in: it tells nothing internal

    @property
    def title(self) -> str:
        return gettext(self.words)


def _words(text: str) -> str:
    if not fold(text):
        raise BadValue(gettext("write at least one letter or digit"))
    return " ".join(text.split())


def _one_of(known: Mapping[str, object], text: str) -> str:
    if text not in known:
        raise BadValue(gettext("“{value}” is not one of {known}").format(value=text, known=", ".join(known)))
    return text


def _matching(pattern: re.Pattern[str], example: str, text: str) -> str:
    if not pattern.fullmatch(text):
        raise BadValue(gettext("“{value}” is not {example}").format(value=text, example=gettext(example)))
    return text


def _number(least: int, most: int, text: str) -> str:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or not least <= int(text) <= most:
        words = gettext("“{value}” is not a whole number from {least} to {most}")
        raise BadValue(words.format(value=text, least=least, most=most))
    return str(int(text))


def _day(text: str) -> str:
    if LAST_DAYS.fullmatch(text) and int(text[:-1]) <= MAX_DAYS:
        return text
    try:
        if DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    words = gettext("“{value}” is not a date such as 2026-11-20, nor a number of days such as 7d")
    raise BadValue(words.format(value=text))


def _tag(text: str) -> str:
    if len(text) > 50:
        raise BadValue(gettext("a tag has at most 50 characters"))
    return text


def _any(conditions: list[Q]) -> Q:
    return reduce(or_, conditions)


def _contains(text: str) -> Q:
    """Every word of the text is found in the clip's words."""
    return reduce(and_, (Q(words__contains=word) for word in dict.fromkeys(fold(text).split())), Q())


def ratio_of(width: int, height: int) -> str:
    """Return which of RATIOS a picture has; empty for any other."""
    for ratio in RATIOS:
        across, down = (int(part) for part in ratio.split(":"))
        if abs(width * down - height * across) * 100 <= height * across * SHAPE:
            return ratio
    return ""


def _shape(ratio: str) -> Q:
    """The ratio was ordered, or none was and the picture has it: a clip of an image takes the image's."""
    across, down = (int(part) for part in ratio.split(":"))
    least, most = (F("height") * (across * (100 + sign * SHAPE)) for sign in (-1, 1))
    width = F("width") * (down * 100)
    return Q(aspect_ratio=ratio) | (
        Q(aspect_ratio="") & Q(GreaterThanOrEqual(width, least)) & Q(LessThanOrEqual(width, most))
    )


def _seconds(text: str) -> Q:
    return Q(duration_seconds__gte=int(text) - 0.5, duration_seconds__lt=int(text) + 0.5)


def _ids(name: str, values: tuple[str, ...], ids: Ids) -> list[int]:
    return [ids[name, value].pk for value in values]


def _tagged(values: tuple[str, ...], ids: Ids, at: datetime) -> Q:
    # By the copied prompt, never through the task.
    tagged = Prompt.tags.through.objects.filter(tag__in=_ids("tag", values, ids))
    return Q(prompt__in=tagged.values("prompt"))


def _collected(values: tuple[str, ...], ids: Ids, at: datetime) -> Q:
    return Q(pk__in=CollectionItem.objects.filter(collection__in=_ids("collection", values, ids)).values("video"))


def midnight(text: str, at: datetime, *, days: int = 0) -> datetime:
    """Return when a day of the site begins: a date, or so many days before `at` (`7d`); `days` later."""
    if text.endswith("d"):
        day = timezone.localdate(at) - timedelta(days=int(text[:-1]))
    else:
        day = date.fromisoformat(text)
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))


def _spoken_day(text: str) -> str:
    if text.endswith("d"):
        days = int(text[:-1])
        return (
            ngettext("{count} day ago", "{count} days ago", days).format(count=days)
            if days > 1
            else gettext("yesterday")
        )
    return date_format(date.fromisoformat(text), "j M Y")


def _each(condition: Callable[[str], Q]) -> Callable[[tuple[str, ...], Ids, datetime], Q]:
    return lambda values, ids, at: _any([condition(value) for value in values])


def _column(column: str) -> Callable[[tuple[str, ...], Ids, datetime], Q]:
    return lambda values, ids, at: Q(**({column: values[0]} if len(values) == 1 else {f"{column}__in": values}))


def _named(name: str, column: str) -> Callable[[tuple[str, ...], Ids, datetime], Q]:
    def where(values: tuple[str, ...], ids: Ids, at: datetime) -> Q:
        numbers = _ids(name, values, ids)
        return Q(**({column: numbers[0]} if len(numbers) == 1 else {f"{column}__in": numbers}))

    return where


def _said(words: Mapping[str, object]) -> Callable[[str], str]:
    return lambda value: str(words[value])


MODES = {offer.mode: _(MODE_NAMES[offer.mode]) for offer in MENU}
SOUND = {"yes": _("With sound"), "no": _("Silent")}
PRACTICE = {"yes": _("Practice"), "no": _("Not practice")}
STATE_NAMES = {str(state.value): capfirst(state.label) for state in State}
STARS = {
    str(n): format_lazy(ngettext_lazy("{count} star", "{count} stars", n), count=n) for n in range(1, MAX_RATING + 1)
}
RATINGS = {"0": _("Unrated")} | STARS
A_RATIO = gettext_noop("a ratio such as 16:9")
A_CAMPAIGN = gettext_noop("a campaign’s name in addresses")
A_COLLECTION = gettext_noop("a collection’s name in addresses")
A_PERSON = gettext_noop("a user name, nor “mine”")

FILTERS: dict[str, Filter] = {
    "q": Filter(
        gettext_noop("Words"), _words, _each(_contains), lambda text: gettext("“{text}”").format(text=text),
        takes_one=True, is_public=True,
    ),
    "model": Filter(
        gettext_noop("Model"), partial(_one_of, MODEL_NAMES), _column("model"), offers.model_name, is_public=True
    ),
    "mode": Filter(gettext_noop("Mode"), partial(_one_of, MODES), _column("mode"), offers.mode_name),
    "provider": Filter(
        gettext_noop("Provider"), partial(_one_of, PROVIDER_NAMES), _column("provider"), offers.provider_name
    ),
    "ratio": Filter(gettext_noop("Ratio"), partial(_matching, RATIO, A_RATIO), _each(_shape), is_public=True),
    "duration": Filter(
        gettext_noop("Length"), partial(_number, 1, MAX_SECONDS), _each(_seconds), lambda value: f"{value} s",
        is_public=True,
    ),
    "sound": Filter(
        gettext_noop("Sound"), partial(_one_of, SOUND), _each(lambda value: Q(has_audio=value == "yes")), _said(SOUND),
        is_public=True,
    ),
    "campaign": Filter(
        gettext_noop("Campaign"), partial(_matching, SLUG, A_CAMPAIGN), _named("campaign", "campaign")
    ),
    "collection": Filter(gettext_noop("Collection"), partial(_matching, SLUG, A_COLLECTION), _collected),
    "tag": Filter(gettext_noop("Tag"), _tag, _tagged),
    "person": Filter(
        gettext_noop("Ordered by"), partial(_matching, USERNAME, A_PERSON), _named("person", "ordered_by")
    ),
    "rating": Filter(gettext_noop("Rating"), partial(_number, 0, MAX_RATING), _column("rating"), _said(RATINGS)),
    "state": Filter(
        gettext_noop("State"), partial(_one_of, STATE_NAMES), _each(STATES.__getitem__), _said(STATE_NAMES)
    ),
    "practice": Filter(
        gettext_noop("Practice"), partial(_one_of, PRACTICE), _each(lambda value: Q(practice=value == "yes")),
        _said(PRACTICE),
    ),
    "since": Filter(
        gettext_noop("Since"), _day, lambda values, ids, at: Q(created_at__gte=midnight(values[0], at)), _spoken_day,
        takes_one=True, is_public=True,
    ),
    "until": Filter(
        gettext_noop("Until"), _day, lambda values, ids, at: Q(created_at__lt=midnight(values[0], at, days=1)),
        _spoken_day, takes_one=True, is_public=True,
    ),
}  # fmt: skip
NAMED = ("campaign", "collection", "tag", "person")  # their values name rows

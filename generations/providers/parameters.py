"""Define the kinds of parameters of an offer: which values they take, how these are read, refused and described.

Not here: which offer has which parameters (offers), under which names a provider wants them (the adapters).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from generations.providers.base import IMAGE_FIELDS, UNSTORABLE, Value
from generations.providers.words import alternatives, label
from generations.translation import _, gettext_noop

YES_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
Found = list[tuple[str, str]]


class Rule(str):
    """Why a value is refused, as the end of a sentence about the offer: `takes 5 or 10 seconds, not 7`."""


class Stated(StrEnum):
    """Where a limit was read."""

    PAGE = gettext_noop("on the provider's page")
    COPY = gettext_noop("on a stored copy of another page of the provider")
    OLDER_PAGE = gettext_noop("on an older page of the provider")
    OTHER_MODEL = gettext_noop("on the provider's page of another model")
    OTHER_SELLER = gettext_noop("with another seller of the same model")
    NOWHERE = gettext_noop("nowhere: chosen with care")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an offer; what is neither chosen nor has a default is not sent."""

    type: ClassVar[str]
    decides: ClassVar[bool] = True  # whether the price may depend on it

    required: bool = False
    default: Value | None = None  # sent when nothing was chosen
    if_not_sent: str = gettext_noop("Provider default")  # what the provider then does, as its page says
    advice: str = ""  # from the page, shown beside the field
    caution: str = ""  # what no page says and a buyer should know, shown before the order
    stated: Stated = Stated.PAGE
    phrase: str = ""  # on a receipt, with {} for the value; empty: the name and the value

    @property
    def limit_source(self) -> str:
        """Say where the limit was read, `limit read on an older page`; empty where it stands on the provider's page."""
        return "" if self.stated is Stated.PAGE else _("limit read {where}").format(where=_(self.stated.value))

    def parse(self, text: str) -> Value:
        """Read what a person typed. Raises: ValueError, whose text names the rule."""
        return text

    def from_json(self, stored: Any) -> Value:
        """Read a value as `frozen` wrote it."""
        return stored  # type: ignore[no-any-return]

    def problem(self, value: Value) -> str:
        """Return why a value is refused, a `Rule` where the offer does not take it; empty when it is accepted."""
        return ""

    def problems(self, name: str, value: Value) -> Found:
        """Return each broken rule with the field of the form where it shows."""
        return [(name, text)] if (text := self.problem(value)) else []

    def options(self) -> list[tuple[str, str]]:
        """Return the values of a list with their words; empty when they are not listed."""
        return []

    def rule(self) -> str:
        """Say in short which values are taken: `5 or 10`."""
        return alternatives([value for value, _words in self.options()])

    def describe(self, name: str, value: Value) -> str:
        """Say what was chosen, for a receipt."""
        return self.phrase.format(value) if self.phrase else f"{label(name)} {value}"

    def in_words(self, value: Value) -> str:
        """Return a value as it stands beside the parameter's name."""
        return str(value)

    def warning(self, value: Value) -> str:
        """Say what a buyer of this value should know, empty when nothing."""
        return _(self.caution)

    def limits(self) -> dict[str, Any]:
        """Return the keys of `manage.py offers --json` that only this kind has."""
        return {}

    def as_json(self) -> dict[str, Any]:
        """Return the keys of one parameter in `manage.py offers --json`."""
        default = str(self.default) if isinstance(self.default, Decimal) else self.default
        words = {name: _(text) for name in ("advice", "caution") if (text := getattr(self, name))}
        common = {"type": self.type, "required": self.required, "default": default, "stated": str(self.stated)}
        common |= {} if self.required else {"if_not_sent": _(self.if_not_sent)}
        return {**common, **self.limits(), **words}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Parameter):
    """One of a list of texts."""

    type = "choice"
    values: tuple[str, ...]

    def problem(self, value: Value) -> str:
        return "" if value in self.values else not_of(self.rule(), value)

    def options(self) -> list[tuple[str, str]]:
        return [(value, value) for value in self.values]

    def limits(self) -> dict[str, Any]:
        return {"values": list(self.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeNumber(Parameter):
    """A whole number: one of a list, or any in a range; `unit` is read after it: seconds."""

    type = "integer"
    values: tuple[int, ...] = ()
    minimum: int = 0
    maximum: int = 0
    unit: str = ""

    def parse(self, text: str) -> int:
        """Read a value that a person typed. Raises: ValueError."""
        if not re.fullmatch(r"-?[0-9]{1,9}", text.strip()):
            if not self.unit:
                raise ValueError(_("takes a whole number, not {value}").format(value=text))
            words = _("takes a whole number of {unit}, not {value}")
            raise ValueError(words.format(unit=_(self.unit), value=text))
        return int(text)

    def problem(self, value: Value) -> str:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return "" if is_whole and value in self._numbers() else not_of(self.rule(), value)

    def options(self) -> list[tuple[str, str]]:
        return [(str(number), f"{number} {_(self.unit)}".rstrip()) for number in self._numbers()]

    def rule(self) -> str:
        limits = _("{minimum} to {maximum}").format(minimum=self.minimum, maximum=self.maximum)
        return f"{alternatives(self.values) if self.values else limits} {_(self.unit)}".rstrip()

    def limits(self) -> dict[str, Any]:
        if self.values:
            return {"values": list(self.values)}
        return {"minimum": self.minimum, "maximum": self.maximum, "step": 1}

    def _numbers(self) -> Sequence[int]:
        return self.values or range(self.minimum, self.maximum + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Parameter):
    """A decimal in a range, in steps."""

    type = "decimal"
    minimum: Decimal
    maximum: Decimal
    step: Decimal

    def parse(self, text: str) -> Decimal:
        """Read a value that a person typed. Raises: ValueError."""
        if not re.fullmatch(r"[+-]?([0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9})", text.strip()):
            raise ValueError(_("takes a number, {rule}, not {value}").format(rule=self.rule(), value=text))
        return Decimal(text.strip())

    def from_json(self, stored: Any) -> Value:
        return Decimal(str(stored))

    def problem(self, value: Value) -> str:
        is_number = isinstance(value, Decimal) and value.is_finite()
        fits = is_number and self.minimum <= value <= self.maximum and not (value - self.minimum) % self.step  # type: ignore[operator]
        return "" if fits else not_of(self.rule(), value)

    def rule(self) -> str:
        words = _("{minimum} to {maximum} in steps of {step}")
        return words.format(minimum=self.minimum, maximum=self.maximum, step=self.step)

    def limits(self) -> dict[str, Any]:
        return {name: str(getattr(self, name)) for name in ("minimum", "maximum", "step")}


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNo(Parameter):
    """Yes or no; `words` are what a receipt says for each."""

    type = "boolean"
    words: tuple[str, str] = (gettext_noop("yes"), gettext_noop("no"))

    def parse(self, text: str) -> bool:
        """Read a value that a person typed. Raises: ValueError."""
        if text.strip().lower() not in YES_NO:
            raise ValueError(not_of(self.rule(), text))
        return YES_NO[text.strip().lower()]

    def problem(self, value: Value) -> str:
        return "" if isinstance(value, bool) else not_of(self.rule(), value)

    def options(self) -> list[tuple[str, str]]:
        return [("true", _(self.words[0])), ("false", _(self.words[1]))]

    def rule(self) -> str:
        return _("yes or no")

    def in_words(self, value: Value) -> str:
        return _(self.words[0 if value else 1])

    def describe(self, name: str, value: Value) -> str:
        words = self.in_words(value)
        return words if self.words != ("yes", "no") else f"{label(name)}: {words}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Parameter):
    """A text; `max_length` in characters. Where it is required, it may not be blank."""

    type = "text"
    decides = False
    max_length: int

    def problem(self, value: Value) -> str:
        if not isinstance(value, str):
            return Rule(_("takes a text, not {value}").format(value=value))
        if UNSTORABLE.search(value):
            return _("has a character that is no text: NUL, or half of a surrogate pair")
        words = _("takes at most {most} characters, not {count}")
        return "" if len(value) <= self.max_length else Rule(words.format(most=self.max_length, count=len(value)))

    def problems(self, name: str, value: Value) -> Found:
        if self.required and isinstance(value, str) and not value.strip():
            return [(name, _("is required"))]
        return Parameter.problems(self, name, value)

    def rule(self) -> str:
        return _("at most {most} characters").format(most=self.max_length)

    def limits(self) -> dict[str, Any]:
        return {"max_length": self.max_length}


@dataclass(frozen=True, slots=True, kw_only=True)
class Images(Parameter):
    """One or two pictures at addresses: the start image and, where `max_items` is 2, the end image.

    `formats` are endings; the caution is about the end image.
    """

    type = "images"
    decides = False
    min_items: int = 1
    max_items: int = 1
    formats: tuple[str, ...] = ("jpg", "png", "webp")

    def from_json(self, stored: Any) -> Value:
        return tuple(stored)

    def problems(self, name: str, value: Value) -> Found:
        start, *others = value if isinstance(value, tuple) and value else ("",)
        found = [] if start else [(IMAGE_FIELDS[0], _("is required"))]
        if len(others) >= self.max_items and any(others):
            too_many = _("takes at most {most} pictures, not {count}").format(
                most=self.max_items, count=len(others) + 1
            )
            none = _("takes no end image: leave it out")
            found.append((IMAGE_FIELDS[1], Rule(none if self.max_items == 1 else too_many)))
        return found

    def warning(self, value: Value) -> str:
        return _(self.caution) if isinstance(value, tuple) and len(value) > 1 else ""

    def rule(self) -> str:
        words = _("a start image: {formats}") if self.max_items == 1 else _("a start and an end image: {formats}")
        return words.format(formats=alternatives(self.formats))

    def limits(self) -> dict[str, Any]:
        return {"min_items": self.min_items, "max_items": self.max_items, "formats": list(self.formats)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Video(Parameter):
    """The address of one video of at most `max_seconds`; the clip becomes as long as it is."""

    type = "video"
    decides = False
    max_seconds: int
    formats: tuple[str, ...] = ("mp4", "mov", "m4v")

    def problem(self, value: Value) -> str:
        words = _("takes the address of a video, not {value}")
        return "" if isinstance(value, str) and value else Rule(words.format(value=value))

    def rule(self) -> str:
        words = _("the address of a {formats} of at most {seconds} seconds")
        return words.format(formats=alternatives(self.formats), seconds=self.max_seconds)

    def limits(self) -> dict[str, Any]:
        items = {"min_items": 1, "max_items": 1}
        return {**items, "formats": list(self.formats), "max_seconds": self.max_seconds}


def fields_of(name: str, value: Value) -> Iterator[str]:
    """Yield the fields of a form that hold a parameter: pictures have one each."""
    if name != "images" or not isinstance(value, tuple):
        yield name
    else:
        yield from (field for field, address in zip(IMAGE_FIELDS, value, strict=False) if address)


def not_of(rule: str, value: object) -> Rule:
    """Say that a value is none of those that are taken."""
    return Rule(_("takes {rule}, not {value}").format(rule=rule, value=value))

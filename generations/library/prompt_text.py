"""Read the texts of prompts: variables `{{subject}}` that a person fills in, and wildcards `{a|b|c}` to pick from.

A text is filled first and picked from then, so a value may hold wildcards, and a wildcard variables.
A lone brace, or one without a bar, is plain text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")
NAME = re.compile(r"\w+")
WILDCARD = re.compile(r"\{\{[^{}]*\}\}|\{((?:[^{}|]|\{\{[^{}]*\}\})*\|(?:[^{}]|\{\{[^{}]*\}\})*)\}")
SHOWN = 30  # characters of what is wrong that a sentence quotes


def variables(text: str) -> tuple[str, ...]:
    """Return the names of the variables, each once, in the order of appearance."""
    names = (each.strip() for each in VARIABLE.findall(text))
    return tuple(dict.fromkeys(name for name in names if NAME.fullmatch(name)))


def problems(text: str) -> list[str]:
    """Say what is wrong with the braces of a text; empty when nothing is."""
    bad = [name for name in VARIABLE.findall(text) if not NAME.fullmatch(name.strip())]
    words = _("{variable}: a variable's name has letters, digits and _ only")
    found = [words.format(variable=_braced(_short(name))) for name in bad]
    without = VARIABLE.sub(".", text)
    if (at := without.find("{{")) >= 0:
        words = _("“{text}” is not closed: write {braces} after the variable's name")
        found.append(words.format(text=_short(without[at:]), braces="}}"))
    return list(dict.fromkeys(found))


def unfilled(text: str) -> list[str]:
    """Say why a text cannot be ordered as it is: broken braces, and variables that nobody filled in."""
    return problems(text) + [_without_value(name) for name in variables(text)]


def _without_value(name: str) -> str:
    return _("the variable {variable} has no value").format(variable=_braced(name))


def _braced(name: str) -> str:
    return f"{{{{{name}}}}}"


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return the text with the value of each variable; values are not read for variables themselves.

    Raises: ValidationError at `prompt`, naming each variable without a value, and broken braces.
    """
    given = {name: value.strip() for name, value in values.items() if value.strip()}
    missing = [_without_value(name) for name in variables(text) if name not in given]
    if wrong := problems(text) + missing:
        raise ValidationError({"prompt": wrong})
    return VARIABLE.sub(lambda found: given[found[1].strip()], text)


def wildcards(text: str) -> int:
    """Return how many different texts the wildcards allow; 1 without any."""
    return prod(len(choices) for choices in _choices(text))


def pick(text: str, seed: int) -> str:
    """Return the text with one alternative of each wildcard, always the same one for a seed.

    As many seeds in a row as `wildcards` says give different texts, which differ in each wildcard where they can.
    """
    picked, last, rest = [], 0, seed
    for choices in _choices(text):
        rest, digit = divmod(rest, len(choices))
        last = (digit + last) % len(choices)
        picked.append(choices[last])
    alternatives = iter(picked)
    return WILDCARD.sub(lambda found: found[0] if found[1] is None else next(alternatives), text)


def fits(template: str, text: str) -> bool:
    """Return whether a text can have been made from a template: it has its plain words in their order."""
    words, end = [], 0
    for found in WILDCARD.finditer(template):
        words.append(template[end : found.start()])
        end = found.end()
    if not words:
        return text == template
    first, *others, last = *words, template[end:]
    at = len(first)
    for each in others:
        found_at = text.find(each, at)
        if found_at < 0:
            return False
        at = found_at + len(each)
    return text.startswith(first) and text.endswith(last) and at <= len(text) - len(last)


def _choices(text: str) -> list[list[str]]:
    """Return the different alternatives of each wildcard, in the order of the text."""
    found = (each[1] for each in WILDCARD.finditer(text) if each[1] is not None)
    return [list(dict.fromkeys(each.strip() for each in choices.split("|"))) for choices in found]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"

"""The fields of the variables `{{subject}}` of an order's texts, and their final texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generations.library import prompt_text

PREFIX = "var_"  # of the names of their fields


@dataclass(frozen=True, slots=True)
class FinalText:
    """A text as it will be ordered, the limit of the chosen model in characters, or None, and how many it is one of."""

    text: str
    limit: int | None
    alternatives: int = 1

    @property
    def words(self) -> str:
        """How long it is, and of how many: `42 of 2500 characters; one of 6 different texts`."""
        count = len(self.text)
        length = (
            _("{count} of {limit} characters").format(count=count, limit=self.limit)
            if self.limit
            else ngettext("{count} character", "{count} characters", count).format(count=count)
        )
        if self.alternatives <= 1:
            return length
        words = _("{length}; one of {count} different texts")
        return words.format(length=length, count=f"{self.alternatives:,}")

    @property
    def is_too_long(self) -> bool:
        return self.limit is not None and len(self.text) > self.limit


def fields(texts: Iterable[str]) -> dict[str, forms.Field]:
    """Return a field for each variable of some texts."""
    names = dict.fromkeys(name for text in texts for name in prompt_text.variables(text))
    widget = forms.TextInput(attrs={"autocomplete": "off", "size": 30})
    return {f"{PREFIX}{name}": forms.CharField(label=name, required=False, widget=widget) for name in names}


def values(cleaned: Mapping[str, Any]) -> dict[str, str]:
    """Return the values that a form's fields hold, by the names of their variables."""
    return {name.removeprefix(PREFIX): str(value or "") for name, value in cleaned.items() if name.startswith(PREFIX)}


def final_text(text: str, given: Mapping[str, str]) -> str:
    """Return a text with the values that are there; a variable without one stays as it is."""
    known = {name: given.get(name, "").strip() or f"{{{{{name}}}}}" for name in prompt_text.variables(text)}
    return text if prompt_text.problems(text) else prompt_text.fill(text, known)


def seed(batch: str) -> int:
    """Return the number by which wildcards are picked: the order's own, so that its receipt shows what it orders."""
    digits = batch.replace("-", "")
    return int(digits, 16) if re.fullmatch("[0-9a-fA-F]{32}", digits) else 0

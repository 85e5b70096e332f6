"""The form fields of the menu's parameters: one each, and for each picture a file and an address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from generations.providers import offers
from generations.providers.base import IMAGE_FIELDS, Value
from generations.providers.parameters import Images, Number, Parameter, Text, Video
from generations.providers.words import label

Kinds = dict[str, list[Parameter]]


def kinds() -> Kinds:
    """Return every parameter of the menu, by its name, as each offer has it."""
    found: Kinds = {}
    for offer in offers.OFFERS.values():
        for name, parameter in offer.parameters.items():
            found.setdefault(name, []).append(parameter)
    return found


def decide_the_price() -> list[str]:
    """Return the names of the parameters on which a price may depend."""
    return [name for name, parameters in kinds().items() if parameters[0].decides]


def sources(name: str) -> str:
    """Say whose limit is not on the provider's page, and where it was read; empty for none.

    A page with a script says it of the chosen offer alone.
    """
    found: dict[str, dict[str, None]] = {}
    for offer in offers.OFFERS.values():
        if (parameter := offer.parameters.get(name)) and parameter.limit_source:
            found.setdefault(parameter.limit_source, {})[offer.name] = None
    return " ".join(f"{', '.join(names)}: {source}." for source, names in found.items())


def fields() -> dict[str, forms.Field]:
    """Return the fields of all parameters; what each offer takes of them is checked by the form."""
    found: dict[str, forms.Field] = {}
    for name, parameters in kinds().items():
        if isinstance(parameters[0], Images):
            for field in IMAGE_FIELDS:
                found[field] = forms.FileField(
                    label=label(field), required=False, widget=forms.FileInput(attrs={"accept": "image/*"})
                )
                found[f"{field}_url"] = forms.CharField(label=_("or its URL"), required=False, widget=forms.URLInput)
        else:
            found[name] = _field(name, parameters)
        for field in IMAGE_FIELDS if isinstance(parameters[0], Images) else (name,):
            found[field].stated = sources(name)  # type: ignore[attr-defined]
    return found


def _field(name: str, parameters: list[Parameter]) -> forms.Field:
    return forms.CharField(
        label=label(name),
        required=False,
        strip=False,
        widget=_widget(name, parameters),
        initial=_first_default(name),
        help_text=next((_(each.advice) for each in parameters if each.advice), ""),
    )


def _first_default(name: str) -> Value | None:
    """Return the default of the menu's first line, which a page without a script starts from."""
    first = next(iter(offers.OFFERS.values()))
    return first.parameters[name].default if name in first.parameters else None


def _widget(name: str, parameters: list[Parameter]) -> forms.Widget:
    first = parameters[0]
    if isinstance(first, Text):
        return forms.Textarea(attrs={"rows": 6 if name == "prompt" else 2})
    if isinstance(first, Number):
        return forms.NumberInput(attrs={edge: str(getattr(first, at)) for edge, at in EDGES.items()})
    if isinstance(first, Video):
        return forms.URLInput()
    return forms.Select(choices=_choices(parameters))


EDGES = {"min": "minimum", "max": "maximum", "step": "step"}


def _choices(parameters: list[Parameter]) -> list[tuple[str, str]]:
    """Return the values that some offer takes, and nothing where an offer does without."""
    everywhere = len(parameters) == len(offers.OFFERS) and all(each.default is not None for each in parameters)
    return [*([] if everywhere else [("", _(parameters[0].if_not_sent))]), *_listed(parameters)]


def listed(name: str) -> list[tuple[str, str]]:
    """Return the values of a parameter that some offer takes, with their words."""
    return _listed(kinds()[name])


def _listed(parameters: list[Parameter]) -> list[tuple[str, str]]:
    found = dict(pair for each in parameters for pair in each.options())
    if all(value.isdecimal() for value in found):
        return sorted(found.items(), key=lambda pair: int(pair[0]))
    return list(found.items())


def menu() -> list[dict[str, Any]]:
    """Return what each offer takes, for generate.js, which shows only the fields that apply."""
    rows = []
    for offer in offers.OFFERS.values():
        row = offer.as_json()
        for name, parameter in offer.parameters.items():
            row["parameters"][name]["limit_source"] = parameter.limit_source
        rows.append(row)
    return rows

"""Many orders from one form: texts x offers x durations x aspect ratios, each with its takes."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.forms import parameters, variables
from generations.forms.orders import OrderForm
from generations.library import prompt_text
from generations.lifecycle.ordering import OrderRequest
from generations.models import Prompt
from generations.providers import offers
from generations.providers.base import IMAGE_FIELDS, Order, Value
from generations.providers.menu import Offer
from generations.providers.parameters import Text, YesNo

MOST_ORDERS = 200  # different ones at once, each of one or more takes: a receipt names each of them
OPTIONAL = ("route", "cfg_scale")  # settings that an offer which does not know them is ordered without
VALUE = re.compile(r"\s*(\w+)\s*:(.*)")
AXES = ("duration", "aspect_ratio")
ALSO = ("values", "also_offer", *(f"also_{name}" for name in AXES))

Values = dict[str, list[str]]


def offer_choices() -> list[tuple[str, str]]:
    """Return each offer of the menu as `apixo kling-2-6 text-to-video`, with its words."""
    return [(" ".join(offer.key), _words(offer)) for offer in offers.OFFERS.values()]


def _words(offer: Offer) -> str:
    names = {"model": offers.model_name(offer.model), "mode": offers.mode_name(offer.mode).lower()}
    return gettext("{model}, {mode} ({provider})").format(**names, provider=offers.provider_name(offer.provider))


class ManyForm(OrderForm):
    """The order form with further values, each of which multiplies the orders; without any it makes one."""

    values = forms.CharField(
        label=_("Further values of variables"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": _("subject: a red fox\nsubject: a grey crane")}),
        help_text=_("Beside those above; a line for each: the variable's name, a colon, its value. Each makes a text."),
    )
    also_offer = forms.MultipleChoiceField(
        label=_("Also with"), required=False, choices=offer_choices, widget=forms.CheckboxSelectMultiple
    )
    also_duration = forms.MultipleChoiceField(
        label=_("Also this long"), required=False, choices=partial(parameters.listed, "duration"),
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    also_aspect_ratio = forms.MultipleChoiceField(
        label=_("Also in this ratio"), required=False, choices=partial(parameters.listed, "aspect_ratio"),
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if names := [field.name.removeprefix(variables.PREFIX) for field in self.variables]:
            self.fields["values"].widget.attrs["placeholder"] = "\n".join(f"{name}: …" for name in names)

    def clean_values(self) -> Values:
        """Return the values of each variable, in the order of their lines. Raises: ValidationError naming the lines."""
        found: Values = {}
        wrong = []
        for line in self.cleaned_data["values"].splitlines():
            if (pair := VALUE.fullmatch(line)) and (value := pair[2].strip()):
                found.setdefault(pair[1], []).append(value)
            elif line.strip():
                words = gettext("“{line}” is no value: write the variable's name, a colon, and the value")
                wrong.append(words.format(line=line.strip()[:40]))
        if wrong:
            raise forms.ValidationError(wrong)
        return {name: list(dict.fromkeys(values)) for name, values in found.items()}

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "prompt" in data:
            for name in (data.get("values") or {}).keys() - self.variable_values().keys():
                words = gettext("the text has no variable {variable}")
                self.add_error("values", words.format(variable=f"{{{{{name}}}}}"))
        number = math.prod(count for _name, count in self.axes()) * self._picks()
        if number > MOST_ORDERS:
            words = gettext("these are {count} different orders; at most {most} at a time")
            self.add_error(None, words.format(count=f"{number:,}", most=MOST_ORDERS))
        return data

    @property
    def is_many(self) -> bool:
        """Whether the form makes several different orders."""
        return bool(self.axes())

    @property
    def number_of_texts(self) -> int:
        return math.prod(len(values) for values in self.variable_values().values())

    def variable_values(self) -> Values:
        """Return the values of each variable of the text: that of its own field first, then its further lines."""
        own, further = variables.values(self.cleaned_data), self.cleaned_data.get("values") or {}
        named = prompt_text.variables(self.typed("prompt"))
        every = {name: [own.get(name, "").strip(), *further.get(name, ())] for name in named}
        return {name: list(dict.fromkeys(filter(None, values))) for name, values in every.items()}

    def given(self) -> dict[str, str]:
        """Return the first value of each variable."""
        return super().given() | {name: values[0] for name, values in self.variable_values().items() if values}

    def axes(self) -> list[tuple[str, int]]:
        """Return what is multiplied and by how many: texts, models, durations, aspect ratios."""
        counts = [("text", self.number_of_texts), ("model", len(self._offers()))]
        counts += [(name.replace("_", " "), len(self._along(name))) for name in AXES]
        return [(name, count) for name, count in counts if count > 1]

    def requests(self, prompt: Prompt | None) -> list[OrderRequest]:
        """Return the request of each combination; those that an offer does not take are among them.

        Without a prompt, they share one of the text with its variables.
        """
        template = self.typed("prompt")
        return [
            replace(
                each,
                order=each.order.but(prompt=text or None),
                template="" if text == template else template,
                takes=takes,
            )
            for text, takes in self._texts()
            for each in self.settings_requests(prompt)
        ]

    def settings_requests(self, prompt: Prompt | None) -> list[OrderRequest]:
        """Return the request of each offer, duration and aspect ratio, with the text as it was typed."""
        base = self.order_request(prompt)
        combined = itertools.product(self._offers(), self._along("duration"), self._along("aspect_ratio"))
        return [
            replace(base, order=self._order(offer, {"duration": duration, "aspect_ratio": ratio}))
            for offer, duration, ratio in combined
        ]

    def _texts(self) -> Iterator[tuple[str, int]]:
        """Yield the text with each combination of its variables' values, and how many takes of it are made.

        Where it has wildcards, each take is another text, as long as there is one.
        """
        values, takes = self.variable_values(), self.cleaned_data["takes"]
        for chosen in itertools.product(*values.values()):
            filled = prompt_text.fill(self.typed("prompt"), dict(zip(values, chosen, strict=True)))
            numbers = range(self.seed, self.seed + takes) if prompt_text.wildcards(filled) > 1 else [self.seed] * takes
            yield from Counter(prompt_text.pick(filled, number) for number in numbers).items()

    def _picks(self) -> int:
        """Return how many texts the wildcards make of one, at most."""
        text = variables.final_text(self.typed("prompt"), self.given())
        return max(1, min(self.cleaned_data.get("takes") or 1, prompt_text.wildcards(text)))

    def _offers(self) -> list[tuple[str, ...]]:
        """Return the keys of the offers, that of the form's own fields first."""
        also = (tuple(key.split()) for key in self.cleaned_data.get("also_offer") or ())
        return list(dict.fromkeys([self._key(), *also]))

    def _along(self, name: str) -> list[str]:
        """Return the values of one axis, that of the form's own field first."""
        return list(dict.fromkeys([self.typed(name).strip(), *(self.cleaned_data.get(f"also_{name}") or ())]))

    def _order(self, key: tuple[str, ...], changes: dict[str, str]) -> Order:
        """Return one combination for an offer; another than the form's own gets no setting that it does not know."""
        offer, chosen = offers.OFFERS[key[0], key[1], key[2]], dict[str, Value]()
        is_own = key == self._key()
        for name in [name for name in self.kinds if name in self.cleaned_data]:
            is_text = isinstance(self.kinds[name][0], Text)  # with its variables filled in
            text = str(self.chosen.get(name, "")) if is_text else changes.get(name, self.typed(name))
            parameter = offer.parameters.get(name)
            if not text.strip() or (parameter is None and not is_own and _may_go(name, text)):
                continue
            try:
                chosen[name] = parameter.parse(text) if parameter else text
            except ValueError:
                chosen[name] = text  # the menu's rules say what is wrong with it
        silent = {name: False for name, each in offer.parameters.items() if each.required and isinstance(each, YesNo)}
        images = [self.cleaned_data.get(f"{name}_url", "") for name in IMAGE_FIELDS]
        order = Order(provider=offer.provider, model=offer.model, mode=offer.mode, parameters=silent | chosen)
        return offers.with_defaults(order.with_images(*images))


def _may_go(name: str, text: str) -> bool:
    """Whether the same clip may be ordered without a setting: one that only tunes it, or no sound."""
    return name in OPTIONAL or (name == "sound" and text == "false")

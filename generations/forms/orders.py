"""The order form that the Generate page and `manage.py generate` fill in, with one set of rules and words."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from functools import cached_property
from typing import Any, BinaryIO, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.formats import usd
from generations.forms import parameters, variables
from generations.forms.variables import FinalText
from generations.library import prompt_text
from generations.lifecycle import ordering, reachability
from generations.lifecycle.ordering import OrderRequest, Upload
from generations.media.images import BadImage, clean_image
from generations.models import Campaign, Prompt, ReferenceImage
from generations.models.budgets import LIMIT_MAX
from generations.providers import offers
from generations.providers.base import IMAGE_FIELDS, Order, Value
from generations.providers.parameters import Text, Video


def choices_of(name: str) -> list[tuple[str, str]]:
    """Return every provider, model or mode that is offered, with its display name, in the menu's order."""
    words = {"provider": offers.provider_name, "model": offers.model_name, "mode": offers.mode_name}[name]
    values = dict.fromkeys(getattr(offer, name) for offer in offers.OFFERS.values())
    return [(value, words(value)) for value in values]


WHERE = ("provider", "model", "mode")


class WholeNumberField(forms.IntegerField):
    """Accept digits and nothing else: Python reads `1_0` as ten."""

    def to_python(self, value: Any) -> int | None:
        """Raises: ValidationError for what is no whole number."""
        if isinstance(value, str) and value.strip() and not re.fullmatch(r"-?[0-9]{1,9}", value.strip()):
            raise forms.ValidationError(self.error_messages["invalid"])
        return super().to_python(value)


class UsdField(forms.DecimalField):
    """Accept digits and a point, and nothing else: Python reads `1_0` as ten, and `NaN` as a number."""

    def to_python(self, value: Any) -> Any:
        """Raises: ValidationError for what is no amount."""
        if isinstance(value, str) and value.strip() and not re.fullmatch(r"[+-]?[0-9]*\.?[0-9]*", value.strip()):
            raise forms.ValidationError(gettext("an amount in USD such as 12.50, not {amount}").format(amount=value))
        return super().to_python(value)


class SpendField(forms.Field):
    """Accept an amount in USD above 0: `12`, `12.50`, `$0.35`."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "size": 10})

    def to_python(self, value: Any) -> Decimal | None:
        """Raises: ValidationError for what is no amount, and for one out of range."""
        text = str(value or "").strip()
        if not text:
            return None
        amount = Decimal(plain[1]) if (plain := re.fullmatch(r"\$?([0-9]{1,9}(\.[0-9]{1,4})?)", text)) else None
        if amount is None or not 0 < amount <= LIMIT_MAX:
            given = text if len(text) <= 30 else f"{text[:30]}…"
            rule = gettext("an amount in USD, more than 0 and at most {most}, with at most four decimals, not {amount}")
            raise forms.ValidationError(rule.format(most=usd(LIMIT_MAX), amount=given))
        return amount


class OrderForm(forms.Form):
    """An order of one or more takes; every problem is reported at its field at once."""

    provider = forms.CharField(label=_("Provider"), widget=forms.Select, initial="apixo", required=False)
    model = forms.CharField(label=_("Model"), widget=forms.Select, required=False)
    mode = forms.CharField(label=_("Mode"), widget=forms.Select, required=False)
    takes = WholeNumberField(
        label=_("Takes"),
        initial=1,
        required=False,
        help_text=_("How many clips of this."),
        error_messages={"invalid": _("a whole number")},
    )
    spend_at_most = SpendField(
        label=_("Spend at most, in USD"),
        required=False,
        help_text=_("Orders as many takes as this pays for; the last ones are dropped first. Empty: all of them."),
    )
    stops_when_approved = forms.BooleanField(
        label=_("Cancel the takes that still wait once one is approved"), required=False
    )
    delivery = forms.CharField(
        label=_("Delivery"),
        required=False,
        initial=reachability.default_delivery,
        widget=forms.Select(choices=[("polling", _("Check regularly")), ("callback", _("Be told by the provider"))]),
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.in_use(),
        label=_("Campaign"),
        to_field_name="slug",
        required=False,
        empty_label=_("None"),
        error_messages={"invalid_choice": _("there is no campaign %(value)s that takes orders")},
    )
    batch = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = parameters.kinds()
        self.fields = {**parameters.fields(), **self.fields, **variables.fields(self.templates)}
        for name in WHERE:
            self.fields[name].widget.choices = choices_of(name)
        if not self.is_bound:  # one starts with what is missing; a form with errors is read from its list of them
            first = next((field.name for field in self.variables if not field.value()), "prompt")
            self.fields[first].widget.attrs["autofocus"] = True

    @property
    def templates(self) -> list[str]:
        """The texts as they were typed, with their variables; without data, what the form starts from."""
        given = self.data if self.is_bound else self.initial
        return [str(given.get(name) or "") for name, (first, *_) in self.kinds.items() if isinstance(first, Text)]

    @property
    def variables(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(variables.PREFIX)]

    @property
    def final(self) -> FinalText | None:
        """The text as it will be ordered, with the values that are there; None without variables and wildcards."""
        template, batch, *where = (str(self[name].value() or "") for name in ("prompt", "batch", *WHERE))
        given = variables.values({field.name: field.value() for field in self.variables})
        text = variables.final_text(template.replace("\r\n", "\n"), given)
        alternatives = prompt_text.wildcards(text)
        if not self.variables and alternatives == 1:
            return None
        offer = offers.find(*where)
        known = offer.parameters.get("prompt") if offer else None
        limit = known.max_length if isinstance(known, Text) else None
        return FinalText(prompt_text.pick(text, variables.seed(batch)), limit, alternatives)

    @property
    def texts(self) -> list[forms.BoundField]:
        return [self[name] for name, (first, *_) in self.kinds.items() if isinstance(first, Text)]

    @property
    def addresses(self) -> list[forms.BoundField]:
        return [self[name] for name, (first, *_) in self.kinds.items() if isinstance(first, Video)]

    @property
    def settings(self) -> list[forms.BoundField]:
        return [self[name] for name, (first, *_) in self.kinds.items() if first.decides]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self.images = {name: image for name in IMAGE_FIELDS if (image := self._image(name))}
        if data.get("takes", 1) is None:
            self._default_or_error("takes")
        self.chosen = self._chosen()
        # A field that cannot be read has its own error; the rules check the rest without it.
        for name, texts in ordering.problems(self.order_request(None)).items():
            if name not in self.errors:
                for text in texts:
                    self.add_error(name, text)
        return data

    def _default_or_error(self, name: str) -> None:
        """Use the default for a field that was not sent; report one that was sent empty, as money depends on it."""
        if name in self.data:
            self.add_error(name, gettext("is required"))
        else:
            self.cleaned_data[name] = self.fields[name].initial

    def _chosen(self) -> dict[str, Value]:
        """Return the parameters that were chosen, as the offer reads them; what it does not take stays a text."""
        offer, chosen = offers.find(*self._key()), dict[str, Value]()
        for name in [name for name in self.kinds if name in self.cleaned_data]:
            text = self.typed(name)
            parameter = offer.parameters.get(name) if offer else None
            if isinstance(self.kinds[name][0], Text):
                text = self._filled(name, text)
            if not text.strip():
                if name in self.data and parameter and parameter.default is not None:
                    self.add_error(name, gettext("is required: {values}").format(values=parameter.rule()))
                continue
            try:
                chosen[name] = parameter.parse(text) if parameter else text
            except ValueError as error:
                self.add_error(name, f"{offer.name if offer else ''} {error}")
        return chosen

    def _filled(self, name: str, text: str) -> str:
        """Return a text with variables filled in and wildcards picked; report what has no value at the text's field."""
        try:
            filled = prompt_text.fill(text, self.given())
        except ValidationError as error:
            for rule in error.messages:
                self.add_error(name, rule)
            return text
        return prompt_text.pick(filled, self.seed)

    def given(self) -> dict[str, str]:
        """Return the value of each variable."""
        return variables.values(self.cleaned_data)

    @cached_property
    def seed(self) -> int:
        """The number by which wildcards are picked."""
        return variables.seed(str(self.cleaned_data.get("batch") or uuid.uuid4()))

    def typed(self, name: str) -> str:
        """Return the text of a parameter as the person typed it."""
        return self.cleaned_data.get(name) or ""

    def _key(self) -> tuple[str, str, str]:
        data = self.cleaned_data
        provider = data.get("provider", "") if "provider" in self.data else self.fields["provider"].initial
        return provider, data.get("model", ""), data.get("mode", "")

    def chosen_delivery(self) -> str:
        chosen: str = self.cleaned_data.get("delivery", "")
        return chosen if "delivery" in self.data else reachability.default_delivery()

    def order(self) -> Order:
        provider, model, mode = self._key()
        start, end = (self.cleaned_data.get(f"{name}_url", "") for name in IMAGE_FIELDS)
        order = Order(provider=provider, model=model, mode=mode, parameters=self.chosen).with_images(start, end)
        return offers.with_defaults(order)

    def paying_campaign(self, prompt: Prompt | None) -> Campaign | None:
        """Return the campaign that pays: the chosen one, or the prompt's."""
        return self.cleaned_data.get("campaign") or (prompt.campaign if prompt else None)

    def order_request(self, prompt: Prompt | None) -> OrderRequest:
        return OrderRequest(
            self.order(),
            takes=self.cleaned_data.get("takes", 1),
            delivery=self.chosen_delivery(),
            images=self.images,
            campaign=self.paying_campaign(prompt),
            prompt=prompt,
            stops_when_approved=self.cleaned_data.get("stops_when_approved", False),
        )

    def _image(self, name: str) -> Upload | ReferenceImage | None:
        """Return the checked picture of a field, or None with the error at the field."""
        file: File[bytes] | None = self.cleaned_data.get(name)
        if file is None:
            return None
        if self.cleaned_data.get(f"{name}_url"):
            self.add_error(name, gettext("a picture or its URL, not both"))
        try:
            return Upload(clean_image(cast(BinaryIO, file)), file.name or "")
        except BadImage as error:
            self.add_error(name, str(error))
            return None

"""The price form that the admin and `manage.py prices add` fill in, with one set of rules and words."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

from generations.formats import as_price
from generations.forms.orders import WHERE, UsdField, choices_of
from generations.models import Price
from generations.models.prices import ANY_LENGTH, SAME, Unit
from generations.providers import offers
from generations.providers.base import Order
from generations.providers.menu import Offer
from generations.providers.words import spoken

COLUMNS = {"duration": "duration_seconds", "sound": "sound", "route": "route"}  # parameters with a field of their own
SAME_PRICE = ("aspect_ratio", "cfg_scale")  # parameters that no page of a provider names a price by
EARLIEST = date(2024, 1, 1)  # nothing that this program orders was for sale before
AHEAD = timedelta(days=366)  # a later start is a typing error

if TYPE_CHECKING:  # only the stubs' class takes a type
    ModelForm = forms.ModelForm[Price]
else:
    ModelForm = forms.ModelForm


class PriceForm(ModelForm):
    """A price for something that is offered, valid from a day on which it has none yet.

    Without its field `is_free`, which only those see who may add a price of 0, it takes none.
    """

    class Meta:
        model = Price
        fields = [
            "provider", "model", "mode", "duration_seconds", "sound", "route", "settings", "usd", "is_free", "unit",
            "is_minimum", "valid_from", "source",
        ]  # fmt: skip
        field_classes = {"usd": UsdField}
        widgets = dict.fromkeys(WHERE, forms.Select)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() & WHERE:
            self.fields[name].widget.choices = choices_of(name)
        if "unit" in self.fields:  # none is there on the page of a price, which cannot be changed
            self.fields["unit"].required = False

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        offer = offers.find(data.get("provider", ""), data.get("model", ""), data.get("mode", ""))
        if offer is None:
            self.add_error("mode", _("This provider has no such model and mode."))
        else:
            self._check_values(offer)
        if not data.get("duration_seconds") and data.get("unit") == Unit.CLIP:
            text = _("A price for a clip is one of a length: only one a second goes without.")
            self.add_error("duration_seconds", text)
        self._check_free(data)
        self._check_day(data.get("valid_from"))
        return data

    def clean_duration_seconds(self) -> int:
        return self.cleaned_data["duration_seconds"] or ANY_LENGTH

    def clean_unit(self) -> str:
        return self.cleaned_data["unit"] or Unit.CLIP

    def clean_settings(self) -> str:
        """Return the pairs in a fixed order, so that equal settings compare as equal. Raises: ValidationError."""
        pairs = sorted(self.cleaned_data["settings"].split())
        if not all(re.fullmatch(r"[a-z_]+=\S+", pair) for pair in pairs):
            raise forms.ValidationError(_("NAME=VALUE, with spaces between the pairs"))
        return " ".join(pairs)

    def _check_values(self, offer: Offer) -> None:
        """Report each value for which the offer can have no price."""
        for name, column in COLUMNS.items():
            value, parameter = self.cleaned_data.get(column), offer.parameters.get(name)
            if value in (None, "", ANY_LENGTH) and value is not False:
                continue
            unknown = _("takes no {parameter}: leave it empty").format(parameter=spoken(name))
            text = parameter.problem(value) if parameter else unknown
            if text:
                self.add_error(column, f"{offer.name} {text}.")
        for name, value in (pair.split("=", 1) for pair in self.cleaned_data.get("settings", "").split()):
            parameter = offer.parameters.get(name)
            if parameter is None or (parameter.options() and value not in dict(parameter.options())):
                text = _("{offer} takes no {parameter} of {value}.")
                self.add_error("settings", text.format(offer=offer.name, parameter=spoken(name), value=value))

    def _check_free(self, data: dict[str, Any]) -> None:
        """Report a price of 0 that is not marked as meant so, and a price that is marked so and is none of 0."""
        usd, is_free = data.get("usd"), data.get("is_free", False)
        if usd == 0 and not is_free:
            text = _("More than 0, unless it is free on purpose.")
            if "is_free" not in self.fields:
                text = _("More than 0. A free price takes the permission “Can add a price of 0 on purpose”.")
            self.add_error("usd", text)
        elif usd and is_free:
            self.add_error("usd", _("0, as it is free on purpose, not {amount}.").format(amount=as_price(usd)))
        if is_free and data.get("is_minimum"):
            self.add_error("is_minimum", _("What is free on purpose has no starting price."))

    def _check_day(self, day: date | None) -> None:
        if day is None:
            return
        latest = timezone.localdate() + AHEAD
        if not EARLIEST <= day <= latest:
            text = _("{first} to {last}, not {day}.").format(first=EARLIEST, last=latest, day=day)
            self.add_error("valid_from", text)
        elif not {*SAME, "sound"} & self.errors.keys() and (other := self._of_the_same_day()):
            words = _(
                "From {day} on there is a price for the very same: {price} ({source}). "
                "Prices are never changed: choose another day."
            )
            self.add_error("valid_from", words.format(day=day, price=as_price(other.usd), source=other.source))

    def _of_the_same_day(self) -> Price | None:
        names = [*SAME, "sound"]
        return Price.objects.filter(**{name: self.cleaned_data[name] for name in names}).first()


def fields_for(order: Order) -> dict[str, str]:
    """Return the fields of a price for exactly this order; its amount and its source are for a person to read."""
    offer = offers.find(order.provider, order.model, order.mode)
    decide = (
        [name for name, each in offer.parameters.items() if each.decides and name not in SAME_PRICE] if offer else []
    )
    chosen = {name: str(order.parameters[name]).lower() for name in decide if name in order.parameters}
    return {
        "provider": order.provider,
        "model": order.model,
        "mode": order.mode,
        "unit": Unit.CLIP if "duration" in chosen else Unit.SECOND,
        **{COLUMNS[name]: value for name, value in chosen.items() if name in COLUMNS},
        "settings": " ".join(f"{name}={value}" for name, value in sorted(chosen.items()) if name not in COLUMNS),
    }

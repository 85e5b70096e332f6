"""The price form that the admin and `manage.py prices add` fill in, with one set of rules and words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from generations.formats import usd
from generations.forms.orders import UsdField, choices_of
from generations.models import Price
from generations.providers import offers
from generations.providers.parameters import spoken

EARLIEST = date(2024, 1, 1)  # nothing that this program orders was for sale before
AHEAD = timedelta(days=366)  # a later start is a typing error

if TYPE_CHECKING:  # only the stubs' class takes a type
    ModelForm = forms.ModelForm[Price]
else:
    ModelForm = forms.ModelForm


class PriceForm(ModelForm):
    """A price for something that is offered, valid from a day that has none yet."""

    class Meta:
        model = Price
        fields = ["provider", "model", "mode", "duration_seconds", "sound", "route", "usd", "valid_from", "source"]
        field_classes = {"usd": UsdField}
        widgets = {name: forms.Select(choices=choices_of(name)) for name in ("provider", "model", "mode")}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        offer = offers.find(data.get("provider", ""), data.get("model", ""), data.get("mode", ""))
        if offer is None:
            self.add_error("mode", "This provider has no such model and mode.")
        else:
            self._check_values(offer)
        self._check_day(data.get("valid_from"))
        return data

    def _check_values(self, offer: offers.Offer) -> None:
        """Report each value for which the offer can have no price."""
        for column, name in (("duration_seconds", "duration"), ("sound", "sound"), ("route", "route")):
            value, parameter = self.cleaned_data.get(column), offer.parameters.get(name)
            if value in (None, ""):
                continue
            text = parameter.problem(value) if parameter else f"takes no {spoken(name)}: leave it empty"
            if text:
                self.add_error(column, f"{offer.name} {text}.")

    def _check_day(self, day: date | None) -> None:
        if day is None:
            return
        latest = timezone.localdate() + AHEAD
        if not EARLIEST <= day <= latest:
            self.add_error("valid_from", f"{EARLIEST} to {latest}, not {day}.")
        elif not self.errors and (other := self._of_the_same_day()):
            text = (
                f"From {day} on there is a price for the very same: {usd(other.usd)} ({other.source}). "
                "Prices are never changed: choose another day."
            )
            self.add_error("valid_from", text)

    def _of_the_same_day(self) -> Price | None:
        names = [name for name in self.Meta.fields if name not in ("usd", "source")]
        return Price.objects.filter(**{name: self.cleaned_data[name] for name in names}).first()

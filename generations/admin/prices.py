"""Prices: dated rows; a new price is a new row, so that what was estimated before can still be explained."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import date as date_filter
from django.utils import timezone

from generations import offers
from generations.admin.base import ModelAdmin, ModelForm
from generations.formats import usd
from generations.forms import choices_of
from generations.models import Price


class PriceForm(ModelForm):
    """A price for something that is on the menu."""

    class Meta:
        model = Price
        fields = ["provider", "model", "mode", "duration_seconds", "sound", "route", "usd", "valid_from", "source"]
        widgets = {name: forms.Select(choices=choices_of(name)) for name in ("provider", "model", "mode")}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        offer = offers.find(data.get("provider", ""), data.get("model", ""), data.get("mode", ""))
        if offer is None:
            self.add_error("mode", "This provider has no such model and mode.")
        elif data.get("duration_seconds") not in (None, *offer.durations):
            self.add_error("duration_seconds", f"{offer.model} makes {' or '.join(map(str, offer.durations))} seconds.")
        if offer and data.get("route") and data["route"] not in offer.routes:
            self.add_error("route", f"{offer.model} has {offers.words(offer.routes) if offer.routes else 'no routes'}.")
        if offer and data.get("sound") is not None and not offer.sound:
            self.add_error("sound", f"{offer.model} makes silent clips: leave it unknown.")
        return data


@admin.register(Price)
class PriceAdmin(ModelAdmin):
    form = PriceForm
    list_display = ["model", "mode", "provider", "duration", "any_sound", "any_route", "amount", "since", "source"]
    list_filter = ["provider", "model", "mode"]
    search_fields = ["model", "mode", "source"]
    view_on_site = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # dated rows: add a new one

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"valid_from": timezone.localdate(), **super().get_changeform_initial_data(request)}

    @admin.display(description="Duration", ordering="duration_seconds")
    def duration(self, price: Price) -> str:
        return f"{price.duration_seconds} s"

    @admin.display(description="Sound", ordering="sound")
    def any_sound(self, price: Price) -> str:
        return {True: "with sound", False: "silent", None: "any"}[price.sound]

    @admin.display(description="Valid from", ordering="valid_from")
    def since(self, price: Price) -> str:
        return date_filter(price.valid_from, "j M Y")

    @admin.display(description="Route", ordering="route")
    def any_route(self, price: Price) -> str:
        return price.route or "any"

    @admin.display(description="Price", ordering="usd")
    def amount(self, price: Price) -> str:
        return usd(price.usd)

"""The pages of prices: dated and read-only, so that earlier estimates can be explained; a new price is a new row."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import date as date_filter
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.admin import display
from generations.admin.base import ModelAdmin, NameFilter, person_of
from generations.forms.prices import PriceForm, fields_for
from generations.models import Action, AuditEntry, Price
from generations.providers import offers
from generations.providers.base import Order


@admin.register(Price)
class PriceAdmin(ModelAdmin):
    form = PriceForm
    list_display = ["name", "what", "holds_for", "amount", "since", "read"]
    actions = ["still_the_same"]
    list_filter = [("provider", NameFilter), ("model", NameFilter), ("mode", NameFilter)]
    search_fields = ["model", "mode", "source"]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Leave out the mark of a free price on the form of a person who may add none."""
        may = obj or request.user.has_perm("generations.add_free_price")
        return [] if may else ["is_free"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # dated rows: add a new one

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        by, at = person_of(request), clock.now()
        AuditEntry.objects.record(Action.PRICED, obj, obj.source, at=at, by=by, amount_usd=obj.usd, practice=False)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"valid_from": timezone.localdate(), **super().get_changeform_initial_data(request)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Price]:
        prices: Any = super().get_queryset(request)
        return prices.with_superseded(on=timezone.localdate())  # type: ignore[no-any-return]

    @admin.action(description=_("Confirm today: price unchanged"), permissions=["add"])
    def still_the_same(self, request: HttpRequest, prices: QuerySet[Price]) -> None:
        count = prices.update(checked_at=clock.now())
        text = ngettext("Marked {n} price as read today.", "Marked {n} prices as read today.", count)
        self.message_user(request, text.format(n=count), messages.SUCCESS)

    @admin.display(description=_("Model"), ordering="model")
    def name(self, price: Price) -> str:
        return display.two_lines(offers.model_name(price.model), offers.provider_name(price.provider))

    @admin.display(description=_("Clip"), ordering="mode")
    def what(self, price: Price) -> str:
        return display.two_lines(offers.mode_name(price.mode), price.length)

    @admin.display(description=_("Sound, route"))
    def holds_for(self, price: Price) -> str:
        sound = {True: _("with sound"), False: _("silent"), None: _("any sound")}[price.sound]
        return display.two_lines(
            str(sound), ", ".join([price.route or gettext("default route"), *price.settings.split()])
        )

    @admin.display(description=_("Price"), ordering="usd")
    def amount(self, price: Price) -> str:
        return price.amount

    @admin.display(description=_("Valid from"), ordering="valid_from")
    def since(self, price: Any) -> str:
        """Return the first day, and whether the price is in force."""
        tone, words = ("neutral", _("superseded")) if price.superseded else ("good", _("in force"))
        if price.valid_from > timezone.localdate():
            tone, words = "info", _("upcoming")
        badge = format_html('<span class="badge badge-{}">{}</span>', tone, words)
        return format_html("{} {}", date_filter(price.valid_from, "j M Y"), badge)

    @admin.display(description=_("Source"), ordering="checked_at")
    def read(self, price: Price) -> str:
        day = date_filter(timezone.localtime(price.checked_at), "j M Y")
        return display.two_lines(price.source, gettext("read {date}").format(date=day))


def add_url(request: HttpRequest, order: Order) -> str:
    """Return the page that adds a price for exactly this order; empty for a person who may not add prices."""
    if not request.user.has_perm("generations.add_price"):
        return ""
    return f"{reverse('admin:generations_price_add')}?{urlencode(fields_for(order))}"

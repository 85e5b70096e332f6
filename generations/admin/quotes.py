"""What the Generate page says of an order before its receipt: price, time, budgets."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.admin import display, many_quotes, prices
from generations.admin.base import person_of
from generations.formats import as_price, usd
from generations.forms import parameters
from generations.forms.many import ALSO, ManyForm
from generations.models import BudgetPeriod, Price, Prompt
from generations.models.prices import Unit
from generations.money import budgets
from generations.providers import offers
from generations.providers.menu import Offer
from generations.receipts import preflight, spend_cap
from generations.receipts.spend_cap import trim

# With the settings, what decides the price and the time: while one of these is wrong, there is none to name.
DECIDES = ("provider", "model", "mode", "takes")
NO_PRICE = _("Estimated: price unknown")


def quote(request: HttpRequest, form: ManyForm, prompt: Prompt | None) -> dict[str, Any]:
    """Return price, time and budgets of a form in the words of the page; an unknown price is never 0.

    `add_price` is the page that adds a price where there is none, for a person who may; `left_out` are the combinations
    that their offers do not take.
    """
    unknown = {"price": str(NO_PRICE), "time": "", "budgets": [], "add_price": "", "clips": "", "left_out": []}
    if any(name in form.errors for name in (*DECIDES, *parameters.decide_the_price(), *ALSO[1:])):
        return unknown
    at = clock.now()
    periods = preflight.budget_periods(
        form.paying_campaign(prompt), by=person_of(request), at=at, without=form.cleaned_data.get("instead")
    )
    if form.is_many:
        return unknown | many_quotes.quote(form, prompt, periods=periods, at=at)
    return unknown | _one(request, form, periods, at=at)


def _one(request: HttpRequest, form: ManyForm, periods: list[BudgetPeriod], *, at: datetime) -> dict[str, Any]:
    """Return the words for the takes of one order."""
    order, takes = form.order(), form.cleaned_data["takes"]
    known = Price.objects.best(order, on=timezone.localdate(at))
    each = known.for_clip(order) if known else None
    at_most, fits = form.cleaned_data.get("spend_at_most"), ""
    if at_most is not None and each is not None:
        trimmed = trim(takes, price_usd=each, at_most=at_most, periods=periods)
        if trimmed.problems:
            return {"price": trimmed.problems[spend_cap.FIELD][0].capitalize() + "."}
        if trimmed.dropped:
            text = ngettext("{number} of {n} take fit.", "{number} of {n} takes fit.", takes)
            fits = f" {text.format(number=trimmed.takes, n=takes)}"
        takes = trimmed.takes
    cost = None if each is None else each * takes
    return {
        "budgets": [many_quotes.budget_line(budgets.fit_check(period, cost)) for period in periods],
        "price": _estimated(known, each, takes) + fits,
        "time": _usual_time(offers.find(order.provider, order.model, order.mode), order.duration_seconds),
        "add_price": "" if known else prices.add_url(request, order),
    }


def _estimated(known: Price | None, each: Decimal | None, takes: int) -> str:
    """Say what the clips cost and, where the price is by the second, what a second costs."""
    if known is None:
        return many_quotes.estimated(usd(None))
    if each is None:
        text = gettext("{price}; the receipt measures the reference video")
        return many_quotes.estimated(text.format(price=known.amount))
    words = as_price(each, is_minimum=known.is_minimum)
    if takes > 1 and each:
        words += f" × {takes} = {usd(each * takes, is_minimum=known.is_minimum)}"
    if known.unit == Unit.SECOND and each:
        words += f" ({known.amount})"
    return many_quotes.estimated(words)


def _usual_time(offer: Offer | None, seconds: int) -> str:
    if offer is None or seconds not in offer.expected_seconds:
        return ""
    low, high = offer.expected_seconds[seconds]
    return display.usual_duration(low * settings.WAIT_SCALE, high * settings.WAIT_SCALE)

"""What a new order's fields start from: its prompt's settings, the person's last choice, or the menu's first line."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from generations.admin.base import person_of
from generations.forms import parameters
from generations.library import prompt_settings
from generations.models import LastChoice, Price, Prompt
from generations.providers import offers
from generations.providers.base import Value
from generations.providers.menu import Offer
from generations.providers.parameters import Parameter, YesNo

WHERE = ("provider", "model", "mode")
SELECTED = {True: "true", False: "false"}  # as a select has it


def remember(request: HttpRequest) -> None:
    """Keep where and how the order of this form is made; the form was checked before its receipt was signed."""
    names = (*WHERE, *parameters.decide_the_price())
    chosen = {name: request.POST[name] for name in names if name in request.POST}
    LastChoice.objects.remember(person_of(request), chosen)


def start(request: HttpRequest, prompt: Prompt | None) -> dict[str, Any]:
    """Return what the fields start from: the prompt's settings or the last choice, as far as the menu takes it."""
    own = prompt_settings.usable(prompt.defaults) if prompt else {}
    kept = own or LastChoice.objects.of(person_of(request))
    offer = offers.find(*(kept.get(name, "") for name in WHERE))
    if offer is None:
        return _usual(_first_offer())
    taken = {name: kept[name] for name, each in offer.parameters.items() if name in kept and _takes(each, kept[name])}
    return _usual(offer) | taken


def selected(value: Value | None) -> Any:
    """Return a value as its field has it."""
    return "" if value is None else SELECTED[value] if isinstance(value, bool) else value


def _usual(offer: Offer) -> dict[str, Any]:
    """Return what the fields of an offer start from, which is what a page without a script sends: no sound."""
    usual = {
        name: False if isinstance(each, YesNo) and each.required and each.default is None else each.default
        for name, each in offer.parameters.items()
    }
    chosen = {name: selected(usual.get(name)) for name in parameters.kinds()}
    return {"provider": offer.provider, "model": offer.model, "mode": offer.mode, **chosen}


def _takes(parameter: Parameter, text: str) -> bool:
    if not text:
        return not parameter.required and parameter.default is None
    try:
        return not parameter.problem(parameter.parse(text))
    except ValueError:
        return False


def _first_offer() -> Offer:
    """Return the first line of the menu whose price is known, or else the very first one."""
    priced = {price.key for price in Price.objects.filter(valid_from__lte=timezone.localdate())}
    menu = list(offers.OFFERS.values())
    return next((offer for offer in menu if offer.key in priced), menu[0])

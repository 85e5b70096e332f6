"""`manage.py offers`: the menu, with limits, waits and prices, and where each was read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from generations import clock
from generations.formats import duration, usd
from generations.management.commands._base import StudioCommand
from generations.models import Price
from generations.providers import offers
from generations.providers.menu import Offer
from generations.providers.parameters import Parameter


class Command(StudioCommand):
    help = "Print the menu: what each provider, model and mode takes, and what it costs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON array")

    def handle(self, **options: Any) -> None:
        menu = [(offer, prices_of(offer)) for offer in offers.OFFERS.values()]
        if options["json"]:
            rows = [offer.as_json() | {"prices": [price.as_json() for price in prices]} for offer, prices in menu]
            self.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False))
            return
        for offer, prices in menu:
            self.stdout.write(f"{offer.name}, {offers.mode_name(offer.mode)}: {' '.join(offer.key)}")
            for line in (*_parameters(offer), *_waits(offer, prices)):
                self.stdout.write(f"  {line}")


def prices_of(offer: Offer) -> list[Price]:
    """Return the prices of an offer that count today."""
    today = timezone.localdate(clock.now())
    provider, model, mode = offer.key
    known = Price.objects.filter(provider=provider, model=model, mode=mode, valid_from__lte=today)
    dated: list[Any] = list(known.with_superseded(on=today))
    return [price for price in dated if not price.superseded]


def _parameters(offer: Offer) -> Iterator[str]:
    for name, parameter in offer.parameters.items():
        yield f"{name}: {parameter.rule()}; {', '.join(_details(parameter))}"


def _details(parameter: Parameter) -> Iterator[str]:
    yield "required" if parameter.required else "optional"
    if parameter.default is not None:
        yield f"default {parameter.default}"
    if parameter.limit_source:
        yield parameter.limit_source
    if parameter.caution:
        yield parameter.caution


def _waits(offer: Offer, prices: list[Price]) -> Iterator[str]:
    for seconds, (low, high) in offer.expected_seconds.items():
        yield f"{seconds} s take {low} to {high} s"
    yield f"first poll after {offer.first_poll_seconds} s, then every {offer.poll_seconds} s"
    yield f"results are kept {duration(offer.result_life_seconds)}"
    for price in prices:
        yield f"price: {price}"
    if not prices:
        yield usd(None)
    yield f"source: {offer.source}, read {offer.read_on}"

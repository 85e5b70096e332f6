"""`manage.py prices`: list prices; `prices add` adds a dated one, `prices value` values unpriced charges."""

from __future__ import annotations

import json
from argparse import BooleanOptionalAction
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandParser
from django.db import transaction
from django.utils import timezone

from generations import clock
from generations.formats import usd
from generations.forms.prices import PriceForm
from generations.management.commands._base import StudioCommand
from generations.models import Action, AuditEntry, LedgerEntry, Price
from generations.money import ledger

HEADS = ("Provider", "Model", "Mode", "Length", "Sound", "Route", "USD", "Valid from", "Source")
# Columns whose option has another name.
OPTIONS = {"duration_seconds": "duration", "valid_from": "valid-from"}
SOUND = {True: "with sound", False: "silent", None: "any"}


class Command(StudioCommand):
    help = "List prices, add a dated one, or value unpriced charges. Exit 2: refused, nothing was changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON array")
        verbs = parser.add_subparsers(dest="verb", metavar="add|value")
        add = verbs.add_parser("add", help="add a price; earlier ones stay")
        for name in ("provider", "model", "mode", "usd", "source"):
            add.add_argument(f"--{name}", required=True)
        add.add_argument("--duration", default="", help="in seconds; default: any, for a price by the second")
        add.add_argument("--unit", default="clip", help="clip or second; default: clip")
        add.add_argument("--minimum", action="store_true", help="it is a starting price: a clip may cost more")
        add.add_argument("--free", action="store_true", help="it costs nothing, on purpose: with --usd 0")
        add.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="of another parameter")
        add.add_argument("--sound", action=BooleanOptionalAction, default=None, help="default: with and without")
        add.add_argument("--route", default="", help="default: the account's default route")
        add.add_argument("--valid-from", metavar="DATE", help="default: today")
        add.add_argument("--json", action="store_true", help="the new row, in a JSON array")
        value = verbs.add_parser("value", help="apply known prices to unpriced charges")
        value.add_argument("--by", required=True, metavar="USERNAME", help="the person who is responsible")

    def handle(self, **options: Any) -> None:
        if options["verb"] == "add":
            self._tell([self._add(options)], as_json=options["json"])
        elif options["verb"] == "value":
            self._value(options["by"])
        else:
            self._tell(list(Price.objects.all()), as_json=options["json"])

    def _tell(self, prices: list[Price], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([price.as_json() for price in prices], indent=2, ensure_ascii=False))
            return
        self.tabulate(HEADS, [cells(price) for price in prices], numbers=(6,))
        if unpriced := LedgerEntry.objects.unpriced().count():
            self.stdout.write(f"{unpriced} charges are unpriced: `prices value` applies the prices that are known.")

    def _add(self, options: dict[str, Any]) -> Price:
        names = ("provider", "model", "mode", "usd", "source", "route")
        day = options["valid_from"] or timezone.localdate(clock.now()).isoformat()
        data = {name: options[name] for name in names}
        data |= {"unit": options["unit"], "settings": " ".join(options["set"])}
        data |= {"is_minimum": options["minimum"], "is_free": options["free"]}
        data |= {"duration_seconds": options["duration"], "valid_from": day, "sound": str(options["sound"]).lower()}
        form = PriceForm(data)
        if not form.is_valid():
            problems = {OPTIONS.get(name, name): [str(text) for text in texts] for name, texts in form.errors.items()}
            self.refuse(problems, as_json=options["json"])
        at = clock.now()
        with transaction.atomic():
            price = form.save()
            AuditEntry.objects.record(
                Action.PRICED, price, price.source, at=at, by=None, amount_usd=price.usd, practice=False
            )
        return price

    def _value(self, name: str) -> None:
        person = get_user_model().objects.filter(username=name, is_active=True).first()
        if person is None:
            self.refuse({"by": [f"there is no user {name}"]}, as_json=False)
        valued, refused = ledger.value_unpriced(at=clock.now(), by=person)
        for entry in valued:
            self.stdout.write(f"task {entry.task_id}: {usd(entry.amount_usd)}, {entry.note}")
        left = LedgerEntry.objects.unpriced().count()
        self.stdout.write(f"Added a price to {len(valued)} charges; {left} are still unpriced.")
        if refused:
            self.refuse(
                {"budget": refused}, as_json=False, done="These charges are still unpriced: raise the limit first."
            )


def cells(price: Price) -> tuple[str, ...]:
    """Return a price's row of the table."""
    route = ", ".join([price.route or "default", *price.settings.split()])
    return (
        price.provider, price.model, price.mode, price.length, SOUND[price.sound],
        route, price.amount, price.valid_from.isoformat(), price.source,
    )  # fmt: skip

"""`manage.py budgets`: list limits and what is reserved and spent of each; `budgets set` sets a limit."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from generations import clock
from generations.formats import usd
from generations.forms.orders import UsdField
from generations.management.commands._base import Problems, StudioCommand
from generations.models import Budget, BudgetPeriod, Campaign, Period, Scope
from generations.money import limits

HEADS = ("Scope", "Period", "Limit", "Estimated", "Reserved", "Spent", "Remaining", "")


class Command(StudioCommand):
    help = "List this site's budgets with their present period, or set a limit. Exit 2: refused, nothing was changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON array")
        verbs = parser.add_subparsers(dest="verb", metavar="set")
        setting = verbs.add_parser("set", help="create a budget, or change its limit")
        setting.add_argument("scope", metavar="SCOPE", help="site, campaign:<slug> or person:<username>")
        setting.add_argument("period", metavar="PERIOD", help=", ".join(Period.values))
        setting.add_argument("limit", metavar="LIMIT", help="in USD")
        kind = setting.add_mutually_exclusive_group()
        kind.add_argument(
            "--hard", action="store_true", default=None, help="refuse orders over the limit (default for a new budget)"
        )
        kind.add_argument("--warn", action="store_false", dest="hard", help="only warn about orders over the limit")
        setting.add_argument("--json", action="store_true", help="the budget, in a JSON array")

    def handle(self, **options: Any) -> None:
        at = clock.now()
        budgets = Budget.objects.of_this_site().select_related("campaign", "person").with_periods(at=at)
        if options["verb"] == "set":
            budgets = budgets.filter(pk=self._set(options).pk)
        periods = [budget.period_at(at) for budget in budgets]
        if options["json"]:
            self.stdout.write(json.dumps([period.as_json() for period in periods], indent=2, ensure_ascii=False))
        else:
            self.tabulate(HEADS, [cells(period) for period in periods], numbers=range(2, 7))

    def _set(self, options: dict[str, Any]) -> Budget:
        problems: Problems = {}
        subject = _subject(options["scope"], problems)
        limit = _amount(options["limit"], problems)
        if options["period"] not in Period.values:
            problems["period"] = [f"{', '.join(Period.values)}, not {options['period']}"]
        if not problems and limit is not None:
            try:
                return limits.set_limit(
                    **subject, period=options["period"], limit_usd=limit, hard=options["hard"], at=clock.now()
                )
            except ValidationError as error:
                problems = error.message_dict
        self.refuse(problems, as_json=options["json"])


def _subject(scope: str, problems: Problems) -> dict[str, Any]:
    """Return the columns of a budget that a scope names; empty, with a problem added, when there is none."""
    kind, __, name = scope.partition(":")
    if scope == Scope.SITE:
        return {"scope": Scope.SITE}
    if kind == Scope.CAMPAIGN and (campaign := Campaign.objects.filter(slug=name).first()):
        return {"scope": Scope.CAMPAIGN, "campaign": campaign}
    if kind == Scope.PERSON and (person := get_user_model().objects.filter(username=name).first()):
        return {"scope": Scope.PERSON, "person": person}
    known = name and kind in (Scope.CAMPAIGN, Scope.PERSON)
    text = f"there is no {kind} {name}" if known else f"site, campaign:<slug> or person:<username>, not {scope}"
    problems["scope"] = [text]
    return {}


def _amount(text: str, problems: Problems) -> Decimal | None:
    try:
        limit: Decimal = UsdField().clean(text)
    except ValidationError as error:
        problems["limit"] = error.messages
        return None
    return limit


def cells(period: BudgetPeriod) -> tuple[str, ...]:
    """Return a period's row of the table."""
    amounts = (period.limit_usd, period.estimated_usd, period.held_usd, period.spent_usd, period.remaining_usd)
    when = period.budget.period if period.ends_on is None else f"{period.budget.period} ({period.words})"
    return (
        period.budget.key, when, *(usd(amount) for amount in amounts),
        "hard" if period.hard else "warns",
    )  # fmt: skip

"""Trim the takes of an order to an amount of money."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from generations.formats import usd
from generations.models import BudgetPeriod

FIELD = "spend_at_most"


@dataclass(frozen=True, slots=True)
class Trimmed:
    """How many takes an amount pays for, and why not all; with problems, it pays for none."""

    takes: int
    dropped: int = 0
    text: str = ""
    problems: dict[str, list[str]] = field(default_factory=dict)


def trim(takes: int, *, price_usd: Decimal | None, at_most: Decimal, periods: list[BudgetPeriod]) -> Trimmed:
    """Drop the last takes that exceed an amount in USD or what remains of the hard budgets in their present periods."""
    if price_usd is None:
        text = "the price of this order is unknown, so its takes cannot be limited by an amount; leave it empty"
        return Trimmed(0, problems={FIELD: [text]})
    if price_usd == 0:
        return Trimmed(takes)
    limits = [(at_most, f"{usd(at_most)} at most")]
    for period in periods:
        if period.hard:
            left = period.remaining_usd
            limits.append((left, f"{usd(left)} is left of the budget “{period}”"))
    amount, why = min(limits, key=lambda limit: limit[0])
    fitting = min(takes, max(0, int(amount // price_usd)))
    if not fitting:
        text = f"{why}, and one take costs {usd(price_usd)}: no take fits; nothing was charged"
        return Trimmed(0, dropped=takes, problems={FIELD: [text]})
    if fitting == takes:
        return Trimmed(takes)
    dropped = takes - fitting
    text = (
        f"{why}, so {fitting} of {takes} takes are ordered. The last takes are dropped first: "
        f"{dropped}, which would have cost {usd(price_usd * dropped)}."
    )
    return Trimmed(fitting, dropped, text)

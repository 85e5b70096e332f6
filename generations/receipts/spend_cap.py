"""Takes, trimmed to an amount of money: the last ones are dropped first."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from generations.formats import usd
from generations.money.budgets import Outlook

FIELD = "spend_at_most"


@dataclass(frozen=True, slots=True)
class Fit:
    """How many takes fit, and why not all; with problems none do."""

    takes: int
    dropped: int = 0
    text: str = ""
    problems: dict[str, list[str]] = field(default_factory=dict)


def fit(takes: int, *, price_usd: Decimal | None, at_most: Decimal, outlooks: list[Outlook]) -> Fit:
    """Trim takes to an amount in USD and to what is left of each hard budget that covers them."""
    if price_usd is None:
        text = (
            "the price of this order is unavailable, so no number of takes can be fitted to an amount; leave it empty"
        )
        return Fit(0, problems={FIELD: [text]})
    if price_usd == 0:
        return Fit(takes)
    limits = [(at_most, f"{usd(at_most)} at most")]
    for look in outlooks:
        if look.period.hard:
            left = look.period.remaining_usd
            limits.append((left, f"{usd(left)} is left of the budget “{look.period}”"))
    amount, why = min(limits, key=lambda limit: limit[0])
    fitting = min(takes, max(0, int(amount // price_usd)))
    if not fitting:
        text = f"{why}, and one take costs {usd(price_usd)}: nothing fits; nothing was charged"
        return Fit(0, dropped=takes, problems={FIELD: [text]})
    if fitting == takes:
        return Fit(takes)
    dropped = takes - fitting
    text = (
        f"{why}, so {fitting} of {takes} takes are ordered. The last takes are dropped first: "
        f"{dropped}, which would have cost {usd(price_usd * dropped)}."
    )
    return Fit(fitting, dropped, text)

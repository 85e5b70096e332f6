"""Trim the takes of an order to an amount of money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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
        text = _("the price of this order is unknown, so its takes cannot be limited by an amount; leave it empty")
        return Trimmed(0, problems={FIELD: [text]})
    if price_usd == 0:
        return Trimmed(takes)
    amount, why = _limit(at_most, periods)
    fitting = min(takes, max(0, int(amount // price_usd)))
    if not fitting:
        words = _("{limit}, and one take costs {price}: no take fits; nothing was charged")
        text = words.format(limit=why, price=usd(price_usd))
        return Trimmed(0, dropped=takes, problems={FIELD: [text]})
    if fitting == takes:
        return Trimmed(takes)
    dropped = takes - fitting
    words = ngettext(
        "{limit}, so {count} of {takes} takes are ordered. The last takes are dropped first: {dropped}, which would "
        "have cost {amount}.",
        "{limit}, so {count} of {takes} takes are ordered. The last takes are dropped first: {dropped}, which would "
        "have cost {amount}.",
        fitting,
    )
    text = words.format(limit=why, count=fitting, takes=takes, dropped=dropped, amount=usd(price_usd * dropped))
    return Trimmed(fitting, dropped, text)


@dataclass(frozen=True, slots=True)
class TrimmedOrders:
    """How many takes of each of several orders an amount pays for, and why not all."""

    takes: list[int]
    dropped: int = 0
    text: str = ""
    problems: dict[str, list[str]] = field(default_factory=dict)


def trim_orders(
    orders: Sequence[tuple[int, Decimal | None]], *, at_most: Decimal, periods: list[BudgetPeriod]
) -> TrimmedOrders:
    """Drop the last clips of several orders, of so many takes at such a price each, that exceed an amount in USD.

    Every order gets its first take before one gets its second, in the order of the list.
    """
    prices = [price for _takes, price in orders if price is not None]
    if len(prices) < len(orders):
        text = _("the price of some of these orders is unknown, so they cannot be limited by an amount; leave it empty")
        return TrimmedOrders([0] * len(orders), problems={FIELD: [text]})
    amount, why = _limit(at_most, periods)
    wanted, fitting, cost = sum(takes for takes, _price in orders), [0] * len(orders), Decimal(0)
    for number in _in_turn([takes for takes, _price in orders]):
        if cost + prices[number] > amount:
            break
        cost += prices[number]
        fitting[number] += 1
    if not any(fitting):
        words = _("{limit}, and the first clip costs {price}: no clip fits; nothing was charged")
        text = words.format(limit=why, price=usd(prices[0]))
        return TrimmedOrders(fitting, wanted, problems={FIELD: [text]})
    if (dropped := wanted - sum(fitting)) == 0:
        return TrimmedOrders(fitting)
    left = (takes - n for (takes, _price), n in zip(orders, fitting, strict=True))
    left_out = sum((price * n for price, n in zip(prices, left, strict=True)), Decimal(0))
    words = ngettext(
        "{limit}, so {count} of {clips} clips are ordered: the first take of each order, then the second, from the top "
        "of the list. The last clips are dropped: {dropped}, which would have cost {amount}.",
        "{limit}, so {count} of {clips} clips are ordered: the first take of each order, then the second, from the top "
        "of the list. The last clips are dropped: {dropped}, which would have cost {amount}.",
        sum(fitting),
    )
    text = words.format(limit=why, count=sum(fitting), clips=wanted, dropped=dropped, amount=usd(left_out))
    return TrimmedOrders(fitting, dropped, text)


def _in_turn(takes: list[int]) -> Iterator[int]:
    """Yield the number of the order of each clip: all first takes, then all second ones."""
    for take in range(max(takes, default=0)):
        yield from (number for number, count in enumerate(takes) if take < count)


def _limit(at_most: Decimal, periods: list[BudgetPeriod]) -> tuple[Decimal, str]:
    """Return the smallest of an amount and what remains of hard budgets, and its name."""
    limits = [(at_most, _("{amount} at most").format(amount=usd(at_most)))]
    for period in periods:
        if period.hard:
            left = period.remaining_usd
            words = _("{amount} is left of the budget “{budget}”")
            limits.append((left, words.format(amount=usd(left), budget=period)))
    return min(limits, key=lambda limit: limit[0])

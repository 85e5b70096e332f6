"""Sums of money, and the clips that it paid for; what has no price is counted apart."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, ngettext

from generations.formats import usd


@dataclass(slots=True)
class Figures:
    """Sums of a group, in USD; entries without a price are counted, never taken as 0.

    `minimum` counts the charges of a starting price, with which a sum is the least that was spent.
    """

    spent: Decimal = Decimal(0)
    charges: int = 0
    unpriced: int = 0
    minimum: int = 0
    released: Decimal = Decimal(0)
    releases: int = 0
    reserved: Decimal = Decimal(0)
    holds: int = 0
    reserved_unpriced: int = 0
    reserved_minimum: int = 0
    approved: int = 0
    approved_seconds: float = 0.0

    def add(self, other: Figures) -> None:
        for name in NAMES:
            if more := getattr(other, name):
                setattr(self, name, getattr(self, name) + more)

    @property
    def known(self) -> Decimal | None:
        """What was spent; None when nothing spent has a known price, which is not 0."""
        return None if self.unpriced and not self.spent else self.spent

    @property
    def per_approved_clip(self) -> Decimal | None:
        """What was spent for each approved clip; None when no clip was approved or no price is known."""
        return self._share(Decimal(self.approved))

    @property
    def per_approved_second(self) -> Decimal | None:
        return self._share(Decimal(str(round(self.approved_seconds, 3))))

    def _share(self, parts: Decimal) -> Decimal | None:
        if not parts or self.known is None:
            return None
        return (self.known / parts).quantize(Decimal("0.0001"))

    @property
    def spent_words(self) -> str:
        """`$1.20`, `from $1.20`, `$1.20 + 2 unpriced` or `2 unpriced`."""
        return _in_words(self.spent, self.unpriced, is_minimum=bool(self.minimum))

    @property
    def reserved_words(self) -> str:
        return _in_words(self.reserved, self.reserved_unpriced, is_minimum=bool(self.reserved_minimum))

    @property
    def per_approved_clip_words(self) -> str:
        return self._share_in_words(self.per_approved_clip)

    @property
    def per_approved_second_words(self) -> str:
        return self._share_in_words(self.per_approved_second)

    def _share_in_words(self, share: Decimal | None) -> str:
        return usd(share, is_minimum=bool(self.minimum)) if self.approved else gettext("none approved")


def _in_words(amount: Decimal, unknown: int, *, is_minimum: bool) -> str:
    words = usd(amount, is_minimum=is_minimum)
    if not unknown:
        return words
    if not amount:
        return ngettext("{n} unpriced", "{n} unpriced", unknown).format(n=unknown)
    return ngettext("{money} + {n} unpriced", "{money} + {n} unpriced", unknown).format(money=words, n=unknown)


NAMES = [each.name for each in fields(Figures)]


class Groups(defaultdict[Any, Figures]):
    def __init__(self) -> None:
        super().__init__(Figures)

"""How many takes an amount pays for, and what is said of the others."""

from __future__ import annotations

from decimal import Decimal

import pytest

from generations.receipts.spend_cap import trim, trim_orders
from tests.factories import NOW, a_budget

PRICE = Decimal("0.35")


def test_takes_are_trimmed_to_what_the_amount_pays_for() -> None:
    found = trim(5, price_usd=PRICE, at_most=Decimal("1.20"), periods=[])
    assert (found.takes, found.dropped) == (3, 2)
    assert found.text == (
        "$1.20 at most, so 3 of 5 takes are ordered. The last takes are dropped first: 2, which would have cost $0.70."
    )


@pytest.mark.parametrize("at_most", ["1.75", "1.76", "1000000"])
def test_what_fits_to_the_cent_is_ordered_whole_without_a_word(at_most: str) -> None:
    found = trim(5, price_usd=PRICE, at_most=Decimal(at_most), periods=[])
    assert (found.takes, found.dropped, found.text) == (5, 0, "")


def test_the_amount_that_is_a_hair_too_small_drops_one() -> None:
    assert trim(5, price_usd=PRICE, at_most=Decimal("1.7499"), periods=[]).takes == 4


def test_nothing_fits_and_the_numbers_are_said() -> None:
    found = trim(2, price_usd=PRICE, at_most=Decimal("0.34"), periods=[])
    assert found.takes == 0
    assert found.problems == {
        "spend_at_most": ["$0.34 at most, and one take costs $0.35: no take fits; nothing was charged"]
    }


def test_an_unknown_price_fits_into_no_amount() -> None:
    found = trim(2, price_usd=None, at_most=Decimal(10), periods=[])
    assert "price of this order is unknown" in found.problems["spend_at_most"][0]


def test_what_is_free_always_fits() -> None:
    assert trim(7, price_usd=Decimal(0), at_most=Decimal("0.01"), periods=[]).takes == 7


@pytest.mark.django_db
@pytest.mark.parametrize(("hard", "fitting"), [(True, 2), (False, 5)])
def test_hard_budgets_trim_too_and_those_that_warn_do_not(hard: bool, fitting: int) -> None:
    period = a_budget("0.99", hard=hard).period_at(NOW)
    found = trim(5, price_usd=PRICE, at_most=Decimal(10), periods=[period])
    assert found.takes == fitting
    assert ("is left of the budget “Whole site, in total”" in found.text) is hard


class TestSeveralOrders:
    """Each order gets its first take before one gets its second; the last clips are dropped."""

    def test_the_last_clips_are_dropped_and_what_they_would_have_cost_is_said(self) -> None:
        found = trim_orders([(2, PRICE), (2, Decimal("0.50")), (1, PRICE)], at_most=Decimal("1.60"), periods=[])
        assert (found.takes, found.dropped) == ([2, 1, 1], 1)
        assert found.text == (
            "$1.60 at most, so 4 of 5 clips are ordered: the first take of each order, then the second, from the top "
            "of the list. The last clips are dropped: 1, which would have cost $0.50."
        )

    def test_what_fits_to_the_cent_is_ordered_whole_without_a_word(self) -> None:
        found = trim_orders([(1, PRICE), (1, PRICE)], at_most=PRICE * 2, periods=[])
        assert (found.takes, found.dropped, found.text) == ([1, 1], 0, "")

    def test_nothing_fits(self) -> None:
        found = trim_orders([(1, PRICE), (1, PRICE)], at_most=Decimal("0.34"), periods=[])
        assert "no clip fits; nothing was charged" in found.problems["spend_at_most"][0]

    def test_an_unknown_price_cannot_be_limited(self) -> None:
        found = trim_orders([(1, PRICE), (1, None)], at_most=PRICE, periods=[])
        assert "unknown" in found.problems["spend_at_most"][0]

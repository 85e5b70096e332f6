"""Numbers as words."""

from decimal import Decimal

import pytest

from generations import formats


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (Decimal("0.3"), "$0.30"),
        (Decimal("0.275"), "$0.2750"),
        (Decimal("1234.5"), "$1,234.50"),
        (Decimal("-2"), "-$2.00"),
        (Decimal(0), "$0.00"),
        (None, "price unknown"),
    ],
)
def test_money_shows_cents_and_an_unknown_price_is_never_zero(amount: Decimal | None, words: str) -> None:
    assert formats.usd(amount) == words


def test_a_price_of_0_is_called_free_and_an_unknown_one_is_not() -> None:
    prices = [(Decimal(0), False), (Decimal(0), True), (Decimal("0.3"), True), (None, False)]
    words = [formats.as_price(amount, is_minimum=is_minimum) for amount, is_minimum in prices]
    assert words == ["free", "free", "from $0.30", "price unknown"]


@pytest.mark.parametrize(("seconds", "words"), [(5.0, "0:05"), (9.96, "0:10"), (100, "1:40")])
def test_a_clips_length_is_written_as_players_do(seconds: float, words: str) -> None:
    assert formats.clock(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00.00"), (3.125, "0:03.12"), (4.999, "0:04.99"), (65.3, "1:05.30")]
)
def test_a_moment_is_written_to_the_hundredth_and_never_later_than_it_is(seconds: float, words: str) -> None:
    assert formats.timecode(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (119, "119 s"),
        (180, "3 min"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
        (1_220_400, "14 d 3 h"),
    ],
)
def test_a_wait_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert formats.duration(seconds) == words


@pytest.mark.parametrize(("size", "words"), [(0, "0 kB"), (10, "1 kB"), (850_000, "850 kB"), (3_210_000, "3.2 MB")])
def test_sizes_are_decimal(size: int, words: str) -> None:
    assert formats.megabytes(size) == words

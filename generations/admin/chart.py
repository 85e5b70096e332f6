"""A bar chart as plain numbers: the template draws it as SVG, on the server, without a script or a style."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from generations.formats import usd

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 560, 170, 46, 22, 8
STEPS = (1, 2, 2.5, 5, 10)
LABEL_EVERY = 4  # bars
ROOMY = 14  # bars; with more of them the last label would not fit under its bar
DAY = "%d %b"


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: where its bar stands, in the chart's own units, and its words."""

    x: str
    y: str
    width: str
    height: str
    middle: str
    words: str
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """A level of the scale."""

    y: str
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: list[Bar]
    lines: list[Line]
    words: str
    box: str = f"0 0 {WIDTH} {HEIGHT}"
    left: int = LEFT
    right: int = WIDTH
    floor: int = HEIGHT - BOTTOM
    label_y: int = HEIGHT - 5


def draw(
    days: list[tuple[date, Decimal]], *, name: str = "", every: int = LABEL_EVERY, form: str = DAY
) -> Chart | None:
    """The chart of amounts by day, oldest first; None when there is nothing to show."""
    highest = max((amount for _, amount in days), default=Decimal(0))
    if highest <= 0:
        return None
    top = _round_up(float(highest))
    total = usd(sum((amount for _, amount in days), Decimal(0)))
    name = name or f"Spend per day, the last {len(days)} days"
    words = f"{name}: {total} in all, at most {usd(highest)} on a day."
    lines = [Line(_n(_y(top * part / 2, top)), usd(_cents(top * part / 2))) for part in range(3)]
    return Chart([_bar(n, days, top, every=every, form=form) for n in range(len(days))], lines, words)


def _bar(n: int, days: list[tuple[date, Decimal]], top: float, *, every: int, form: str) -> Bar:
    day, amount = days[n]
    slot = (WIDTH - LEFT) / len(days)
    y = _y(max(float(amount), 0), top)
    x = LEFT + slot * (n + 0.15)
    date_words = day.strftime(form).lstrip("0")
    label = date_words if (len(days) - 1 - n) % every == (0 if len(days) <= ROOMY else every // 2) else ""
    words = f"{date_words}: {usd(amount)}"
    return Bar(_n(x), _n(y), _n(slot * 0.7), _n(HEIGHT - BOTTOM - y), _n(x + slot * 0.35), words, label)


def _y(amount: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * amount / top


def _round_up(amount: float) -> float:
    """The next amount that makes a readable scale: 1, 2, 2.5 or 5 of some power of ten."""
    power = 10.0 ** (len(str(int(amount))) - 1) if amount >= 1 else 0.1 if amount >= 0.1 else 0.01
    return next(step * power for step in STEPS if step * power >= amount)


def _cents(amount: float) -> Decimal:
    return Decimal(str(round(amount, 4)))


def _n(number: float) -> str:
    """A number for an SVG attribute, whatever the language of the page."""
    return f"{number:.1f}"

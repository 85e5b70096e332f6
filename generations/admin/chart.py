"""Compute bar charts as plain numbers, which a template draws as SVG without a script or a style."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from generations.formats import usd

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 560, 170, 62, 22, 8
STEPS = (1, 2, 2.5, 5, 10)
LABEL_EVERY = 4  # bars
ROOMY = 14  # bars; with more, the last label does not fit
DAY = "j M"  # for Django's dates
BEAMS_WIDTH, NAMES_WIDTH, AMOUNT_WIDTH = 380, 130, 60  # a beam is a horizontal bar
BEAM_SLOT, BEAM_HEIGHT = 22, 16
BEAMS_MAX = 8
NAME_MAX = 22  # characters that fit before a beam


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's vertical bar: its position in the units of the chart, its tooltip and its label."""

    x: str
    y: str
    width: str
    height: str
    middle: str
    words: str
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One horizontal line of the scale."""

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
    days: list[tuple[date, Decimal]],
    *,
    name: str = "",
    every: int = LABEL_EVERY,
    form: str = DAY,
    is_minimum: bool = False,
) -> Chart | None:
    """Return a chart of amounts by day, oldest first; None when nothing was spent.

    `is_minimum` says that the sum of the amounts is the least that was spent.
    """
    highest = max((amount for _, amount in days), default=Decimal(0))
    if highest <= 0:
        return None
    top = _round_up(float(highest))
    total = usd(sum((amount for __, amount in days), Decimal(0)), is_minimum=is_minimum)
    if not name:
        name = ngettext("Spend per day, the last {n} day", "Spend per day, the last {n} days", len(days))
        name = name.format(n=len(days))
    words = gettext("{name}: {total} in total, at most {highest} on one day.")
    words = words.format(name=name, total=total, highest=usd(highest))
    lines = [Line(_n(_y(top * part / 2, top)), usd(_cents(top * part / 2))) for part in range(3)]
    return Chart([_bar(n, days, top, every=every, form=form) for n in range(len(days))], lines, words)


@dataclass(frozen=True, slots=True)
class Beam:
    """One horizontal bar, with its name before it and its amount after it."""

    name: str
    amount: str
    words: str
    width: str
    y: int
    text_y: int


@dataclass(frozen=True, slots=True)
class Beams:
    rows: list[Beam]
    words: str
    box: str
    left: int = NAMES_WIDTH
    names_end: int = NAMES_WIDTH - 8
    right: int = BEAMS_WIDTH
    height: int = BEAM_HEIGHT


def draw_rows(rows: list[tuple[str, Decimal]], *, name: str, whole: bool = True) -> Beams | None:
    """Return a chart of amounts by name, the largest first; None for fewer than two amounts.

    Beyond BEAMS_MAX, the smallest rows share one bar. `whole=False` says that `rows` are not all rows, so the
    smallest are left out: their sum would mean nothing.
    """
    rows = sorted(((words, amount) for words, amount in rows if amount > 0), key=lambda row: -row[1])
    if len(rows) < 2:
        return None
    if not whole:
        rows = rows[:BEAMS_MAX]
    if len(rows) > BEAMS_MAX:
        rest = rows[BEAMS_MAX - 1 :]
        others = ngettext("{n} other", "{n} others", len(rest)).format(n=len(rest))
        rows = [*rows[: BEAMS_MAX - 1], (others, sum((amount for __, amount in rest), Decimal(0)))]
    highest = max(amount for __, amount in rows)
    beams = [_beam(n, words, amount, amount / highest) for n, (words, amount) in enumerate(rows)]
    said = f"{name}: {', '.join(beam.words for beam in beams)}."
    return Beams(beams, said, f"0 0 {BEAMS_WIDTH} {len(beams) * BEAM_SLOT}")


def _beam(n: int, name: str, amount: Decimal, share: Decimal) -> Beam:
    short = name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1].rstrip()}…"
    longest = BEAMS_WIDTH - NAMES_WIDTH - AMOUNT_WIDTH
    y = n * BEAM_SLOT
    return Beam(short, usd(amount), f"{name}: {usd(amount)}", _n(max(1.0, longest * float(share))), y, y + 12)


def _bar(n: int, days: list[tuple[date, Decimal]], top: float, *, every: int, form: str) -> Bar:
    day, amount = days[n]
    slot = (WIDTH - LEFT) / len(days)
    y = _y(max(float(amount), 0), top)
    x = LEFT + slot * (n + 0.15)
    date_words = date_format(day, form)
    label = date_words if (len(days) - 1 - n) % every == (0 if len(days) <= ROOMY else every // 2) else ""
    words = f"{date_words}: {usd(amount)}"
    return Bar(_n(x), _n(y), _n(slot * 0.7), _n(HEIGHT - BOTTOM - y), _n(x + slot * 0.35), words, label)


def _y(amount: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * amount / top


def _round_up(amount: float) -> float:
    """Return the next amount that is 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** (len(str(int(amount))) - 1) if amount >= 1 else 0.1 if amount >= 0.1 else 0.01
    return next(step * power for step in STEPS if step * power >= amount)


def _cents(amount: float) -> Decimal:
    return Decimal(str(round(amount, 4)))


def _n(number: float) -> str:
    """Format a number for an SVG attribute, whatever the page's language."""
    return f"{number:.1f}"

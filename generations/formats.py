"""Format numbers for people and JSON."""

from decimal import Decimal

from generations.translation import _


def usd(amount: Decimal | None, *, is_minimum: bool = False) -> str:
    """Return `$0.35`: at least cents, at most four places; None becomes `price unknown`, a minimum `from $0.35`."""
    if amount is None:
        return _("price unknown")
    if is_minimum:
        return _("from {price}").format(price=usd(amount))
    places = 2 if amount == amount.quantize(Decimal("0.01")) else 4
    return f"{'-' if amount < 0 else ''}${abs(amount):,.{places}f}"


def as_price(amount: Decimal | None, *, is_minimum: bool = False) -> str:
    """Return what a clip or an order costs: `free` for 0, which only a price on purpose is, else as `usd` does."""
    return _("free") if amount == 0 else usd(amount, is_minimum=is_minimum)


def exact(amount: Decimal | None) -> str | None:
    """Return money for JSON: a string with four decimals; None for an unknown price."""
    return None if amount is None else f"{amount:.4f}"


def clock(seconds: float) -> str:
    """Return a clip's length as players show it: `0:05`, `1:40`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def timecode(seconds: float) -> str:
    """Return a moment of a clip to the hundredth: `0:03.12`."""
    hundredths = int(seconds * 100 + 1e-6)  # never beyond the frame that is shown
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


def duration(seconds: float) -> str:
    """Return the two largest units: `45 s`, `3 min`, `2 h 5 min`, `14 d 3 h`."""
    total = max(0, round(seconds))
    if total < 120:
        return _("{n} s").format(n=total)
    if total < 7200:
        return _("{n} min").format(n=total // 60)
    hours, minutes = total // 3600, total % 3600 // 60
    if hours < 48:
        return _("{h} h {m} min").format(h=hours, m=minutes) if minutes else _("{n} h").format(n=hours)
    days, hours = divmod(hours, 24)
    return _("{d} d {h} h").format(d=days, h=hours) if hours else _("{n} d").format(n=days)


def megabytes(size_bytes: int) -> str:
    """Return a size in decimal units, as file managers do: `850 kB`, `3.2 MB`."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} kB" if size_bytes else "0 kB"
    return f"{size_bytes / 1_000_000:,.1f} MB"

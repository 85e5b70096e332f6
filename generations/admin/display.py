"""What staff see of a value: badges, posters, money, dates. All of it escaped by format_html."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.template.defaultfilters import date as date_filter
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime

from generations.formats import clock, duration, usd
from generations.models import BudgetPeriod, GenerationTask, Prompt, Status, Video
from generations.money.budgets import Numbers

EMPTY = "–"
TONES = {
    Status.QUEUED: "neutral",
    Status.SUBMITTING: "info",
    Status.RUNNING: "info",
    Status.READY: "info",
    Status.STORED: "good",
    Status.FAILED: "bad",
    Status.UNCONFIRMED: "warn",
    Status.LOST: "warn",
    Status.CANCELED: "neutral",
}
PULSING = (Status.SUBMITTING, Status.RUNNING, Status.READY)


def badge(status: str) -> str:
    """The status as a word on a colour; its dot pulses while something happens.

    `data-moves` tells task.js that the worker will move it on by itself.
    """
    status = Status(status)
    pulse = " pulse" if status in PULSING else ""
    moves = "yes" if status in (*PULSING, Status.QUEUED) else "no"
    return format_html(
        '<span class="badge badge-{}" data-moves="{}"><span class="dot{}"></span>{}</span>',
        TONES[status], moves, pulse, status.label,
    )  # fmt: skip


def poster(url: str, *, href: str = "", seconds: float | None = None, alt: str = "") -> str:
    """A 16:9 box with the picture whole in it, and the clip's length in its corner."""
    picture = format_html('<img src="{}" alt="{}" loading="lazy">', url, alt) if url else ""
    length = format_html('<span class="length">{}</span>', clock(seconds)) if seconds is not None else ""
    if not href:
        return format_html('<span class="poster">{}{}</span>', picture, length)
    return format_html('<a class="poster" href="{}">{}{}</a>', href, picture, length)


def media_url(name: str | None) -> str:
    """Where a stored file is served; empty for a name that is empty."""
    return f"{settings.MEDIA_URL}{name}" if name else ""


def video_poster(video: Video | None, *, href: str = "") -> str:
    """A clip's poster, or the empty box where there is no clip."""
    if video is None:
        return poster("")
    return poster(video.poster_url, href=href, seconds=video.duration_seconds, alt=video.title)


def money(amount: Decimal | None, *, practice: bool) -> str:
    """An amount that never mixes practice with real money; unknown is said to be unknown."""
    mark = format_html(' <span class="practice">{}</span>', "practice") if practice else ""
    return format_html('<span class="money">{}</span>{}', usd(amount), mark)


def four(numbers: Numbers) -> str:
    """Estimated, Reserved, Spent and Remaining, each under its name."""
    cells = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", numbers.named())
    return format_html('<dl class="four">{}</dl>', cells)


def meter(period: BudgetPeriod) -> str:
    """How much of a limit is spent and held, as a bar with its words; an SVG, so that it needs no style."""
    limit = period.limit_usd or period.used_usd or 1
    spent, held = (min(100.0, 100 * float(amount / limit)) for amount in (period.spent_usd, period.held_usd))
    tone = "bad" if period.percent >= 100 else "warn" if period.percent >= 80 else "good"
    words = f"{period.percent} % of {usd(period.limit_usd)}"
    return format_html(
        '<div class="meter meter-{}"><svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="spent" width="{}" height="6"/><rect class="held" x="{}" width="{}" height="6"/></svg>'
        "<small>{}</small></div>",
        tone, f"{words} is held or spent", f"{spent:.1f}", f"{spent:.1f}", f"{min(held, 100 - spent):.1f}", words,
    )  # fmt: skip


def when(at: datetime | None) -> str:
    """A local time, which machines can read too."""
    if at is None:
        return EMPTY
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), date_filter(localtime(at), "j M Y, H:i"))


def over(first: str, second: str) -> str:
    """Two lines of a cell: the second one small, and left out when there is nothing to say."""
    return format_html('<div>{}</div><small class="quiet">{}</small>', first, second) if second else first


def usual(low: float, high: float) -> str:
    """`usually 50–70 s`: how long something takes, in seconds; `low` is 0 where only the longest time is known."""
    if not low:
        return f"usually up to {duration(high)}"
    return "usually {}–{} s".format(*(f"{seconds:.1f}".removesuffix(".0") for seconds in (low, high)))


def admin_url(row: Any, page: str = "change") -> str:
    """The admin's page of a row."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


def link(row: Prompt | GenerationTask | Video | None, text: str = "") -> str:
    """A link to the row's page in the admin."""
    if row is None:
        return EMPTY
    return format_html('<a href="{}">{}</a>', admin_url(row), text or str(row))


def settings_line(task: GenerationTask) -> str:
    """Model, mode and duration, as narrow as a list needs them."""
    words = (task.model, task.mode, task.duration_seconds)
    return format_html('{}<br><span class="quiet">{}, {} s</span>', *words)

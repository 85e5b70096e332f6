"""Format values for staff: badges, posters, money, times. format_html escapes everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.template.defaultfilters import date as date_filter
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext

from generations.admin.viewer import may_open
from generations.formats import as_price, clock, duration, usd
from generations.models import BudgetPeriod, Campaign, GenerationTask, Person, Prompt, Status, Video
from generations.models.tasks import WITH_COLUMN
from generations.money.budgets import Numbers
from generations.providers import offers
from generations.providers.base import Order

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
    """Return a status as a coloured word; its dot pulses while the worker or the provider works on the task.

    `data-moves` tells task.js that the status will change without a person.
    """
    status = Status(status)
    pulse = " pulse" if status in PULSING else ""
    moves = "yes" if status in (*PULSING, Status.QUEUED) else "no"
    return format_html(
        '<span class="badge badge-{}" data-moves="{}"><span class="dot{}"></span>{}</span>',
        TONES[status], moves, pulse, status.label,
    )  # fmt: skip


def poster(url: str, *, href: str = "", seconds: float | None = None, alt: str = "") -> str:
    """Return a 16:9 box with a picture, and the clip's length in seconds in its corner."""
    picture = format_html('<img src="{}" alt="{}" loading="lazy">', url, alt) if url else ""
    length = format_html('<span class="length">{}</span>', clock(seconds)) if seconds is not None else ""
    if not href:
        return format_html('<span class="poster">{}{}</span>', picture, length)
    return format_html('<a class="poster" href="{}">{}{}</a>', href, picture, length)


def media_url(name: str | None) -> str:
    """Return the URL of a stored file, or an empty string for an empty name."""
    return f"{settings.MEDIA_URL}{name}" if name else ""


def video_poster(video: Video | None, *, href: str = "") -> str:
    """Return a clip's poster, or an empty box for no clip."""
    if video is None:
        return poster("")
    return poster(video.small_poster_url, href=href, seconds=video.duration_seconds, alt=video.title)


def attach_posters(rows: Iterable[Any], named: Mapping[int, int | None], *, by: str, viewer: Person) -> None:
    """Set `front` on rows: the first clip that `viewer` may see and whose `by` (pk, task) is named for the row."""
    found = Video.objects.visible_to(viewer).filter(**{f"{by}__in": {value for value in named.values() if value}})
    front: dict[int, Video] = {}
    for video in found.order_by("position", "pk"):
        front.setdefault(video.pk if by == "pk" else video.task_id, video)
    for row in rows:
        row.front = front.get(named[row.pk] or 0)


def front_poster(row: Any) -> str:
    """Return the poster of the clip that `attach_posters` found for a row; it leads to the clip."""
    return video_poster(row.front, href=page_of(row.front) if row.front else "")


def money(amount: Decimal | None, *, practice: bool, is_minimum: bool = False) -> str:
    """Return an amount of money, marked when it is practice money or the least that something costs."""
    return _marked(usd(amount, is_minimum=is_minimum), practice=practice)


def task_price(task: GenerationTask) -> str:
    """Return the price at which a task was ordered."""
    return _marked(as_price(task.price_usd, is_minimum=task.price_is_minimum), practice=task.practice)


def _marked(words: str, *, practice: bool) -> str:
    mark = format_html(' <span class="practice">{}</span>', gettext("practice")) if practice else ""
    return format_html('<span class="money">{}</span>{}', words, mark)


def four_numbers(numbers: Numbers) -> str:
    """Return Estimated, Reserved, Spent and Remaining, each with its name."""
    cells = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", numbers.named())
    return format_html('<dl class="four">{}</dl>', cells)


def meter(period: BudgetPeriod) -> str:
    """Return how much of a limit is spent and reserved, as a bar; SVG needs no inline style."""
    limit = period.limit_usd or period.used_usd or 1
    spent, held = (min(100.0, 100 * float(amount / limit)) for amount in (period.spent_usd, period.held_usd))
    tone = "bad" if period.percent >= 100 else "warn" if period.percent >= 80 else "good"
    share = {"percent": f"{period.percent} %", "limit": usd(period.limit_usd)}
    words = gettext("{percent} of {limit}").format(**share)
    full = gettext("{percent} of {limit} is reserved or spent").format(**share)
    return format_html(
        '<div class="meter meter-{}"><svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="spent" width="{}" height="6"/><rect class="held" x="{}" width="{}" height="6"/></svg>'
        "<small>{}</small></div>",
        tone, full, f"{spent:.1f}", f"{spent:.1f}", f"{min(held, 100 - spent):.1f}", words,
    )  # fmt: skip


def when(at: datetime | None) -> str:
    """Return a local time as a <time> element, or a dash for none."""
    if at is None:
        return EMPTY
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), date_filter(localtime(at), "j M Y, H:i"))


def two_lines(first: str, second: str) -> str:
    """Return two lines of a table cell, the second one small; only the first when the second is empty."""
    return format_html('<div>{}</div><small class="quiet">{}</small>', first, second) if second else first


def usual_duration(low: float, high: float) -> str:
    """Return `usually 50–70 s`; `low` is 0 where only the longest time is known."""
    if not low:
        return gettext("usually up to {time}").format(time=duration(high))
    least, most = (f"{seconds:.1f}".removesuffix(".0") for seconds in (low, high))
    return gettext("usually {low}–{high} s").format(low=least, high=most)


def admin_url(row: Any, page: str = "change") -> str:
    """Return the URL of a row's page in the admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


def page_of(row: Any) -> str:
    """Return the URL of a row's page in the admin; empty where the viewer may not open it."""
    return admin_url(row) if may_open(row) else ""


def linked(text: str, url: str) -> str:
    """Return a text that leads somewhere; the text alone for no address."""
    return format_html('<a href="{}">{}</a>', url, text) if url else text


def link(row: Prompt | GenerationTask | Video | Campaign | None) -> str:
    """Return a row's name, with a link to its page if the viewer may open it; a dash for no row."""
    return EMPTY if row is None else linked(str(row), page_of(row))


def settings_line(task: GenerationTask) -> str:
    """Return model, mode, duration and what else decides the price as two lines of a table cell."""
    further = {name: value for name, value in task.chosen.items() if name not in WITH_COLUMN}
    order = Order(provider=task.provider, model=task.model, mode=task.mode, parameters=further)
    facts = [offers.mode_name(task.mode), f"{task.duration_seconds} s", *offers.facts(order)]
    return format_html('{}<br><span class="quiet">{}</span>', offers.model_name(task.model), ", ".join(facts))

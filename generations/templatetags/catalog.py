"""Format what the catalog shows; each filter returns plain text, which the template escapes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generations import formats
from generations.models import Video
from generations.providers import offers

register = template.Library()


class Sized(Protocol):
    """A clip, or what guests get to know of one."""

    height: int
    width: int


register.filter("usd", formats.usd)
register.filter("timecode", formats.timecode)

for named in (offers.model_name, offers.mode_name, offers.provider_name):
    register.filter(named.__name__, named)


@register.filter
def ago(at: datetime, now: datetime | None = None) -> str:
    """`just now`, `12 min ago`, `5 h ago`, `yesterday`, `3 days ago`; a date after a week."""
    passed = (now or timezone.now()) - at
    days = passed.days
    if passed < timedelta(minutes=1):
        return _("just now")
    if passed < timedelta(hours=1):
        return _("{n} min ago").format(n=passed.seconds // 60)
    if days < 1:
        return _("{n} h ago").format(n=passed.seconds // 3600)
    if days < 7:
        return _("yesterday") if days == 1 else ngettext("{n} day ago", "{n} days ago", days).format(n=days)
    return date_format(timezone.localtime(at), "j M Y")


@register.filter
def web_address(url: str) -> str:
    """Return the URL if it is http or https, else nothing: never `javascript:`."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""


@register.filter
def frame_seconds(video: Video) -> str:
    """Return how long one frame lasts, in seconds, as a number that JavaScript reads."""
    return f"{1 / video.fps:.6f}" if video.fps > 0 else "0.04"


@register.filter
def poster_sizes(clip: Sized) -> str:
    """Return how wide the picture itself is in a card, for `sizes`: a tall one leaves most of its box empty."""
    if clip.height > clip.width:
        return "(max-width: 40rem) 26vw, 7rem"
    return "(max-width: 40rem) 46vw, 20rem"

"""What every staff page says of the studio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.text import capfirst

from generations.models import Lease
from generations.models.leases import SILENT_SECONDS

register = template.Library()


@register.simple_tag
def worker_is_alive() -> bool:
    """Return whether a worker recorded a heartbeat in the last 20 s."""
    return Lease.objects.is_worker_alive(within=SILENT_SECONDS)


@register.filter
def labelled(cells: Iterable[str], headers: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a row's cells, which Django has escaped, each with the name of its column as `data-label`."""
    for cell, header in zip(cells, headers, strict=False):
        plain = "action-checkbox" in header.get("class_attrib", "")
        named = cell.replace("{", "{{").replace("}", "}}").replace("<td ", '<td data-label="{}" ', 1)
        yield cell if plain else format_html(named, capfirst(str(header["text"])))

"""What every staff page says of the studio."""

from __future__ import annotations

from django import template

from generations.models import Lease
from generations.models.leases import SILENT_SECONDS

register = template.Library()


@register.simple_tag
def worker_is_alive() -> bool:
    """Return whether a worker recorded a heartbeat in the last 20 s."""
    return Lease.objects.is_worker_alive(within=SILENT_SECONDS)

"""The time by which rows are dated: the database's, so that hosts whose own clocks differ still agree."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """The time now; SQLite has no clock of its own, and one host only."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")  # and not now(), which stands still inside a transaction
        (at,) = cursor.fetchone()
    return at  # type: ignore[no-any-return]

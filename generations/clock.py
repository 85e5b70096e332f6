"""The clock for timestamps in rows: the database's, so that hosts whose own clocks differ agree."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """Return the current time, from the database where it has a clock (PostgreSQL), else from this host."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")  # unlike now(), it advances inside a transaction
        (at,) = cursor.fetchone()
    return at  # type: ignore[no-any-return]

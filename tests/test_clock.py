"""The time by which rows are dated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from generations import clock


@pytest.mark.django_db
def test_now_is_aware_and_goes_on_inside_a_transaction() -> None:
    first, second = clock.now(), clock.now()
    assert first.tzinfo is not None
    assert first < second
    assert abs(first - timezone.now()) < timedelta(minutes=1)


@pytest.mark.django_db
def test_a_host_whose_clock_is_a_day_off_dates_rows_by_the_database(monkeypatch: Any) -> None:
    real = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: real + timedelta(days=1))
    off = clock.now() - real
    assert off < timedelta(minutes=1) if connection.vendor == "postgresql" else off >= timedelta(days=1)

"""Words, badges and posters."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from generations.admin import display
from generations.models import Status

HOSTILE = '"><script>alert(1)</script>'


@pytest.mark.parametrize("status", Status)
def test_a_badge_says_the_status_in_a_word(status: Status) -> None:
    assert str(status.label) in display.badge(status)


def test_a_badge_tells_the_script_what_moves_by_itself() -> None:
    moving = [status for status in Status if 'data-moves="yes"' in display.badge(status)]
    assert moving == [Status.QUEUED, Status.SUBMITTING, Status.RUNNING, Status.READY]


def test_a_poster_is_escaped() -> None:
    assert "<script>" not in display.poster(HOSTILE, href=HOSTILE, alt=HOSTILE, seconds=5)


def test_a_clip_without_a_poster_is_an_empty_box() -> None:
    assert "<img" not in display.poster("", seconds=5)
    assert "<img" not in display.video_poster(None)
    assert "0:05" in display.poster("", seconds=5)


def test_practice_money_is_marked() -> None:
    assert "practice" in display.money(Decimal("0.35"), practice=True)
    assert "practice" not in display.money(Decimal("0.35"), practice=False)
    assert "price unknown" in display.money(None, practice=False)


def test_times_are_local() -> None:
    with timezone.override("Europe/Berlin"):
        assert "20 Nov 2026, 13:00" in display.when(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    assert display.when(None) == display.EMPTY


def test_the_usual_time_is_a_range_or_a_limit() -> None:
    assert display.usual_duration(50, 70) == "usually 50–70 s"
    assert display.usual_duration(3, 4.5) == "usually 3–4.5 s"
    assert display.usual_duration(0, 600) == "usually up to 10 min"

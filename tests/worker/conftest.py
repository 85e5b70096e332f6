"""Short slices for the tests of the conductor."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from generations.worker import conductor


@pytest.fixture
def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documented waits at a thousandth, and slices that end as soon as nothing is left to do."""
    settings.WAIT_SCALE = 0.001
    monkeypatch.setattr(conductor, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(conductor, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(conductor, "SOON", timedelta(seconds=0.5))
    monkeypatch.setattr(conductor, "SLICE_SECONDS", 1.5)

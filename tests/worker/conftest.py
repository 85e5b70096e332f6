"""Short waits for the tests of the conductor."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from generations.worker import conductor


@pytest.fixture
def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documented waits at a thousandth, and short ticks."""
    settings.WAIT_SCALE = 0.001
    monkeypatch.setattr(conductor, "TICK_SECONDS", 0.01)

"""Let the conductor run in the test's own process, for as long as anything is due soon."""

from __future__ import annotations

import time
from datetime import timedelta

from generations import clock
from generations.models import GenerationTask
from generations.worker import conductor

QUIET_SECONDS = 0.05  # without a due row, after which it is over
SOON = timedelta(seconds=0.5)


def conduct(*, seconds: float = 1.5) -> bool:
    """Conduct until nothing is due soon, and for so many seconds at most; False when another process conducts."""
    began = busy = time.monotonic()

    def goes_on() -> bool:
        nonlocal busy
        now = time.monotonic()
        if GenerationTask.objects.due(at=clock.now() + SOON).exists():
            busy = now
        return now - began < seconds and now - busy < QUIET_SECONDS

    return conductor.conduct(goes_on)

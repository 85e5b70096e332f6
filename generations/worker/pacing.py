"""How fast and how much: a provider's documented rate and concurrency, and room on our own disk."""

from __future__ import annotations

import logging
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from generations.models import Breaker, GenerationTask

logger = logging.getLogger(__name__)

BUDGET_SHARE = 0.9  # of the documented rate: a retry after a cut connection is not counted here, but is there
SLOWEST_PER_SECOND = 0.1  # however many 429 come: slower would learn nothing sooner
CLIP_MB = 64  # room on the disk for each clip under way; a 10 s clip in 1080p has about 20 MB


@dataclass
class Pace:
    """A token bucket that starts empty, so that a new slice adds no burst to the one before."""

    documented: float  # requests a second
    tokens: float = 0.0
    share: float = 1.0  # of it, as the last 429 left it
    filled_at: float = field(default_factory=lambda: time.monotonic())

    @classmethod
    def of(cls, provider: str) -> Pace:
        per_minute: int = getattr(settings, f"{provider.upper()}_REQUESTS_PER_MINUTE")
        return cls(per_minute * BUDGET_SHARE / 60)

    @property
    def per_second(self) -> float:
        return max(self.documented * self.share, min(self.documented, SLOWEST_PER_SECOND))

    def available(self) -> int:
        """How many requests may be sent now; a second's worth at most."""
        now = time.monotonic()
        self.tokens = min(max(self.per_second, 1.0), self.tokens + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        return int(self.tokens)

    def spend(self, requests: int) -> None:
        self.tokens -= requests

    def interval_seconds(self, tasks: int) -> float:
        """The shortest interval at which so many tasks can be asked within four fifths of the rate."""
        return tasks / (self.per_second * 0.8)


def concurrent_tasks(provider: str) -> int:
    limit: int = getattr(settings, f"{provider.upper()}_CONCURRENT_TASKS")
    return limit


def obstacle(provider: str) -> str:
    """Why no order goes out to a provider now, in words for staff; empty when they do."""
    if breaker := Breaker.objects.filter(provider=provider).first():
        return f"No orders go to {provider}, until someone closes its breaker: {breaker.reason}"
    if not clips_that_fit(sum(GenerationTask.objects.count_in_flight().values())):
        return "No orders go out: the disk has no room for more clips. They go when there is room again"
    return ""


def clips_that_fit(under_way: int) -> int:
    """How many more clips the disk would take beside those under way: what cannot be kept is not bought."""
    root = Path(settings.MEDIA_ROOT)
    try:
        root.mkdir(parents=True, exist_ok=True)
        free_mb = shutil.disk_usage(root).free // 1_000_000 - settings.DOWNLOAD_MAX_MB
    except OSError as error:
        logger.warning("no orders are sent while %s cannot be used: %s", root, error)
        return 0
    return max(0, free_mb // CLIP_MB - under_way)

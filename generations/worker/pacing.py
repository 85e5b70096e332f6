"""Limit the requests to a provider: a token bucket at its documented rate."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from django.conf import settings

BUDGET_SHARE = 0.9  # of the documented rate: the provider also counts retries after a cut connection
SLOWEST_PER_SECOND = 0.1  # the minimum after any number of 429


@dataclass
class Pace:
    """A token bucket that starts empty, so that a new slice adds no burst to the one before."""

    documented: float  # requests a second
    tokens: float = 0.0
    share: float = 1.0  # of the documented rate, as the last 429 left it
    filled_at: float = field(default_factory=lambda: time.monotonic())

    @classmethod
    def of(cls, provider: str) -> Pace:
        return cls(settings.PROVIDERS[provider].requests_per_minute * BUDGET_SHARE / 60)

    @property
    def per_second(self) -> float:
        return max(self.documented * self.share, min(self.documented, SLOWEST_PER_SECOND))

    def available(self) -> int:
        """Return how many requests may be sent now, at most those of one second."""
        now = time.monotonic()
        self.tokens = min(max(self.per_second, 1.0), self.tokens + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        return int(self.tokens)

    def spend(self, requests: int) -> None:
        self.tokens -= requests

    def interval_seconds(self, tasks: int) -> float:
        """Return the shortest interval, in seconds, at which four fifths of the rate suffice to poll so many tasks."""
        return tasks / (self.per_second * 0.8)

"""Limit the requests to a provider: a token bucket at its documented rate, and as many at once as that rate needs."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from django.conf import settings

BUDGET_SHARE = 0.9  # of the documented rate: the provider also counts retries after a cut connection
SLOWEST_PER_SECOND = 0.1  # the minimum after any number of 429
POLL_SHARE, POLL_SHARE_WITH_ORDERS = 0.95, 0.8  # of the rate: what is left goes to orders and balances
SMOOTHING = 0.1  # the weight of the latest answer in the average latency
SLACK = 1.5  # latency varies, so the rate needs more requests at once than the average says


@dataclass
class Pace:
    """A token bucket that starts empty, so that a new conductor adds no burst to the one before."""

    documented: float  # requests a second
    tokens: float = 0.0
    share: float = 1.0  # of the documented rate, as the last 429 left it
    latency_seconds: float = 1.0  # of an answer; an exponentially weighted average
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

    def record_latency(self, seconds: float) -> None:
        self.latency_seconds += SMOOTHING * (seconds - self.latency_seconds)

    @property
    def at_once(self) -> int:
        """Return how many requests in flight reach the rate: rate times latency (Little's law), with some slack."""
        return math.ceil(self.per_second * self.latency_seconds * SLACK)

    def interval_seconds(self, tasks: int, *, orders_wait: bool) -> float:
        """Return the shortest interval in seconds at which the polls' share of the rate suffices for so many tasks."""
        return tasks / (self.per_second * (POLL_SHARE_WITH_ORDERS if orders_wait else POLL_SHARE))

"""A provider's rate limit, as a sliding window."""

import math
import threading
from collections import deque


class RateLimit:
    """At most `most` events in any `seconds`; refused ones do not count."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._times: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self, now: float) -> int:
        """Count one event and return 0, or return the whole seconds to wait."""
        with self._lock:
            while self._times and self._times[0] <= now - self.seconds:
                self._times.popleft()
            if len(self._times) < self.most:
                self._times.append(now)
                return 0
            oldest = self._times[0] if self._times else now
            return max(1, math.ceil(oldest + self.seconds - now))

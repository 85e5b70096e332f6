"""django-q2's broker on our database, which leaves word of when it last asked the queue and last took a job off it.

With several hosts on one queue an idle one may get no job for long, and is none the less alive for it.
"""

from __future__ import annotations

import time
from multiprocessing.sharedctypes import RawValue
from typing import Any

from django_q.brokers.orm import ORM

# time.monotonic(), shared with the supervisor, which forks the process that asks. No locks: one killed would keep them.
last_asked = RawValue("d", 0.0)
last_pulled = RawValue("d", 0.0)


class Broker(ORM):  # type: ignore[misc]  # django-q2 has no types
    def dequeue(self) -> Any:
        last_asked.value = time.monotonic()
        taken = super().dequeue()
        if taken:
            last_pulled.value = time.monotonic()
        return taken

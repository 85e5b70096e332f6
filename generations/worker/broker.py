"""django-q2's database broker, which records when it last read the queue and last dequeued a job.

The supervisor needs both times: on a queue that several hosts share, a healthy host may get no job for long.
"""

from __future__ import annotations

import time
from multiprocessing.sharedctypes import RawValue
from typing import Any

from django_q.brokers.orm import ORM

# time.monotonic(), shared with the supervisor, which forks the process that reads the queue. No locks: a killed process
# would keep them.
last_read = RawValue("d", 0.0)
last_dequeued = RawValue("d", 0.0)


class Broker(ORM):  # type: ignore[misc]  # django-q2 has no types
    def dequeue(self) -> Any:
        last_read.value = time.monotonic()
        jobs = super().dequeue()
        if jobs:
            last_dequeued.value = time.monotonic()
        return jobs

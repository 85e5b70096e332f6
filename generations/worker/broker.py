"""django-q2's database broker, with urgent jobs first and background work last.

It records when it last read the queue and last dequeued a job. The supervisor needs both times: on a queue that several
hosts share, a healthy host may get no job for long.
"""

from __future__ import annotations

import time
from multiprocessing.sharedctypes import RawValue
from typing import Any

from django.db.models import Case, Value, When
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf

from generations.wakeups import BACKGROUND, URGENT

# time.monotonic(), shared with the supervisor, which forks the process that reads the queue. No locks: a killed process
# would keep them.
last_read = RawValue("d", 0.0)
last_dequeued = RawValue("d", 0.0)

KEYS = (URGENT, Conf.CLUSTER_NAME, BACKGROUND)  # of the queue's rows; the first is served first
RANK = Case(*(When(key=key, then=Value(rank)) for rank, key in enumerate(KEYS)))


class Broker(ORM):  # type: ignore[misc]  # django-q2 has no types
    def dequeue(self) -> Any:
        """Return the next job as a list, claimed for Conf.RETRY seconds; None after a pause when there is none."""
        last_read.value = time.monotonic()
        job = self._unclaimed().order_by(RANK, "id").first()
        if job is None:
            time.sleep(Conf.POLL)
            return None
        claimed = self.get_connection().filter(pk=job.pk, lock=job.lock).update(lock=self.timeout(job))
        if not claimed:  # another cluster was faster
            return []
        last_dequeued.value = time.monotonic()
        return [(job.pk, job.payload)]

    def queue_size(self) -> int:
        """Count the jobs that wait, under every key."""
        return int(self._unclaimed().count())

    def lock_size(self) -> int:
        """Count the jobs that a worker has, under every key."""
        return int(self.get_connection().filter(key__in=KEYS, lock__gt=timezone.now()).count())

    def purge_queue(self) -> Any:
        return self.get_connection().filter(key__in=KEYS).delete()

    def _unclaimed(self) -> Any:
        return self.get_connection().filter(key__in=KEYS, lock__lte=timezone.now())

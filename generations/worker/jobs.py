"""The jobs that django-q2 runs, and their schedules.

A job takes ids only. It may be lost, run twice or run late: each reads the rows to find out what to do.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from django_q.models import Schedule

from generations import clock, wakeups
from generations.integrity import reconcile as reconciling
from generations.integrity.cleanup import clean_up
from generations.lifecycle import saving
from generations.models import Lease
from generations.notices import deriving, digests, sending
from generations.worker import background as working

logger = logging.getLogger(__name__)

# One run frees its worker after this long. With one download (which has its own deadline) it stays below the queue's
# timeout.
RECONCILE_SECONDS = 30.0
NOTICES_SECONDS = 30.0  # and the one webhook that is under way then
COMPARED_WITHIN = timedelta(hours=20)  # a clip that was compared within this time is skipped today

# Name -> (function, interval).
SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    "clean-up": ("cleanup", {"schedule_type": Schedule.DAILY}),
    "reconcile": ("reconcile", {"schedule_type": Schedule.DAILY}),
    "background": ("background", {"schedule_type": Schedule.MINUTES, "minutes": 1}),
    "notices": ("derive_notices", {"schedule_type": Schedule.MINUTES, "minutes": 1}),
}


def heartbeat() -> None:
    """Record that a worker is alive."""
    Lease.objects.record_heartbeat()


def save(task_id: int) -> bool:
    """Download and store the clips of a finished task. Return whether they are stored."""
    try:
        return saving.save(task_id)
    except Exception as error:
        logger.exception("task %s could not be saved", task_id)
        saving.retry_later(task_id, f"a fault of our own: {type(error).__name__}", at=clock.now())
        return False


def cleanup() -> str:
    """Delete expired result URLs, once a day."""
    done = clean_up(at=clock.now())
    logger.info(
        "clean-up: %d expired URLs removed, %d kept because their file is damaged, %d tasks expired before storing",
        len(done.blanked), len(done.kept_unsafe), len(done.kept_unstored),
    )  # fmt: skip
    return str(done.as_json())


def reconcile() -> str:
    """Compare rows and files for RECONCILE_SECONDS, and enqueue the next slice until every clip was compared today."""
    at = clock.now()
    part = reconciling.Slice(seconds=RECONCILE_SECONDS, since=at - COMPARED_WITHIN)
    done = reconciling.reconcile(at=at, worker_lives=True, part=part)
    if done is None:
        return "another run is under way"
    if not done.finished:
        wakeups.enqueue_reconcile()
    say = logger.info if done.is_well or not done.finished else logger.error
    say("reconcile: %s", done)
    return str(done)


def background() -> bool:
    """Do a slice of background work, and enqueue the next while there is more; return whether there is."""
    has_more = working.work()
    if has_more:
        wakeups.enqueue_background()
    return has_more


def derive_notices() -> int:
    """Write what happened as notices, and enqueue a run that sends what is due; return how much is new."""
    at = clock.now()
    new = deriving.derive(at=at)
    if sending.has_due(at=at) or digests.has_due(at=at):
        wakeups.enqueue_notices()
    return new


def send_notices() -> str:
    """Send digests and webhooks that are due, for NOTICES_SECONDS at most and while no ordinary job waits."""
    ends = time.monotonic() + NOTICES_SECONDS
    mailed = digests.send_due(at=clock.now())
    tries = sending.send_due(goes_on=lambda: time.monotonic() < ends and not wakeups.count_waiting())
    return f"{mailed} digests, {tries} webhooks"


def load_schedules() -> None:
    """Write SCHEDULES to the database, and delete those of an older version."""
    now = clock.now()
    for name, (job, interval) in SCHEDULES.items():
        values = {"func": f"{__name__}.{job}", **interval}
        Schedule.objects.update_or_create(name=name, defaults=values, create_defaults={**values, "next_run": now})
    Schedule.objects.exclude(name__in=SCHEDULES).delete()

"""What django-q2 runs, and when. A job takes ids only, and may be lost, doubled or late."""

from __future__ import annotations

import logging
from datetime import timedelta

from django_q.models import Schedule

from generations import clock, wakeups
from generations.integrity import reconcile as reconciling
from generations.integrity.cleanup import clean_up
from generations.lifecycle import saving
from generations.models import Lease
from generations.worker import conductor

logger = logging.getLogger(__name__)


# A worker is free again after so long, whatever there is to compare: others may wait for it. With one download (its
# own deadline) this stays below the queue's timeout.
RECONCILE_SECONDS = 30.0
COMPARED_WITHIN = timedelta(hours=20)  # a clip that was compared so lately is today's

# Name -> (function, when). Two sweeps a minute, 30 s apart: the scheduler wakes about every 30 s.
SCHEDULES = {
    "sweep": ("generations.worker.jobs.sweep", {"schedule_type": Schedule.MINUTES, "minutes": 1}),
    "sweep, half a minute later": (
        "generations.worker.jobs.sweep",
        {"schedule_type": Schedule.MINUTES, "minutes": 1},
    ),
    "clean-up": ("generations.worker.jobs.cleanup", {"schedule_type": Schedule.DAILY}),
    "reconcile": ("generations.worker.jobs.reconcile", {"schedule_type": Schedule.DAILY}),
}


def heartbeat() -> None:
    """A sign of life, asked for every few seconds; what is due and conducted by nobody is rung for."""
    Lease.objects.record_heartbeat()
    if not Lease.objects.is_held(conductor.LEASE) and conductor.has_work():
        wakeups.wake_conductor()


def conduct() -> str:
    """Advance what is due, for one slice; ask for a successor while there is work."""
    done = conductor.conduct()
    if done.wants_successor:
        wakeups.wake_conductor()
    return str(done)


def save(task_id: int) -> bool:
    """Fetch and keep what a finished task made."""
    try:
        return saving.save(task_id)
    except Exception as error:
        logger.exception("task %s could not be saved", task_id)
        saving.retry_later(task_id, f"a fault of our own: {type(error).__name__}", at=clock.now())
        return False


def sweep() -> None:
    """A ring in case that the last one was lost."""
    wakeups.wake_conductor()


def cleanup() -> str:
    """The daily clean-up of expired URLs."""
    done = clean_up(at=clock.now())
    logger.info(
        "clean-up: %d expired URLs blanked, %d kept because their file is not whole, %d tasks past their URLs' life",
        len(done.blanked), len(done.kept_unsafe), len(done.kept_unstored),
    )  # fmt: skip
    return str(done.as_json())


def reconcile() -> str:
    """A slice of the daily comparison of rows and files; asks for the next one until all clips had their turn."""
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


def load_schedules() -> None:
    """Write the schedules, as they stand here; the sweeps start half a minute apart."""
    now = clock.now()
    for offset, (name, (func, when)) in enumerate(SCHEDULES.items()):
        first = {"next_run": now + timedelta(seconds=30 * (offset % 2))}
        Schedule.objects.update_or_create(name=name, defaults={"func": func, **when}, create_defaults={
            "name": name, "func": func, **when, **first,
        })  # fmt: skip
    Schedule.objects.exclude(name__in=SCHEDULES).delete()

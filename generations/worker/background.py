"""Work that nobody waits for, in slices, at low priority: the late decoding of stored clips, and then their previews.

A kind of work is a function in WORK that takes its own oldest piece from the rows. A slice ends early when other jobs
wait.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from generations import clock, wakeups
from generations.integrity.late_decode import decode_next
from generations.library.previews import make_next
from generations.models.leases import lease_held

logger = logging.getLogger(__name__)

SLICE_SECONDS = 20.0  # with one piece more it stays below the queue's timeout
LEASE, LEASE_SECONDS = "background", 20.0
LOWEST_PRIORITY = 19

Run = Callable[..., Any]  # runs a function with its arguments, and returns what it returns


class Work(Protocol):
    """Does its oldest piece, and its heavy parts by `run`; returns whether there was one."""

    def __call__(self, *, at: datetime, run: Run) -> bool: ...


WORK: tuple[Work, ...] = (decode_next, make_next)  # the second only while the first has nothing to do


def work() -> bool:
    """Do pieces of work for a slice, if no other process does; return whether more may remain."""
    with lease_held(LEASE, seconds=LEASE_SECONDS) as lease:
        if lease is None:
            return False
        ends = time.monotonic() + SLICE_SECONDS
        with ThreadPoolExecutor(1, thread_name_prefix="background", initializer=_lower_priority) as pool:
            run = partial(_run, pool)
            while lease.is_ours and time.monotonic() < ends and not wakeups.count_waiting():
                if not any(piece(at=clock.now(), run=run) for piece in WORK):
                    return False
    return True


def _run(pool: ThreadPoolExecutor, function: Callable[..., Any], *args: Any) -> Any:
    return pool.submit(function, *args).result()


def _lower_priority() -> None:
    """Lower this thread's priority; the process, whose next job may be urgent, could never raise its own again."""
    if sys.platform != "linux":  # elsewhere it would be the whole process's
        return
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
    except OSError as error:
        logger.warning("background work runs at the usual priority: %s", error)

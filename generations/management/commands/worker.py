"""`manage.py worker`: the django-q2 cluster, in a form that can be stopped without leaving anything behind."""

from __future__ import annotations

import ctypes
import os
import signal
from types import FrameType
from typing import Any

from django_q.cluster import Cluster

from generations import conductor, doorbell
from generations.jobs import load_schedules
from generations.management.commands._base import StudioCommand

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LOOK_SECONDS = 0.2  # how often the wish to stop is looked for


class Command(StudioCommand):
    help = "Run the worker. SIGTERM or Ctrl-C ends it: what is under way is finished, nothing new is begun."

    def handle(self, **options: Any) -> None:
        load_schedules()
        doorbell.ring()
        _tie_children_to_us()
        cluster = Cluster()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ask_to_stop)
        cluster.start()
        # Stopped from here and not from the signal's handler: the cluster's own forgets a signal that comes while it
        # starts, and can block in one.
        while cluster.sentinel.is_alive():
            if conductor.stop_asked.value:
                cluster.stop()
                return
            cluster.sentinel.join(LOOK_SECONDS)


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    """The conductor looks at this every tick, in its own process; the loop above does too."""
    conductor.stop_asked.value = 1


def _tie_children_to_us() -> None:
    """Each forked process dies with its parent, so that a killed worker leaves no orphan that serves the queue.

    The first one leaves our process group: a signal to the group must reach this process alone, which ends the others.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    main = os.getpid()

    def in_child() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == main:
            os.setsid()

    os.register_at_fork(after_in_child=in_child)

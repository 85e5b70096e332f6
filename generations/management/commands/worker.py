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


class Command(StudioCommand):
    help = "Run the worker. SIGTERM or Ctrl-C ends it: what is under way is finished, nothing new is begun."

    def handle(self, **options: Any) -> None:
        load_schedules()
        doorbell.ring()
        libc = ctypes.CDLL(None, use_errno=True)
        os.register_at_fork(after_in_child=lambda: _tie_to_parent(libc))
        _leave_the_group_to_us()
        cluster = Cluster()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda number, frame: _stop(cluster, number, frame))
        cluster.start()
        cluster.sentinel.join()


def _stop(cluster: Cluster, number: int, frame: FrameType | None) -> None:
    """Tell the conductor, which looks at this every tick, and let the cluster drain."""
    conductor.stop_asked.value = 1
    cluster.sig_handler(number, frame)


def _tie_to_parent(libc: ctypes.CDLL) -> None:
    """In each forked process: die with the parent, so that a killed worker leaves no orphan that serves the queue."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _leave_the_group_to_us() -> None:
    """A signal to our process group must reach this process alone: the others end when it tells them to."""
    main = os.getpid()
    os.register_at_fork(after_in_child=lambda: os.setsid() if os.getppid() == main else None)

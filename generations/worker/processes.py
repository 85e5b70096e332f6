"""Fork the processes of `manage.py worker`. They die with their parent; its terminal's signals do not reach them."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawValue
from types import FrameType

from django.db import connections

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15  # linux/prctl.h
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
KEPT_BYTES, MAPPED_BYTES = 64 * 2**20, 32 * 2**20  # the pictures that one clip's decoder holds, for the next one

# Set when `manage.py worker` is told to stop; shared with every process that is forked from it, and never reset.
stop_requested = RawValue("b", 0)

_libc = ctypes.CDLL(None, use_errno=True)


def fork(name: str, run: Callable[..., object], *args: object) -> BaseProcess:
    """Run a function in a child that has this name in a list of processes."""
    connections.close_all()  # a connection must not be shared with a child
    child = get_context("fork").Process(target=_run, args=(os.getpid(), name, run, *args), name=name)
    child.start()
    return child


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; where it has ended already, end at once."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def die_with_parents() -> None:
    """Have whatever is forked from here on, by this process or by those, die with its parent."""
    parent = 0

    def note_parent() -> None:
        nonlocal parent
        parent = os.getpid()

    os.register_at_fork(before=note_parent, after_in_child=lambda: die_with(parent))


def keep_memory() -> None:
    """Keep some memory that is freed, in this process and those forked from it: to get it anew costs each clip 2 %."""
    if hasattr(_libc, "mallopt"):  # musl has none
        _libc.mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES)
        _libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def request_stop(number: int, frame: FrameType | None) -> None:
    """Handle SIGTERM and SIGINT: each process of the worker reads this flag on every tick."""
    stop_requested.value = 1


def handle_stop_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, request_stop)


def _run(parent: int, name: str, run: Callable[..., object], *args: object) -> None:
    die_with(parent)
    with suppress(PermissionError):
        os.setsid()  # a signal to the parent's group, such as a Ctrl-C, must not reach this process
    _libc.prctl(PR_SET_NAME, name.encode())
    handle_stop_signals()
    run(*args)

"""CPU and memory of a group of processes, those that have ended included."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.processes import proc

TICKS = os.sysconf("SC_CLK_TCK")
EVERY_SECONDS = 2.0


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return user and system time of these processes and of their children that were waited for."""
    return sum(int(ticks) for pid in pids for ticks in proc.stat(pid)[11:15]) / TICKS


def cpu_by_name(pids: Iterable[int]) -> dict[str, float]:
    """Return what each kind of process used itself; what has ended is in `ended`."""
    used: Counter[str] = Counter()
    for pid in pids:
        ticks = [int(value) for value in proc.stat(pid)[11:15]]
        used[proc.name(pid)] += sum(ticks[:2])
        used["ended"] += sum(ticks[2:])
    return {name: round(ticks / TICKS, 1) for name, ticks in used.items()}


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    everybody, found = proc.everybody(), [pid]
    for parent in found:
        found += proc.children(parent, everybody)
    return found


def memory_mb(pids: Iterable[int]) -> float:
    """Return the memory of these processes; what several share counts once (PSS)."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return total / 1024


class Watch:
    """A context manager that samples a group: `peak_mb`, `cpu_seconds` since it began."""

    def __init__(self, pids: Callable[[], list[int]]) -> None:
        self.pids, self.peak_mb, self._over = pids, 0.0, threading.Event()
        self.thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Watch:
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self.thread.join()

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pids())

    def _sample(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            self.peak_mb = max(self.peak_mb, memory_mb(self.pids()))

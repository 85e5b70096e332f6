"""Who runs, by /proc: the processes that carry a mark, their parents, their state, what they hold open."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PROC = Path("/proc")
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def wait_for(
    condition: Callable[[], Any], what: str, *, seconds: float = 40, log: Path | None = None, every: float = 0.1
) -> float:
    """Wait until something holds; return how many seconds it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"no {what} in {seconds} s\n{log.read_text()[-4000:] if log else ''}")
        time.sleep(every)
    return time.monotonic() - began


def everybody() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]


def marked(mark: str) -> list[int]:
    """Every living process with this line in its environment, oldest first."""
    line, found = mark.encode(), []
    for entry in PROC.iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and line in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return sorted((pid for pid in found if stat(pid)), key=started)


def stat(pid: int) -> list[str]:
    """State, parent, ...: the fields after the name; nothing for one that is gone."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    return []


def name(pid: int) -> str:
    """Its own name; empty for one that is gone."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "comm").read_text().strip()
    return ""


def command_line(pid: int) -> str:
    """How it was called; empty for one that is gone."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return ""


def started(pid: int) -> int:
    fields = stat(pid)
    return int(fields[19]) if fields else 0


def state(pid: int) -> str:
    """R, S, D, T (stopped), Z; empty for one that is gone."""
    return stat(pid)[0] if stat(pid) else ""


def children(pid: int, among: Iterable[int]) -> list[int]:
    return [child for child in among if (fields := stat(child)) and fields[1] == str(pid)]


def waits_in_read(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "syscall").read_text().startswith("0 ")
    return False


def open_files(pid: int) -> list[str]:
    found = []
    with contextlib.suppress(OSError):
        for entry in (PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(os.readlink(entry))
    return found


def local_ports(pid: int) -> set[int]:
    """Its own ends of its connections."""
    lines = [line.split() for line in (PROC / "net/tcp").read_text().splitlines()[1:]]
    ports = {f"socket:[{fields[9]}]": int(fields[1].rpartition(":")[2], 16) for fields in lines}
    return {ports[name] for name in open_files(pid) if name in ports}


def send(number: signal.Signals, pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def stop_and_see(pid: int) -> None:
    """SIGSTOP, and wait until it has stopped."""
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: state(pid) == "T", "stopped process", seconds=5, every=0.01)


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

"""The real `manage.py worker` and the processes that it starts."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

from tests.processes import proc
from tests.processes.site import ROOT, Site

PATIENCE_SECONDS = 4.0  # of the supervisor in these tests: a freeze is found sooner than by default


class Worker:
    """One host's `manage.py worker`; what belongs to it is known by a mark in its environment."""

    def __init__(self, site: Site, *, name: str = "worker", patience: float = PATIENCE_SECONDS) -> None:
        self.site, self.patience = site, patience
        self.mark = f"STUDIO_TEST={site.folder}/{name}"
        self.log = site.folder / f"{name}.log"

    def start(self) -> Worker:
        command = [sys.executable, "manage.py", "worker", "--patience", str(self.patience)]
        name, __, value = self.mark.partition("=")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.site.env | {name: value}, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def kill_all(self) -> None:
        """kill -9 of everything at once."""
        proc.send(signal.SIGKILL, reversed(self.processes()))
        self.process.wait()
        self.wait_for(lambda: not self.processes(), "end of every process", seconds=10)

    def wait_for(self, condition: Any, what: str, *, seconds: float = 60, every: float = 0.1) -> float:
        return proc.wait_for(condition, what, seconds=seconds, log=self.log, every=every)

    def processes(self) -> list[int]:
        return proc.marked(self.mark)

    # -- who is who: supervisor > conductor, and supervisor > cluster > sentinel > workers, monitor, pusher --

    def conductor(self) -> int:
        """The present one: the youngest."""
        return self._named("conductor")[-1]

    def cluster(self) -> int:
        return self._named("cluster")[0]

    def _named(self, name: str) -> list[int]:
        return [pid for pid in proc.children(self.process.pid, self.processes()) if proc.name(pid) == name]

    def sentinel(self) -> int:
        return proc.children(self.cluster(), self.processes())[0]

    def team(self) -> list[int]:
        """The sentinel's children in the order of their birth: in a fresh cluster workers, monitor, pusher."""
        return proc.children(self.sentinel(), self.processes())

    def is_up(self) -> bool:
        try:
            return len(self.team()) >= 3 and any(map(proc.waits_in_read, self.team()))
        except IndexError:
            return False

    def monitor(self) -> int:
        return self.team()[-2]

    def pusher(self) -> int:
        return self.team()[-1]

    def readers(self) -> list[int]:
        """Idle workers that wait in read(): the one that holds the queue's lock is among them."""
        return [pid for pid in self.processes() if proc.waits_in_read(pid)]

    def savers(self) -> list[int]:
        """Those with an unfinished download open."""
        return [pid for pid in self.processes() if any(name.endswith(".part") for name in proc.open_files(pid))]

    def has_port(self, ports: list[int]) -> list[int]:
        """Those whose own end of a connection is one of these ports."""
        return [pid for pid in self.processes() if proc.local_ports(pid) & set(ports)]

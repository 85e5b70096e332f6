"""The real `manage.py worker`, on a database and files of its own, and the processes that it starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.crash import processes
from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.judge import rules
from tests.crash.judge.database import select
from tests.crash.processes import wait_for

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
PATIENCE_SECONDS = 4.0  # of the supervisor in these tests: a freeze is found sooner than by default

PLACE = """
import json, sys
from generations import clock
from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.providers.base import Order
for line in json.loads(sys.stdin.read()):
    names = {name: line.pop(name) for name in ("provider", "model", "mode") if name in line}
    offer = {"provider": "apixo", "model": "kling-2-5-turbo-pro", "mode": "text-to-video"} | names
    delivery = line.pop("delivery", "polling")
    order = Order(**offer, parameters={"duration": 5} | line)
    ordering.place([OrderRequest(order, delivery=delivery)], at=clock.now())
"""


class Site:
    """A database and a folder, with the environment of the commands that work on them."""

    def __init__(self, folder: Path, *, database_url: str = "", **environment: str) -> None:
        self.folder = folder
        self.database_url = database_url or f"sqlite:///{folder}/db.sqlite3"
        self.env = {name: os.environ[name] for name in OUTSIDE if name in os.environ} | {
            "DATABASE_URL": self.database_url,
            "MEDIA_ROOT": str(folder / "media"),
            "SANDBOX_URL": "http://127.0.0.1:9",  # nobody answers there
            "PRACTICE": "True",
            "WAIT_SCALE": "0.05",
            "SECRET_KEY": "only-for-this-test",
            "PYTHONDONTWRITEBYTECODE": "",
            **environment,
        }

    def manage(self, *arguments: str, stdin: str = "") -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, input=stdin, capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def migrate(self) -> None:
        self.manage("migrate", "-v0")

    def order(self, *prompts: str, **more: Any) -> None:
        """One order for each prompt."""
        self.manage("shell", "-v0", "-c", PLACE, stdin=json.dumps([{"prompt": prompt, **more} for prompt in prompts]))

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database itself, without the program; `?` stands for a value."""
        return [tuple(row.values()) for row in select(self.database_url, query, *values)]

    def broken(self, provider: FaultyProvider, *, accepted: int | None = None) -> list[str]:
        """What the judge finds; with `accepted`, so many orders must have come once each and been accepted."""
        found = rules.broken(self.database_url, provider.truth(), self.media)
        if accepted is not None and not provider.posts == provider.accepted == accepted:
            found.append(f"{provider.posts} POSTs and {provider.accepted} accepted orders, not {accepted}")
        return found

    def orphans(self) -> list[str]:
        return rules.orphans(self.database_url, self.media)

    @property
    def media(self) -> Path:
        return Path(self.env["MEDIA_ROOT"])

    def statuses(self) -> list[str]:
        return [row[0] for row in self.sql("SELECT status FROM generations_generationtask ORDER BY id")]

    def count(self, status: str) -> int:
        return self.statuses().count(status)

    def all_are(self, *statuses: str) -> bool:
        return set(self.statuses()) <= set(statuses)


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
        processes.send(signal.SIGKILL, reversed(self.processes()))
        self.process.wait()
        self.wait_for(lambda: not self.processes(), "end of every process", seconds=10)

    def wait_for(self, condition: Any, what: str, *, seconds: float = 60, every: float = 0.1) -> float:
        return wait_for(condition, what, seconds=seconds, log=self.log, every=every)

    def processes(self) -> list[int]:
        return processes.marked(self.mark)

    # -- who is who: supervisor > cluster > sentinel > workers, monitor, pusher --

    def cluster(self) -> int:
        return processes.children(self.process.pid, self.processes())[0]

    def sentinel(self) -> int:
        return processes.children(self.cluster(), self.processes())[0]

    def team(self) -> list[int]:
        """The sentinel's children in the order of their birth: in a fresh cluster workers, monitor, pusher."""
        return processes.children(self.sentinel(), self.processes())

    def is_up(self) -> bool:
        try:
            return len(self.team()) >= 3 and any(map(processes.waits_in_read, self.team()))
        except IndexError:
            return False

    def monitor(self) -> int:
        return self.team()[-2]

    def pusher(self) -> int:
        return self.team()[-1]

    def readers(self) -> list[int]:
        """Idle workers that wait in read(): the one that holds the queue's lock is among them."""
        return [pid for pid in self.processes() if processes.waits_in_read(pid)]

    def savers(self) -> list[int]:
        """Those with an unfinished download open."""
        return [pid for pid in self.processes() if any(name.endswith(".part") for name in processes.open_files(pid))]

    def conductors(self, provider: FaultyProvider) -> list[int]:
        """Those that talk to the provider and download nothing."""
        savers = self.savers()
        return [pid for pid in self.processes() if pid not in savers and processes.talks_to(pid, provider.server_port)]

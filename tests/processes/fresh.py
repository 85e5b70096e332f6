"""A fresh copy of the program with its own `.env` and `var/`, and what its `manage.py up` starts."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from generations.management.commands.up import STOP_SECONDS
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ("manage.py", "kling_site", "generations", "templates", "requirements.txt")


class FreshSite:
    """A fresh copy of the program in a folder, and the processes of its `up`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in PROGRAM:
            source, target = ROOT / name, folder / name
            if source.is_dir():
                shutil.copytree(source, target)  # with what is compiled already: each start has four processes
            else:
                shutil.copy(source, target)
        self.port = free_port()
        # As on a fresh machine: none of this test's own settings; one port more, which others may use meanwhile.
        outside = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
        self.env = {name: os.environ[name] for name in outside if name in os.environ}
        self.env["SANDBOX_URL"] = f"http://127.0.0.1:{free_port()}"

    def start(self) -> None:
        self.start_without_waiting()
        self.wait_for(lambda: self.get("/login/") == 200, "the site", seconds=90)

    def start_without_waiting(self) -> None:
        self.log = (self.folder / "up.log").open("ab")
        command = [sys.executable, "manage.py", "up", "--port", str(self.port)]
        self.up = subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=self.log, stderr=self.log)

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=90)

    def processes(self) -> list[int]:
        """Every process that runs in the copy's folder."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdecimal() and (entry / "cwd").readlink() == self.folder:
                    found.append(int(entry.name))
        return found

    def wait_for(self, condition: object, what: str, *, seconds: float = 45) -> None:
        ends = time.monotonic() + seconds
        while not condition():  # type: ignore[operator]
            assert time.monotonic() < ends, f"no {what} within {seconds} s:\n{self.output()}"
            time.sleep(0.1)

    def stored(self) -> int:
        """How many clips there are."""
        return self._count("generations_video")

    def accepted(self) -> int:
        """How many orders the provider has answered with its id."""
        return self._count("generations_generationtask WHERE remote_id IS NOT NULL")

    def _count(self, rows: str) -> int:
        """Ask the database itself, as a command would take a second."""
        with contextlib.closing(sqlite3.connect(self.folder / "var/db.sqlite3", timeout=30)) as database:
            (count,) = database.execute(f"SELECT count(*) FROM {rows}").fetchone()  # noqa: S608
        return int(count)

    def output(self) -> str:
        return (self.folder / "up.log").read_text()

    def stop(self, number: int) -> int:
        self.up.send_signal(number)
        code = self.up.wait(STOP_SECONDS + 30)  # what does not end by itself is killed after STOP_SECONDS
        self.log.close()
        return code

"""From nothing to the first clip: `python -m tests.bench.bench_cold_start` prints seconds since `manage.py up`.

A copy of this checkout without database, settings and bytecode is started, then stopped and started again. Installing
the requirements is not part of it.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

from tests.bench.pipeline.runs import end_at_sigterm
from tests.processes.site import OUTSIDE, ROOT
from tests.servers import free_port

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", ".env", "__pycache__", ".*_cache", ".hypothesis", "tests")
SECONDS = 120.0
HEARTBEAT = "SELECT count(*) FROM generations_lease WHERE name = 'worker' AND expires_at > ?"
STORED = "SELECT count(*) FROM generations_generationtask WHERE status = 'stored'"


def main() -> None:
    end_at_sigterm()
    with tempfile.TemporaryDirectory(prefix="studio-bench-", ignore_cleanup_errors=True) as name:
        copy = Path(name, "studio")
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        say("| | first page | heartbeat of the worker | first clip stored | all three |\n|---|---|---|---|---|")
        say(f"| first start | {' | '.join(measure(copy, first=True))} |")
        say(f"| second start | {' | '.join(measure(copy, first=False))} | | |")


def measure(copy: Path, *, first: bool) -> list[str]:
    """Start everything, and return after how many seconds each thing was there; the first start orders three clips."""
    port, env = free_port(), {name: os.environ[name] for name in OUTSIDE if name in os.environ}
    began = time.time()
    up = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port)], cwd=copy, env=env, start_new_session=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(began + 1))
    conditions = [
        lambda: answers(port),
        lambda: count(copy, HEARTBEAT, since) == 1,
        lambda: count(copy, STORED) >= 1,
        lambda: count(copy, STORED) == 3,
    ][: 4 if first else 2]
    found = [0.0] * len(conditions)
    try:
        while not all(found) and time.time() < began + SECONDS:
            for number, condition in enumerate(conditions):
                if not found[number] and condition():
                    found[number] = time.time() - began
            time.sleep(0.02)
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(90)
    return [f"{seconds:.1f} s" if seconds else "never" for seconds in found]


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(connection), suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/login/")
        return connection.getresponse().status == 200
    return False


def count(copy: Path, query: str, *values: str) -> int:
    """Ask the database; 0 while there is none."""
    path = copy / "var/db.sqlite3"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path, timeout=10)) as connection, suppress(sqlite3.OperationalError):
        return int(connection.execute(query, values).fetchone()[0])
    return 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""The real `manage.py worker`, killed, frozen and stopped. The practice provider's journal is the witness."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from generations.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """A worker of its own on a database and files of its own, and the processes that it starts."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        outside = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
        self.env = {name: os.environ[name] for name in outside if name in os.environ} | {
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "MEDIA_ROOT": str(folder / "media"),
            "SANDBOX_URL": sandbox.url,
            "PRACTICE": "True",
            "WAIT_SCALE": "0.05",
            "SECRET_KEY": "only-for-this-test",
            "STUDIO_TEST": str(folder),
        }
        self.log = (folder / "worker.log").open("ab")
        self.folder = folder
        self.manage("migrate", "-v0")
        self.start()

    def start(self) -> None:
        command = [sys.executable, "manage.py", "worker", "--patience", "4"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log)

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def order(self, words: str = "gulls", *, takes: int = 1) -> None:
        what = ["--model", "kling-2-5-turbo-pro", "--mode", "text-to-video", "--takes", str(takes)]
        self.manage("generate", "--prompt", words, *what)

    def statuses(self) -> list[str]:
        return [task["status"] for task in json.loads(self.manage("tasks", "--json"))]

    def processes(self) -> list[int]:
        """Every living process of this worker, by the mark in its environment."""
        mark, found = f"STUDIO_TEST={self.folder}".encode(), []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdecimal() and mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
        return found

    def readers(self) -> list[int]:
        """Idle workers that wait in read(): the one that holds the queue's lock is among them."""
        found = []
        for pid in self.processes():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/syscall").read_text().startswith("0 "):
                    found.append(pid)
        return found

    def all_stored(self) -> bool:
        return set(self.statuses()) == {"stored"}


def wait_for(condition: Callable[[], Any], what: str, worker: Worker, *, seconds: float = 40) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        log = (worker.folder / "worker.log").read_text()[-3000:]
        assert time.monotonic() < ends, f"no {what} in {seconds} s\n{log}"
        time.sleep(0.2)


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(directory=tmp_path / "sandbox", wait_scale=0.05) as running:
        yield running


@pytest.fixture
def worker(tmp_path: Path, practice: Sandbox) -> Iterator[Worker]:
    worker = Worker(tmp_path, practice)
    yield worker
    for pid in worker.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    worker.process.wait()
    worker.log.close()


def paid_once_each(practice: Sandbox, worker: Worker) -> bool:
    """The provider's own count: as many POSTs as accepted orders as tasks."""
    truth = practice.truth()
    posts = sum(request["method"] == "POST" for request in truth["requests"])
    return bool(posts == truth["accepted"] == len(worker.statuses()))


def test_a_cluster_that_freezes_is_replaced(worker: Worker, practice: Sandbox) -> None:
    worker.order()
    wait_for(worker.all_stored, "first clip", worker)
    wait_for(worker.readers, "idle worker", worker)
    for pid in worker.readers():  # one of them holds the lock
        os.kill(pid, signal.SIGKILL)
    worker.order()
    wait_for(worker.all_stored, "clip after the freeze", worker)
    assert paid_once_each(practice, worker)


def test_killing_the_supervisor_leaves_no_orphan_and_a_new_one_goes_on(worker: Worker, practice: Sandbox) -> None:
    worker.order(takes=8)
    wait_for(lambda: practice.truth()["accepted"] >= 1, "order", worker)
    worker.process.kill()
    worker.process.wait()
    wait_for(lambda: not worker.processes(), "end of every process", worker, seconds=5)
    worker.start()
    settled = {"stored", "unconfirmed"}  # what was in the air as it died is for a person
    wait_for(lambda: set(worker.statuses()) <= settled, "end of all tasks", worker, seconds=240)
    truth = practice.truth()
    posts = sum(request["method"] == "POST" for request in truth["requests"])
    assert posts == truth["accepted"] <= 8
    assert worker.statuses().count("stored") + worker.statuses().count("unconfirmed") == 8


def test_sigterm_lets_what_is_under_way_finish_and_leaves_nothing_behind(worker: Worker, practice: Sandbox) -> None:
    worker.order(takes=4)
    wait_for(lambda: practice.truth()["accepted"] >= 1, "order", worker)
    worker.process.terminate()
    assert worker.process.wait(30) == 0
    assert worker.processes() == []
    assert "submitting" not in worker.statuses()
    assert "unconfirmed" not in worker.statuses()


def test_an_emptied_queue_loses_no_work(worker: Worker, practice: Sandbox) -> None:
    worker.order(takes=4)
    wait_for(lambda: practice.truth()["accepted"] == 4, "orders", worker)
    for __ in range(10):
        worker.manage("shell", "-c", "from django_q.models import OrmQ; OrmQ.objects.all().delete()")
    wait_for(worker.all_stored, "clips", worker, seconds=90)
    assert paid_once_each(practice, worker)

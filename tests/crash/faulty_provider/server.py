"""The provider's HTTP server: one for many cases, or one for a site.

The first part of each path names the case whose journal is meant. A script goes by how often something was asked and
never by a clock, so a case runs the same way each time. For tests of real processes the server's doors can be shut:
then answers to orders, or the second half of each clip, wait until they are opened again.
"""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.clips import clip
from tests.crash.faulty_provider.damage import damaged_late
from tests.crash.faulty_provider.faults import Script, drawn, scripted
from tests.crash.faulty_provider.journal import CLIP_SECONDS, Journal, Task, unique_clip
from tests.crash.faulty_provider.replies import ANYWHERE, STATES, Reply, as_json, of_file, say, to_order, unknown_task
from tests.processes.proc import die_with_parent

DOORS_SECONDS = 100.0  # nobody waits for ever, whatever a test forgets
SLOW_FILE_SECONDS = 0.15  # `[slow file]`
LATE_SECONDS = 8.0  # a late callback
SITE = "site"  # the name of the only case at a server of its own


class FaultyProvider(ThreadingHTTPServer):
    """A context manager. With a seed, dice decide what goes wrong; without one, the words in each prompt do."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *, seed: int | None = None, slow_seconds: float = 0.0, hang_seconds: float = 0.6) -> None:
        """Bind a free port. `slow_seconds` is how long a slow task takes besides its polls, or the most that dice
        give; `hang_seconds` is longer than the product waits for an answer in scripted cases."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.seed, self.slow_seconds, self.hang_seconds = seed, slow_seconds, hang_seconds
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.journals: dict[str, Journal] = {SITE: Journal()}
        self.lock, self.over = threading.Lock(), threading.Event()
        self.orders_open, self.files_open = threading.Event(), threading.Event()
        self.orders_open.set()
        self.files_open.set()
        self.orders_held: list[int] = []  # the ports of the clients that wait

    def __enter__(self) -> FaultyProvider:
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        for event in (self.over, self.orders_open, self.files_open):
            event.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is what this is all about."""

    # -- the journal --

    def journal_of(self, name: str) -> Journal:
        with self.lock:
            return self.journals.setdefault(name, Journal())

    @property
    def journal(self) -> Journal:
        return self.journals[SITE]

    @property
    def env(self) -> dict[str, str]:
        """Settings of a site that orders here."""
        return {"SANDBOX_URL": self.url} | {
            f"{api.upper()}_BASE_URL": f"{self.url}/{SITE}/{api}" for api in ("apixo", "apikley")
        }

    @property
    def accepted(self) -> int:
        return len(self.journal.tasks)

    def script(self, prompt: str) -> Script:
        if self.seed is None:
            return scripted(prompt, slow_seconds=self.slow_seconds)
        return drawn(self.seed, prompt, slow_seconds=self.slow_seconds)

    # -- callbacks of its own accord: to a site --

    def call_back(self, journal: Journal, task: Task, base: str) -> None:
        """Call back when the task is finished, in its manner, and again until the answer is 200, as documented."""
        manner, script = task.script.callback, task.script
        if manner == "never":
            return
        if "early" not in script.words:
            self.over.wait(script.seconds + (LATE_SECONDS if manner == "late" else 0))
        with journal.lock:
            body = json.dumps(callback_of(task, base)).encode()
        if manner == "forged":
            self._tell(journal, re.sub(r".{8}/$", "forgery_/", task.callback_url), body, manner)
        if manner == "garbage":
            self._tell(journal, task.callback_url, body[: len(body) // 2], manner)
        if manner == "other id":  # of no task: a real one would be somebody's
            self._tell(journal, task.callback_url, body.replace(task.id.encode(), f"no-{task.id}".encode()), manner)
        for __ in range(2 if manner == "twice" else 1):
            while not self.over.is_set() and self._tell(journal, task.callback_url, body, "true") != 200:
                self.over.wait(1)
        task.called_back = not self.over.is_set()

    def _tell(self, journal: Journal, url: str, body: bytes, how: str) -> int:
        request, status = urllib.request.Request(url, body, {"Content-Type": "application/json"}), 0
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError:
            pass
        with journal.lock:
            journal.callbacks[f"{how}: {status}"] += 1
        return status


def state_of(task: Task, state: str, base: str) -> dict[str, Any]:
    """`data` in the API's words."""
    data: dict[str, Any] = {"taskId": task.id, "state": STATES[task.api][state]}
    if state == "done":
        urls = [f"{base}/files/{task.id}/{number}.mp4?v={task.renewals}" for number in range(len(task.clips))]
        data["resultJson"] = json.dumps({"resultUrls": urls})
    if state == "failed":
        data |= {"failCode": "SensitiveContent", "failMsg": "The prompt asked for it"}
    return data


def callback_of(task: Task, base: str) -> dict[str, Any]:
    """What a callback says; from now on the task is finished."""
    task.hurried = True
    data = state_of(task, task.state(), base)
    if "lying" in task.words:  # says the contrary, and names a file that is not the task's
        data |= {"state": STATES[task.api]["done"]}
        data["resultJson"] = json.dumps({"resultUrls": [f"{base}/elsewhere/clip.mp4"]})
    if "lying fail" in task.words:
        data |= {"state": STATES[task.api]["failed"], "failCode": "SensitiveContent", "failMsg": "not true"}
    return {"code": 200, "message": "success", "data": data}


class Handler(BaseHTTPRequestHandler):
    """One request, answered truly or not."""

    server: FaultyProvider
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        __, name, door, *path = parts.path.split("/")
        self.journal, self.base = self.server.journal_of(name), f"{self.server.url}/{name}"
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        doors: dict[str, Callable[[], Reply | None]] = {
            "truth": lambda: as_json(200, self.journal.truth()),
            "callbacks": lambda: as_json(200, self._callbacks()),
            "forget": lambda: self._forget(name),
            "apixo": lambda: self._api("apixo", path[0]),
            "apikley": lambda: self._api("apikley", path[-1]),
            "files": lambda: self._file(path[0], int(path[1].removesuffix(".mp4"))),
        }
        if reply := doors.get(door, lambda: self._canary(path))():
            self._send(reply)

    do_POST = do_GET

    # -- the APIs --

    def _api(self, api: str, verb: str) -> Reply:
        self.journal.request_times.append(time.time())
        if verb in ("generateTask", "createTask"):
            return self._order(api)
        if verb in ("statusTask", "recordInfo"):
            return self._poll(api, self.query.get("taskId", ""))
        return say(api, 200, 1000.0)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _order(self, api: str) -> Reply:
        try:
            order = json.loads(self._body())
        except ValueError:  # its sender died in the middle of it: nothing is accepted
            self.journal.post("")
            return Reply(silent=True)
        prompt, url = order["input"]["prompt"], order.get("callback_url") or order.get("callBackUrl") or ""
        fault, task = self.journal.order(api, prompt, url, self.server.script(prompt))
        if task and url:
            self._announce(task)
        self._hold_order()
        return to_order(
            api, fault, task.id if task else "", first_id=next(iter(self.journal.tasks), ""),
            elsewhere=f"{self.base}/elsewhere", hang_seconds=self.server.hang_seconds,
        )  # fmt: skip

    def _announce(self, task: Task) -> None:
        """Call back: of its own accord to a site, in a case only when that comes before the answer."""
        is_site, is_early = self.journal is self.server.journal, "early" in task.words
        if is_site or is_early:
            call = threading.Thread(target=self.server.call_back, args=[self.journal, task, self.base], daemon=True)
            call.start()
            if is_early:
                call.join(0.5 if is_site else None)

    def _hold_order(self) -> None:
        if not self.server.orders_open.is_set():
            self.server.orders_held.append(self.client_address[1])
            self.server.orders_open.wait(DOORS_SECONDS)

    def _poll(self, api: str, task_id: str) -> Reply:
        with self.journal.lock:
            task = self.journal.tasks.get(task_id)
            if task is None or task.api != api:
                return unknown_task(api)
            task.polls += 1
            fault, state = task.next_poll_fault(), task.state()
        if fault in ANYWHERE:
            return ANYWHERE[fault]
        if fault == "unknown task":
            return unknown_task(api)
        if fault == "server error":
            return say(api, 503, None, "Server error")
        if fault == "other task":
            return say(api, 200, state_of(task, "done", self.base) | {"taskId": "somebody-elses"})
        if fault == "odd state" and not task.fails:
            state = "odd"
        data = state_of(task, state, self.base)
        if fault == "no urls" and not task.fails:
            data |= {"state": STATES[api]["done"], "resultJson": '{"resultUrls": []}'}
        return say(api, 200, data)

    # -- callbacks that the harness delivers --

    def _callbacks(self) -> list[dict[str, Any]]:
        """Every callback that is due: its address and its body."""
        with self.journal.lock:
            called = [task for task in self.journal.tasks.values() if task.callback_url]
            return [{"url": task.callback_url, "body": callback_of(task, self.base)} for task in called]

    # -- files --

    def _file(self, task_id: str, position: int) -> None:
        task, key = self.journal.tasks[task_id], f"{task_id}/{position}"
        version = int(self.query["v"])
        with self.journal.lock:
            fault = "gone" if version < task.renewals else task.next_file_fault(position)
            task.renewals = max(task.renewals, version + (fault == "gone"))
            self.journal.fetching[key] += 1
            self.journal.overlaps += self.journal.fetching[key] > 1
        try:
            time.sleep(SLOW_FILE_SECONDS if "slow file" in task.words else 0)
            begin = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            self._send(of_file(fault, task.clips[position], int(begin[1]) if begin else None), is_file=True)
        finally:
            with self.journal.lock:
                self.journal.fetching[key] -= 1

    # -- what nobody should ask for, and the harness's own door --

    def _canary(self, path: list[str]) -> Reply:
        with self.journal.lock:
            self.journal.canary.append(f"{self.command} {self.path}")
            with suppress(ValueError, KeyError, TypeError):
                self.journal.post(json.loads(self._body())["input"]["prompt"], accepted=True)
        if path[-1:] == ["clip.mp4"]:
            return Reply(200, unique_clip("not the task's"), "video/mp4")
        return say("apixo", 200, {"taskId": "task-elsewhere"})

    def _forget(self, name: str) -> Reply:
        with self.server.lock:
            self.server.journals.pop(name, None)
        return as_json(200, {})

    # -- sending --

    def _send(self, reply: Reply, *, is_file: bool = False) -> None:
        """One write, or two when the door for files is shut between them."""
        self.server.over.wait(reply.seconds)
        self.close_connection = self.close_connection or reply.breaks_off
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if reply.silent:
            return
        data = reply.to_bytes()
        half = len(data) // 2 if is_file and not self.server.files_open.is_set() else len(data)
        self.wfile.write(data[:half])
        if data[half:]:
            self.server.files_open.wait(DOORS_SECONDS)
            self.wfile.write(data[half:])


def start() -> tuple[int, str]:
    """Fork a process that serves until its parent dies; its process id and its address."""
    parent = os.getpid()
    damaged_late(clip("faststart", seconds=CLIP_SECONDS))  # rendered once, before the fork
    server = FaultyProvider()
    pid = os.fork()
    if pid:
        server.socket.close()
        return pid, server.url
    die_with_parent()
    if os.getppid() == parent:
        server.serve_forever()
    os._exit(0)

"""A provider that misbehaves as an order's prompt asks, and writes down what really happened.

It runs in a process of its own, so that its journal survives whoever is killed. One server serves many cases side by
side: the first part of each path names the world that a case lives in. What it says goes by how often it was asked and
never by a clock, so a case runs the same way each time.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import signal
import socket
import struct
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.clips import clip

Headers = Mapping[str, str]
PR_SET_PDEATHSIG = 1  # linux/prctl.h
HANG_SECONDS = 0.6  # longer than the product waits for an answer in these cases
CLIP_SECONDS = 0.25  # decoding it is most of what a case costs
HOLD_FILE_SECONDS = 0.15  # `[slow file]`

# Word in the prompt -> (is the order accepted, may the client know that it is not). The answers stand in `_submit`.
FATES = {
    "lost answer": (True, False),
    "lost order": (False, False),
    "lost once": (False, False),
    "gateway": (True, False),
    "server error": (False, False),
    "no id": (True, False),
    "odd id": (True, False),
    "cut answer": (True, False),
    "hang": (True, False),
    "not json": (True, False),
    "redirect": (True, False),
    "taken id": (True, False),
    "reject": (False, True),
    "busy": (False, True),
    "busy but taken": (True, False),
    "bad key": (False, True),
    "no money": (False, True),
}
ONCE = {"busy", "bad key", "no money", "lost once"}  # the first time; then the order is accepted
STATES = {
    "apixo": {"working": "processing", "done": "success", "failed": "failed", "odd": "processing_r2"},
    "apikley": {"working": "generating", "done": "success", "failed": "fail", "odd": "paused"},
}


def words_of(prompt: str) -> set[str]:
    return set(re.findall(r"\[([a-z0-9 ]+)\]", prompt))


def unique_clip(name: str, *, seconds: float = CLIP_SECONDS) -> bytes:
    """A whole clip that no other task has: a box that players skip carries the name."""
    mark = name.encode().ljust(64, b".")
    return clip("faststart", seconds=seconds) + struct.pack(">I4s", 8 + len(mark), b"free") + mark


@dataclass
class Task:
    """An accepted order, as the provider has it."""

    id: str
    api: str
    prompt: str
    callback_url: str
    asks: int = 0
    told: int = 0  # how often it was said to be finished
    hurried: bool = False  # finished at once, because its callback was sent
    clips: list[bytes] = field(default_factory=list)

    @property
    def words(self) -> set[str]:
        return words_of(self.prompt)

    def state(self) -> str:
        """What it is at this ask: seen as working once, twice when slow; finished from then on."""
        if self.asks <= (3 if "slow" in self.words else 1) and not self.hurried:
            return "odd" if "odd state" in self.words else "working"
        return "failed" if "fail" in self.words else "done"

    @property
    def billed(self) -> bool:
        return self.told > 0 and "fail" not in self.words


@dataclass
class World:
    """What one case's provider knows and remembers."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    canary: list[str] = field(default_factory=list)  # what nobody should ever have asked for
    fetching: Counter[str] = field(default_factory=Counter)
    overlaps: int = 0  # two downloads of one file at the same time
    lock: threading.RLock = field(default_factory=threading.RLock)

    def truth(self) -> dict[str, Any]:
        with self.lock:
            tasks = {
                task.id: {
                    "prompt": task.prompt,
                    "api": task.api,
                    "billed": task.billed,
                    "fails": "fail" in task.words,
                    "callback_url": task.callback_url,
                    "sha256": [hashlib.sha256(data).hexdigest() for data in task.clips],
                }
                for task in self.tasks.values()
            }
            return {
                "posts": self.posts,
                "tasks": tasks,
                "files": self.files,
                "canary": self.canary,
                "overlaps": self.overlaps,
                "fetching": sum(self.fetching.values()),
            }


class Witness(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.worlds: dict[str, World] = {}
        self.worlds_lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def world(self, name: str) -> World:
        with self.worlds_lock:
            return self.worlds.setdefault(name, World())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is what this is all about."""


class Handler(BaseHTTPRequestHandler):
    server: Witness
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._route()

    def do_POST(self) -> None:
        self._route()

    def _route(self) -> None:
        parts = urlsplit(self.path)
        __, name, *rest = parts.path.split("/")
        self.world = self.server.world(name)
        self.base = f"{self.server.url}/{name}"
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        door: dict[str, Callable[[list[str]], None]] = {
            "truth": lambda path: self._json(200, self.world.truth()),
            "callbacks": lambda path: self._json(200, self._callbacks()),
            "forget": lambda path: self._forget(name),
            "apixo": self._apixo,
            "apikley": self._apikley,
            "files": self._file,
        }
        door.get(rest[0], self._canary)(rest[1:])

    # -- what each API calls things --

    def _apixo(self, path: list[str]) -> None:
        if path[0] == "generateTask":
            self._submit("apixo", "callback_url")
        elif path[0] == "statusTask":
            self._status("apixo", self.query.get("taskId", ""))
        else:
            self._say("apixo", 200, 100.0)

    def _apikley(self, path: list[str]) -> None:
        if path == ["jobs", "createTask"]:
            self._submit("apikley", "callBackUrl")
        elif path == ["jobs", "recordInfo"]:
            self._status("apikley", self.query.get("taskId", ""))
        else:
            self._say("apikley", 200, 5000)

    def _say(self, api: str, code: int, data: Any, text: str = "", headers: Headers = MappingProxyType({})) -> None:
        """An answer in the API's envelope; Apikley's errors travel with status 200."""
        words = {"message" if api == "apixo" else "msg": text or ("success" if code == 200 else "refused")}
        self._json(code if api == "apixo" else 200, {"code": code, **words, "data": data}, headers)

    # -- orders --

    def _submit(self, api: str, callback_field: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        entry: dict[str, Any] = {"prompt": "", "accepted": False, "refused": False, "id": ""}
        with self.world.lock:
            self.world.posts.append(entry)
        try:
            order = json.loads(body)
        except ValueError:  # its sender died in the middle of it: nothing is accepted
            entry["cut"] = True
            self.close_connection = True
            return
        prompt = entry["prompt"] = order["input"]["prompt"]
        words = words_of(prompt)
        with self.world.lock:
            earlier = sum(post["prompt"] == prompt for post in self.world.posts) - 1
            fate = next((word for word in FATES if word in words and not (word in ONCE and earlier)), "")
            accepted, entry["refused"] = FATES.get(fate, (True, False))
            entry["accepted"], entry["fate"] = accepted, fate
            task = self._accept(api, prompt, str(order.get(callback_field) or "")) if accepted else None
            entry["id"] = task.id if task else ""
        if task and "early" in words:
            self._call_back(task)
        self._answer_order(api, fate, task)

    def _accept(self, api: str, prompt: str, callback_url: str) -> Task:
        number = len(self.world.tasks) + 1
        task = Task(f"task-{api}-{number}", api, prompt, callback_url)
        wanted = 2 if "two videos" in task.words else 1
        task.clips = [unique_clip(f"{task.id}/{position}") for position in range(wanted)]
        self.world.tasks[task.id] = task
        return task

    def _answer_order(self, api: str, fate: str, task: Task | None) -> None:
        yes = {"taskId": task.id} if task else None
        refusals = {
            "reject": (400 if api == "apixo" else 422, "Invalid request body"),
            "bad key": (401, "Invalid or missing API key"),
            "no money": (402, "Insufficient balance or quota"),
            "server error": (500, "Server error"),
        }
        if fate in ("lost answer", "lost order", "lost once"):
            self.close_connection = True
        elif fate == "hang":
            time.sleep(HANG_SECONDS)
            self.close_connection = True
        elif fate == "gateway":
            self._send(502, b"<h1>502 Bad Gateway</h1>", "text/html")
        elif fate == "not json":
            self._send(200, b"<h1>Welcome</h1>", "text/html")
        elif fate == "redirect":
            self._send(307, b"", "text/plain", headers={"Location": f"{self.base}/elsewhere"})
        elif fate == "cut answer":
            text = json.dumps({"code": 200, "message": "success", "data": yes}).encode()
            self._send(200, text[: len(text) // 2], "application/json", length=len(text))
        elif fate == "no id":
            self._say(api, 200, None)
        elif fate == "odd id":
            self._say(api, 200, {"taskId": "../../etc/passwd"})
        elif fate == "taken id":
            self._say(api, 200, {"taskId": next(iter(self.world.tasks))})
        elif fate in ("busy", "busy but taken"):
            self._say(api, 429, None, "Rate limit exceeded", {"Retry-After": "2"})
        elif fate in refusals:
            code, text_ = refusals[fate]
            self._say(api, code, None, text_)
        else:
            self._say(api, 200, yes)

    # -- questions --

    def _status(self, api: str, task_id: str) -> None:
        with self.world.lock:
            task = self.world.tasks.get(task_id)
            if task is None or task.api != api:
                return self._unknown(api)
            task.asks += 1
            words, asks = task.words, task.asks
            if "forgotten" in words or ("late visible" in words and asks <= 3):
                return self._unknown(api)
            if "late visible" in words:
                task.hurried = True
            state = task.state()
            told = task.told
            task.told += state in ("done", "failed")
        if "trouble" in words and asks <= 2:
            return self._say(api, 503, None, "Server error")
        if "silent once" in words and asks == 1:
            self.close_connection = True
            return None
        if "other task once" in words and asks == 1:
            return self._say(api, 200, self._data(api, "somebody-elses", "done", task, told))
        return self._say(api, 200, self._data(api, task.id, state, task, told))

    def _data(self, api: str, task_id: str, state: str, task: Task, told: int) -> dict[str, Any]:
        data: dict[str, Any] = {"taskId": task_id, "state": STATES[api][state]}
        if state == "done":
            urls = [f"{self.base}/files/{task.id}/{number}.mp4?v={min(told, 1)}" for number in range(len(task.clips))]
            data["resultJson"] = json.dumps({"resultUrls": [] if "no urls" in task.words and told < 2 else urls})
        if state == "failed":
            data |= {"failCode": "SensitiveContent", "failMsg": "The prompt asked for it"}
        return data

    def _unknown(self, api: str) -> None:
        if api == "apixo":
            self._say(api, 404, None, "Task not found")
        else:
            self._say(api, 422, None, "recordInfo is null")

    # -- callbacks --

    def _callbacks(self) -> list[dict[str, Any]]:
        """Every callback that is due: its address and its body. From now on these tasks are finished."""
        with self.world.lock:
            return [self._callback(task) for task in self.world.tasks.values() if task.callback_url]

    def _callback(self, task: Task) -> dict[str, Any]:
        task.hurried = True
        data = self._data(task.api, task.id, "failed" if "fail" in task.words else "done", task, task.told)
        if "lying" in task.words:  # says the contrary, and names a file that is not the task's
            data |= {"state": STATES[task.api]["done"]}
            data["resultJson"] = json.dumps({"resultUrls": [f"{self.base}/elsewhere/clip.mp4"]})
        if "lying fail" in task.words:
            data |= {"state": STATES[task.api]["failed"], "failCode": "SensitiveContent", "failMsg": "not true"}
        body = {"code": 200, "message": "success", "msg": "success", "data": data}
        return {"url": task.callback_url, "body": body}

    def _call_back(self, task: Task) -> None:
        if task.callback_url:
            callback = self._callback(task)
            body = json.dumps(callback["body"]).encode()
            request = urllib.request.Request(callback["url"], body, {"Content-Type": "application/json"})
            with suppress(OSError):
                urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - an address on this machine

    # -- files --

    def _file(self, path: list[str]) -> None:
        task = self.world.tasks[path[0]]
        data, words = task.clips[int(path[1].removesuffix(".mp4"))], task.words
        with self.world.lock:
            earlier = sum(entry["path"] == self.path for entry in self.world.files)
            self.world.files.append({"path": self.path, "id": task.id})
            self.world.fetching[self.path] += 1
            self.world.overlaps += self.world.fetching[self.path] > 1
        try:
            self._serve_file(data, words, earlier)
        finally:
            with self.world.lock:
                self.world.fetching[self.path] -= 1

    def _serve_file(self, data: bytes, words: set[str], earlier: int) -> None:
        part = data[: len(data) * 6 // 10]
        if "slow file" in words:
            time.sleep(HOLD_FILE_SECONDS)
        if "fresh url" in words and self.query.get("v") == "0":
            self._send(410, b"expired", "text/plain")
        elif "html" in words or ("html once" in words and not earlier):
            self._send(200, b"<html>gone</html>", "text/html")
        elif "short file" in words or ("short once" in words and not earlier):
            self._send(200, part, "video/mp4")
        elif "truncated once" in words and not earlier:
            self._send(200, part, "video/mp4", length=len(data))
        elif "endless once" in words and not earlier:
            self._send(200, part, "video/mp4", length=-1)
        elif "reset once" in words and not earlier:
            self._send(200, part, "video/mp4", length=len(data))
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self._send(200, data, "video/mp4")

    # -- what nobody should ask for, and the harness's own doors --

    def _canary(self, path: list[str]) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.world.lock:
            self.world.canary.append(f"{self.command} {self.path}")
            with suppress(ValueError, KeyError, TypeError):
                prompt = json.loads(body)["input"]["prompt"]
                self.world.posts.append({"prompt": prompt, "accepted": True, "refused": False, "id": ""})
        if path[-1:] == ["clip.mp4"]:
            self._send(200, unique_clip("not the task's"), "video/mp4")
        else:
            self._say("apixo", 200, {"taskId": "task-elsewhere"})

    def _forget(self, name: str) -> None:
        with self.server.worlds_lock:
            self.server.worlds.pop(name, None)
        self._json(200, {})

    def _json(self, status: int, value: Any, headers: Headers = MappingProxyType({})) -> None:
        self._send(status, json.dumps(value).encode(), "application/json", headers=headers)

    def _send(
        self, status: int, body: bytes, kind: str, *, length: int | None = None, headers: Headers = MappingProxyType({})
    ) -> None:
        """One write; a length that is not the body's own closes the connection after it, -1 leaves it unsaid."""
        length = len(body) if length is None else length
        if length != len(body):
            self.close_connection = True
        fields = {"Content-Type": kind, **headers}
        if length >= 0:
            fields["Content-Length"] = str(length)
        if self.close_connection:
            fields["Connection"] = "close"
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.wfile.write(f"HTTP/1.1 {status} {'OK' if status == 200 else 'Other'}\r\n{lines}\r\n".encode() + body)


def start() -> tuple[int, str]:
    """Fork a process that serves until its parent dies; its process id and its address."""
    parent = os.getpid()
    clip("faststart", seconds=CLIP_SECONDS)  # rendered once, before the fork
    server = Witness()
    pid = os.fork()
    if pid:
        server.socket.close()
        return pid, server.url
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:
        server.serve_forever()
    os._exit(0)

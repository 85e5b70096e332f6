"""A provider that drops, hangs, lies, truncates and calls back early, twice, forged, late or never; with a journal.

It speaks the APIs of APIXO and Apikley, and shares no code with the practice provider or with the program. What goes
wrong with an order is decided by the seed and the order's prompt alone, so that a run can be repeated. In the end it is
honest: each task can be asked for and fetched after a few lies, so that nothing but a fault keeps a task from its end.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.clips import clip

# What becomes of an order: (word, how often of 100, whether it is accepted). The answers to the first word are honest.
ORDERS = [
    ("honest", 49, True), ("refused", 4, False), ("busy", 6, False), ("dropped unread", 4, False), ("dropped", 5, True),
    ("reset", 5, True), ("hangs", 3, True), ("500", 3, False), ("own 500", 3, True), ("502 page", 4, True),
    ("garbage", 3, True), ("cut JSON", 3, True), ("no data", 3, True), ("early callback", 5, True),
]  # fmt: skip
# Accepted, and it was not said.
UNHEARD = {"dropped", "reset", "hangs", "own 500", "502 page", "garbage", "cut JSON", "no data"}
STATUS_LIES = ("500", "page", "garbage", "dropped", "reset", "unseen", "odd state", "no urls", "cut JSON")
FILE_LIES = (
    "cut", "cut chunk", "cut without length", "short", "page", "empty", "reset", "garbage", "gzip", "gone", "500",
    "wrong range",
)  # fmt: skip
CALLBACKS = ("once", "once", "twice", "late", "never", "forged", "garbage", "other id")
MOST_STATUS_LIES, MOST_FILE_LIES = 4, 2  # a task; then it is honest
BUSY_SECONDS = 1
HANG_SECONDS = 4.0
LATE_SECONDS = 8.0
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Task:
    """An accepted order."""

    id: str
    provider: str
    prompt: str
    callback_url: str
    word: str  # of ORDERS
    dice: random.Random
    done_at: float
    fails: bool
    lies: Counter[str] = field(default_factory=Counter)
    called_back: bool = False  # honestly, and answered 200

    @cached_property
    def file(self) -> bytes:
        """A clip of its own: the same picture for all, and a last box with this task's id."""
        note = self.id.encode()
        return clip(seconds=5, sound=False) + struct.pack(">I4s", 8 + len(note), b"free") + note

    @property
    def is_done(self) -> bool:
        return time.time() >= self.done_at


class Liar(ThreadingHTTPServer):
    """A context manager; `truth()` is what the judge reads."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *, seed: int, most_seconds: float = 6.0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seed, self.most_seconds = seed, most_seconds
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.tasks: dict[str, Task] = {}
        self.journal: list[dict[str, Any]] = []
        self.busy: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.over = threading.Event()

    def __enter__(self) -> Liar:
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients die here all the time

    def note(self, kind: str, **what: Any) -> None:
        with self.lock:
            self.journal.append({"at": time.time(), "kind": kind, **what})

    def truth(self) -> dict[str, Any]:
        with self.lock:
            return {"tasks": [{"id": task.id, "prompt": task.prompt} for task in self.tasks.values()]}

    def paid_again(self) -> list[str]:
        """Orders that came once more although the one before was not provably refused."""
        with self.lock:
            posts = [entry for entry in self.journal if entry["kind"] == "POST"]
        unsure: set[str] = set()
        found = []
        for entry in posts:
            if entry["prompt"] in unsure:
                found.append(f"{entry['prompt']!r} was sent again at {entry['at']:.3f}")
            if entry["word"] not in ("busy", "refused"):
                unsure.add(entry["prompt"])
        return found

    # -- orders --

    def receive(self, provider: str, body: dict[str, Any]) -> tuple[str, Task | None]:
        """What becomes of an order, and the task if it is accepted."""
        prompt = body["input"]["prompt"]
        dice = random.Random(f"{self.seed} {provider} {prompt}")
        words, weights, accepted = zip(*ORDERS, strict=True)
        number = dice.choices(range(len(words)), weights)[0]
        word, task = words[number], None
        with self.lock:
            self.busy[prompt] += word == "busy"
            if word == "busy" and self.busy[prompt] > 2:
                word, number = "honest", 0
            if accepted[number]:
                task = self._accept(provider, prompt, body, word, dice)
            self.journal.append({"at": time.time(), "kind": "POST", "prompt": prompt, "word": word})
        if task and task.callback_url:
            threading.Thread(target=self._call_back, args=[task], daemon=True).start()
        return word, task

    def _accept(self, provider: str, prompt: str, body: dict[str, Any], word: str, dice: random.Random) -> Task:
        url = body.get("callback_url") or body.get("callBackUrl") or ""
        done_at = time.time() + (0 if word == "early callback" else dice.uniform(0.2, self.most_seconds))
        task_id = f"{provider}-{dice.getrandbits(64):016x}-{len(self.tasks)}"
        task = Task(task_id, provider, prompt, url, word, dice, done_at, fails=dice.random() < 0.08)
        self.tasks[task.id] = task
        return task

    # -- callbacks --

    def _call_back(self, task: Task) -> None:
        manner = task.dice.choice(CALLBACKS)
        early = task.word == "early callback"
        self.over.wait(0 if early else task.done_at - time.time() + (LATE_SECONDS if manner == "late" else 0))
        if manner == "never":
            return
        if manner == "forged":
            self._tell(re.sub(r".{8}/$", "forgery_/", task.callback_url), task, "forged")
        if manner == "garbage":
            self._post(task.callback_url, b'{"code": 200, "data": {"taskId": ', "garbage")
        if manner == "other id" and task.word == "honest":  # of no task: a real one would be somebody's
            self._tell(task.callback_url, task, manner, named=f"no-{task.id}")
        for __ in range(2 if manner == "twice" else 1):
            while not self.over.is_set() and self._tell(task.callback_url, task, "honest") != 200:
                self.over.wait(1)  # documented: delivered again

    def _tell(self, url: str, task: Task, how: str, *, named: str = "") -> int:
        payload = {"code": 200, "message": "success", "data": state_of(task, self.url, named=named)}
        status = self._post(url, json.dumps(payload).encode(), how)
        task.called_back |= how == "honest" and status == 200
        return status

    def _post(self, url: str, body: bytes, how: str) -> int:
        try:
            status = requests.post(url, body, headers={"Content-Type": "application/json"}, timeout=10).status_code
        except requests.RequestException:
            status = 0
        self.note("callback", how=how, status=status)
        return status


def state_of(task: Task, url: str, *, named: str = "") -> dict[str, Any]:
    """`data` as both providers have it: APIXO's words, or Apikley's."""
    apixo = task.provider == "apixo"
    data: dict[str, Any] = {"taskId": named or task.id}
    if not task.is_done:
        return data | {"state": "processing" if apixo else "generating"}
    if task.fails:
        words = {"failCode": "SensitiveContent", "failMsg": "no"}
        return data | {"state": "failed" if apixo else "fail"} | words
    result = json.dumps({"resultUrls": [f"{url}/files/{task.lies['gone']}/{task.id}.mp4"]})
    return data | {"state": "success", "resultJson": result}


class Handler(BaseHTTPRequestHandler):
    """One request, answered truly or not."""

    server: Liar
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, format: str, *args: Any) -> None:
        pass

    # -- ways to answer --

    def answer(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def say(self, code: int, data: Any, *, status: int = 200, **headers: str) -> None:
        body = {"code": code, "message": "as you wish", "msg": "as you wish", "data": data}
        self.answer(status, json.dumps(body).encode(), **headers)

    def hang_up(self, *, reset: bool = False) -> None:
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def lie(self, word: str) -> bool:
        """The lies that fit anywhere; whether this was one."""
        if word in ("dropped", "dropped unread", "reset"):
            self.hang_up(reset=word == "reset")
        elif word in ("500", "502 page", "page"):
            self.answer({"500": 500, "502 page": 502}.get(word, 200), PAGE, "text/html")
        elif word == "garbage":
            self.answer(200, b"\xff\xfe\x00 nonsense")
        elif word == "cut JSON":
            self.answer(200, b'{"code": 200, "message": "success", "data": {"taskI')
        else:
            return False
        return True

    # -- orders --

    def do_POST(self) -> None:
        provider = "apixo" if "/generateTask/" in self.path else "apikley"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        word, task = self.server.receive(provider, body)
        if self.lie(word):
            return
        if word == "busy":
            self.say(429, None, status=429, Retry_After=str(BUSY_SECONDS))
        elif word == "refused":
            self.say(400, None, status=400 if provider == "apixo" else 200)
        elif word == "own 500":
            self.say(500, None, status=500 if provider == "apixo" else 200)
        elif word == "no data":
            self.say(200, None)
        elif word == "hangs":
            self.server.over.wait(HANG_SECONDS)
            self.hang_up()
        elif task:
            if word == "early callback" and task.callback_url:
                self.server.over.wait(0.5)
            self.say(200, {"taskId": task.id})

    # -- questions --

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/files/"):
            self.file(parts.path)
            return
        if parts.path.endswith(("/current-balance", "/credit")):
            self.say(200, 1000.0)
            return
        task = self.server.tasks.get(parse_qs(parts.query).get("taskId", [""])[0])
        self.server.note("status", task=task.id if task else "")
        if task is None:
            self.say(404, None, status=404)
            return
        if self.tells_lies(task, "status", MOST_STATUS_LIES):
            word = random.choice(STATUS_LIES)
            if self.lie(word):
                return
            if word == "unseen" and task.lies["unseen"] < 2:
                task.lies["unseen"] += 1
                self.say(404, None, status=404)
                return
            if word in ("odd state", "no urls") and not task.fails:
                odd = (
                    {"state": "success", "resultJson": '{"resultUrls": []}'}
                    if word == "no urls"
                    else {"state": "paused"}
                )
                self.say(200, {"taskId": task.id, **odd})
                return
        self.say(200, state_of(task, self.server.url))

    def tells_lies(self, task: Task, about: str, most: int) -> bool:
        with self.server.lock:
            if task.lies[about] >= most or random.random() < 0.4:
                return False
            task.lies[about] += 1
            return True

    # -- files --

    def file(self, path: str) -> None:
        __, __, round_, name = path.split("/")
        task = self.server.tasks[name.removesuffix(".mp4")]
        data = task.file
        if int(round_) < task.lies["gone"]:
            self.answer(410, b"", "text/plain")
            return
        word = random.choice(FILE_LIES) if self.tells_lies(task, "file", MOST_FILE_LIES) else ""
        self.server.note("file", task=task.id, word=word)
        begin = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(begin[1]) if begin else 0
        if not self.spoil(word, task, data, random.randrange(1, len(data))):
            headers = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if begin else {}
            etag = hashlib.sha256(data).hexdigest()[:16]
            self.answer(206 if begin else 200, data[start:], "video/mp4", ETag=f'"{etag}"', **headers)

    def spoil(self, word: str, task: Task, data: bytes, cut: int) -> bool:
        """Whether the download was answered wrongly."""
        if self.lie(word):
            return True
        if word == "gone":
            task.lies["gone"] += 1
            self.answer(403, b"", "text/plain")
        elif word == "empty":
            self.answer(200, b"", "video/mp4")
        elif word == "short":
            self.answer(200, data[:cut], "video/mp4")
        elif word == "gzip":
            self.answer(200, data[:cut], "video/mp4", Content_Encoding="gzip")
        elif word == "wrong range":
            self.answer(206, data[cut:], "video/mp4", Content_Range=f"bytes {cut}-{len(data) - 1}/{len(data)}")
        elif word.startswith("cut"):
            self.send_response(200)
            self.send_header("Content-Type", "video/mp4")
            if word == "cut":
                self.send_header("Content-Length", str(len(data)))
            elif word == "cut chunk":
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write((f"{len(data):x}\r\n".encode() if word == "cut chunk" else b"") + data[:cut])
            self.hang_up()
        else:
            return False
        return True

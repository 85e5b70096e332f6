"""APIXO's API at full speed, in a process of its own: `python -m tests.bench.pipeline.provider --clips a.mp4 b.mp4`.

It answers as https://apixo.ai/docs documents: paths, envelope, states, and 429 above the rate or the tasks at once. One
thread serves all connections, a request costs it some 0.1 ms, and files go from the page cache to the socket. Its
journal has the times by which a run is judged. It checks no key and no parameter: the practice provider does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.processes.proc import die_with_parent

WINDOW_SECONDS = 60.0  # "10000 requests / minute"
PREFIX = "/api/v1/"
Stamp = tuple["Task", str]  # what is written down when an answer leaves: the task, and the name of the time
TOO_MANY = {"code": 429, "message": "Rate limit exceeded", "data": None}
UNKNOWN = {"code": 404, "message": "Task ID or route not found", "data": None}


@dataclass
class Task:
    """An accepted order; times in seconds since 1970."""

    id: str
    clip: int
    created_at: float
    finishes_at: float
    accepted_at: float = 0.0  # when the answer was sent
    noticed_at: float = 0.0  # when the first answer was sent that says success
    polls: int = 0
    fetches: int = 0


@dataclass
class Provider:
    """What the API knows, and the journal."""

    clips: list[Path]
    per_minute: int
    at_once: int
    lasts: tuple[float, float]
    latency: float
    seed: int
    tasks: dict[str, Task] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    recent: deque[float] = field(default_factory=deque)  # the times of the requests that count
    url: str = ""

    @cached_property
    def dice(self) -> random.Random:
        return random.Random(self.seed)

    def answer(self, method: str, target: str) -> tuple[int, Any, Stamp | None]:
        """Return status, JSON, and what is to be written down when it leaves."""
        now = time.time()
        while self.recent and self.recent[0] < now - WINDOW_SECONDS:
            self.recent.popleft()
        if len(self.recent) >= self.per_minute:
            self.answers["429"] += 1
            return 429, TOO_MANY, None
        self.recent.append(now)
        parts = urlsplit(target)
        verb = parts.path.removeprefix(PREFIX).partition("/")[0]
        if (method, verb) == ("POST", "generateTask"):
            return self._order(now)
        if (method, verb) == ("GET", "statusTask"):
            return self._status(parse_qs(parts.query).get("taskId", [""])[0], now)
        self.answers["balance"] += 1
        return 200, _success(1_000_000.0), None

    def _order(self, now: float) -> tuple[int, Any, Stamp | None]:
        if sum(task.finishes_at > now for task in self.tasks.values()) >= self.at_once:
            self.answers["429"] += 1
            return 429, TOO_MANY, None
        self.answers["order"] += 1
        number = len(self.tasks)
        task = Task(f"task_{number:08}", number % len(self.clips), now, now + self.dice.uniform(*self.lasts))
        self.tasks[task.id] = task
        return 200, _success({"taskId": task.id}), (task, "accepted_at")

    def _status(self, task_id: str, now: float) -> tuple[int, Any, Stamp | None]:
        task = self.tasks.get(task_id)
        if task is None:
            self.answers["404"] += 1
            return 404, UNKNOWN, None
        self.answers["poll"] += 1
        task.polls += 1
        data: dict[str, Any] = {"taskId": task.id, "state": "processing", "createTime": int(task.created_at * 1000)}
        if task.finishes_at <= now:
            urls = json.dumps({"resultUrls": [f"{self.url}/files/{task.id}.mp4"]})
            finished = int(task.finishes_at * 1000)
            data |= {"state": "success", "resultJson": urls, "completeTime": finished}
            data["costTime"] = finished - data["createTime"]
            return 200, _success(data), (task, "noticed_at")
        return 200, _success(data), None

    def journal(self) -> dict[str, Any]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "tasks": [vars(task) for task in self.tasks.values()],
            "answers": dict(self.answers),
            "cpu_seconds": used.ru_utime + used.ru_stime,
        }


def _success(data: Any) -> dict[str, Any]:
    return {"code": 200, "message": "success", "data": data}


class Connection(asyncio.Protocol):
    """One connection: requests one after the other, each answered after the latency."""

    def __init__(self, provider: Provider) -> None:
        self.provider, self.received = provider, b""
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.decode("latin-1").split("\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
        if len(body) < length:
            return
        self.received = body[length:]
        method, target, __ = lines[0].split(" ")
        if target.endswith(".mp4"):
            self.loop.create_task(self._file(target))
        elif target == "/journal":
            self._say(200, self.provider.journal(), None)
        else:
            # The state is that of the request's arrival; the answer leaves after the latency.
            self.loop.call_later(self.provider.latency, self._say, *self.provider.answer(method, target))

    def _say(self, status: int, body: Any, stamp: Stamp | None) -> None:
        if not self.transport.is_closing():
            self._send_head(status, "application/json", len(data := json.dumps(body).encode()), data)
            if stamp and not getattr(*stamp):
                setattr(*stamp, time.time())

    def _send_head(self, status: int, kind: str, length: int, data: bytes = b"") -> None:
        retry = "Retry-After: 1\r\n" if status == 429 else ""
        head = f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\n{retry}Content-Length: {length}\r\n\r\n"
        self.transport.write(head.encode() + data)

    async def _file(self, path: str) -> None:
        """Send a task's clip, or one by its number: `/clips/0.mp4`."""
        folder, name = path.removesuffix(".mp4").rsplit("/", 1)
        if folder == "/clips":
            clip = self.provider.clips[int(name)]
        elif task := self.provider.tasks.get(name):
            task.fetches += 1
            clip = self.provider.clips[task.clip]
        else:
            self._say(404, UNKNOWN, None)
            return
        with clip.open("rb") as file:
            self._send_head(200, "video/mp4", clip.stat().st_size)
            try:
                await self.loop.sendfile(self.transport, file)
            except (ConnectionError, RuntimeError):  # it hung up
                self.transport.abort()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, nargs="+", required=True)
    parser.add_argument("--per-minute", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=1_000)
    parser.add_argument("--lasts", type=float, nargs=2, default=(40.0, 80.0), metavar="SECONDS")
    parser.add_argument("--latency", type=float, default=0.25, metavar="SECONDS", help="of each call of the API")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    die_with_parent()
    lasts = (options.lasts[0], options.lasts[1])
    asyncio.run(
        serve(Provider(options.clips, options.per_minute, options.at_once, lasts, options.latency, options.seed))
    )


async def serve(provider: Provider) -> None:
    """Serve on a free port, whose address is the first line of the output, until killed."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(provider), "127.0.0.1", 0, backlog=2048)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    sys.stdout.write(f"{provider.url}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    main()

"""What the provider knows: the orders that came, the tasks that it accepted, what was asked for and fetched."""

from __future__ import annotations

import hashlib
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.clips import clip
from tests.crash.faulty_provider.damage import cut_short, damaged_late
from tests.crash.faulty_provider.faults import ORDER_FAULTS, Script

CLIP_SECONDS = 0.25  # decoding it is most of what a case costs
POISON_SECONDS = 2.0  # `[poison]`: a clip that kills its worker (tests/crash/poisoned.py)


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
    script: Script
    accepted_at: float = field(default_factory=time.time)
    polls: int = 0
    renewals: int = 0  # of its clips' URLs, each of which dies with the next
    hurried: bool = False  # finished at once, because its callback was sent
    called_back: bool = False  # truly, and answered 200
    clips: list[bytes] = field(default_factory=list)
    downloads: Counter[int] = field(default_factory=Counter)  # by position

    @property
    def words(self) -> frozenset[str]:
        return self.script.words

    @property
    def fails(self) -> bool:
        return "fail" in self.words

    def state(self) -> str:
        """What it is at this poll."""
        busy = self.polls <= (3 if "slow" in self.words else 1) or time.time() < self.accepted_at + self.script.seconds
        if "stuck" in self.words or (busy and not self.hurried):
            return "odd" if {"odd state", "stuck"} & self.words else "working"
        return "failed" if self.fails else "done"

    def damaged(self, clip: bytes) -> list[bytes]:
        """What may be kept of a clip until a better file comes: damaged late, or the same cut file twice."""
        late = "damaged" in self.script.files
        cuts = sum(fault in ("short", "cut without length") for fault in self.script.files)
        return ([damaged_late(clip)] if late else []) + ([cut_short(clip)] if cuts > 1 else [])

    def next_poll_fault(self) -> str:
        return self.script.polls[self.polls - 1] if self.polls <= len(self.script.polls) else ""

    def next_file_fault(self, position: int) -> str:
        self.downloads[position] += 1
        earlier = self.downloads[position] - 1
        return self.script.files[earlier] if earlier < len(self.script.files) else ""


@dataclass
class Journal:
    """Of one case: the cases that share a server know nothing of each other."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    callbacks: Counter[str] = field(default_factory=Counter)
    request_times: list[float] = field(default_factory=list)  # of the API
    canary: list[str] = field(default_factory=list)  # what nobody should ever have asked for
    fetching: Counter[str] = field(default_factory=Counter)
    overlaps: int = 0  # two downloads of one file at the same time
    lock: threading.RLock = field(default_factory=threading.RLock)

    def truth(self) -> dict[str, Any]:
        """What the judge reads."""
        with self.lock:
            tasks = {
                task.id: {
                    "api": task.api, "prompt": task.prompt, "fails": task.fails, "called_back": task.called_back,
                    "sha256": [hashlib.sha256(data).hexdigest() for data in task.clips],
                    "damaged": [hashlib.sha256(bad).hexdigest() for data in task.clips for bad in task.damaged(data)],
                }
                for task in self.tasks.values()
            }  # fmt: skip
            fetching = sum(self.fetching.values())
            return {"posts": list(self.posts), "tasks": tasks, "canary": self.canary, "overlaps": self.overlaps,
                    "fetching": fetching}  # fmt: skip

    def order(self, api: str, prompt: str, callback_url: str, script: Script) -> tuple[str, Task | None]:
        """Write an order down; what goes wrong with it, and the task if it is accepted."""
        with self.lock:
            fault = script.order_fault(sum(post["prompt"] == prompt for post in self.posts))
            known = ORDER_FAULTS.get(fault)
            task = self._accept(api, prompt, callback_url, script) if known is None or known.accepted else None
            self.post(prompt, fault=fault, accepted=bool(task), refused=bool(known and known.refused))
        return fault, task

    def post(self, prompt: str, *, fault: str = "", accepted: bool = False, refused: bool = False) -> None:
        """Write down that an order came; without a prompt its sender died in the middle of it."""
        with self.lock:
            self.posts.append({"prompt": prompt, "fault": fault, "accepted": accepted, "refused": refused})

    def _accept(self, api: str, prompt: str, callback_url: str, script: Script) -> Task:
        task = Task(f"task-{api}-{len(self.tasks) + 1}", api, prompt, callback_url, script)
        seconds = POISON_SECONDS if "poison" in task.words else CLIP_SECONDS
        count = 2 if "two videos" in task.words else 1
        task.clips = [unique_clip(f"{task.id}/{position}", seconds=seconds) for position in range(count)]
        self.tasks[task.id] = task
        return task

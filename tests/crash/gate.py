"""A practice provider whose answers can be held back: a process can be met in the middle of an exchange."""

from __future__ import annotations

import threading
from pathlib import Path

from generations.sandbox import Sandbox
from generations.sandbox.files import Part
from generations.sandbox.wire import Answer, Json, Request

HOLD_SECONDS = 100.0  # nobody is held for ever, whatever a test forgets


class Gate(Sandbox):
    """The practice provider with two doors: one for the answers to orders, one for the bytes of downloads."""

    def __init__(self, folder: Path, *, wait_scale: float = 0.05, **more: Json) -> None:
        self.orders_open, self.files_open = threading.Event(), threading.Event()
        self.orders_open.set()
        self.files_open.set()
        self.orders_held = self.files_held = 0
        self._count = threading.Lock()
        super().__init__(directory=folder, wait_scale=wait_scale, **more)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def posts(self) -> int:
        return sum(request["method"] == "POST" for request in self.truth()["requests"])

    @property
    def accepted(self) -> int:
        return int(self.truth()["accepted"])

    def _respond(self, request: Request) -> tuple[Answer, Part | None]:
        answer = super()._respond(request)
        if request.method == "POST" and not self.orders_open.is_set():
            with self._count:
                self.orders_held += 1
            self.orders_open.wait(HOLD_SECONDS)
        return answer

    def _sent(self, answer: Answer, count: int) -> None:
        super()._sent(answer, count)
        if not self.files_open.is_set():
            with self._count:
                self.files_held += 1
            self.files_open.wait(HOLD_SECONDS)

"""Record the requests, so that a test can compare what a client believes with what happened."""

import threading
from collections import deque
from dataclasses import asdict, dataclass

from .wire import Answer, Json, Request

MOST_REQUESTS = 100_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its answer; status 0 means that none was sent."""

    at: float
    method: str
    path: str
    task_id: str
    status: int
    accepted: bool


class RequestLog:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MOST_REQUESTS)
        self._lock = threading.Lock()

    def note(self, at: float, request: Request, answer: Answer) -> None:
        entry = Entry(at, request.method, request.path, answer.task_id, answer.status, answer.accepted)
        with self._lock:
            self._entries.append(entry)

    def to_json(self) -> list[dict[str, Json]]:
        with self._lock:
            entries = list(self._entries)
        return [asdict(entry) for entry in entries]

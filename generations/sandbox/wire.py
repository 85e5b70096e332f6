"""HTTP requests and answers as plain data, between the server and the two provider APIs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Json = Any  # whatever json.loads returns
MOST_HANG_SECONDS = 120.0


@dataclass(frozen=True)
class Request:
    """One HTTP request, read to its end."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, and what the request log records of it."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    task_id: str = ""
    accepted: bool = False
    silent: bool = False  # close the connection without a byte
    hang_seconds: float = 0.0  # wait so long, or until the client disconnects, then close


def as_json(status: int, payload: Json, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, body, headers=headers or {})


def as_text(status: int, text: str, content_type: str = "text/plain; charset=utf-8") -> Answer:
    return Answer(status, text.encode(), content_type)


def for_task(answer: Answer, task_id: str, *, accepted: bool = False) -> Answer:
    """Return the answer, marked with its task for the request log."""
    return replace(answer, task_id=task_id, accepted=accepted)


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)

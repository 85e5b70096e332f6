"""Answers as bytes: what is sent, what its length is said to be, and how the connection ends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from tests.crash.faulty_provider.damage import cut_short, damaged_late, with_hole

PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
STATES = {
    "apixo": {"working": "processing", "done": "success", "failed": "failed", "odd": "processing_r2"},
    "apikley": {"working": "generating", "done": "success", "failed": "fail", "odd": "paused"},
}
REFUSALS = {  # (code at APIXO, at Apikley, words)
    "reject": (400, 422, "Invalid request body"),
    "bad key": (401, 401, "Invalid or missing API key"),
    "no access": (403, 403, "Key or route cannot access the model"),
    "no money": (402, 402, "Insufficient balance or quota"),
    "server error": (500, 500, "Server error"),
    "server error but taken": (500, 500, "Server error"),
}


@dataclass(frozen=True)
class Reply:
    """One answer; a length that is not the body's own breaks off the connection, -1 leaves it unsaid."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    seconds: float = 0.0  # before it
    silent: bool = False  # nothing is sent, and the connection ends
    reset: bool = False  # it ends with a reset

    @property
    def breaks_off(self) -> bool:
        return self.silent or self.reset or self.length not in (None, len(self.body))

    def to_bytes(self) -> bytes:
        length = len(self.body) if self.length is None else self.length
        fields = {"Content-Type": self.kind, **self.headers}
        fields |= {"Content-Length": str(length)} if length >= 0 else {}
        fields |= {"Connection": "close"} if self.breaks_off else {}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"HTTP/1.1 {self.status} {'OK' if self.status == 200 else 'Other'}\r\n{lines}\r\n".encode() + self.body


DROPPED, RESET = Reply(silent=True), Reply(silent=True, reset=True)
HTML = Reply(200, PAGE, "text/html")
# Faults that fit any request, and those of orders that are the same.
ANYWHERE = {
    **dict.fromkeys(("dropped", "lost answer", "lost order", "lost once"), DROPPED),
    **dict.fromkeys(("reset", "reset answer"), RESET),
    **dict.fromkeys(("page", "not json"), HTML),
    "gateway": Reply(502, PAGE, "text/html"),
    "garbage": Reply(200, b"\xff\xfe\x00 nonsense"),
    "cut answer": Reply(200, b'{"code": 200, "message": "success", "data": {"taskI', length=90),
}


def as_json(status: int, value: Any) -> Reply:
    return Reply(status, json.dumps(value).encode())


def say(api: str, code: int, data: Any, text: str = "") -> Reply:
    """An answer in the API's envelope; Apikley's errors travel with status 200."""
    words = {"message" if api == "apixo" else "msg": text or ("success" if code == 200 else "refused")}
    return as_json(code if api == "apixo" else 200, {"code": code, **words, "data": data})


def unknown_task(api: str) -> Reply:
    return say(api, 404, None, "Task not found") if api == "apixo" else say(api, 422, None, "recordInfo is null")


def to_order(api: str, fault: str, task_id: str, *, first_id: str, elsewhere: str, hang_seconds: float) -> Reply:
    """The answer to an order that met this fault; `task_id` is empty when it was not accepted."""
    if fault in ANYWHERE:
        return ANYWHERE[fault]
    if fault == "hang":
        return Reply(seconds=hang_seconds, silent=True)
    if fault == "redirect":
        return Reply(307, kind="text/plain", headers={"Location": elsewhere})
    if fault in ("busy", "busy but taken"):
        return replace(say(api, 429, None, "Rate limit exceeded"), headers={"Retry-After": "2"})
    if fault in REFUSALS:
        *codes, text = REFUSALS[fault]
        return say(api, codes[api == "apikley"], None, text)
    data = {"no id": None, "odd id": {"taskId": "../../etc/passwd"}, "taken id": {"taskId": first_id}}
    return say(api, 200, data.get(fault, {"taskId": task_id}))


def of_file(fault: str, data: bytes, begin: int | None) -> Reply:
    """A download from a byte on, or of the whole file, that meets this fault."""
    if fault in ANYWHERE and fault != "reset":
        return ANYWHERE[fault]
    part, cut = cut_short(data), len(cut_short(data))
    chunk = {"Transfer-Encoding": "chunked"}
    replies = {
        "cut": Reply(body=part, kind="video/mp4", length=len(data)),
        "reset": Reply(body=part, kind="video/mp4", length=len(data), reset=True),
        "cut without length": Reply(body=part, kind="video/mp4", length=-1),
        "cut chunk": Reply(body=f"{len(data):x}\r\n".encode() + part, kind="video/mp4", length=-1, headers=chunk),
        "short": Reply(body=part, kind="video/mp4"),
        "hole": Reply(body=with_hole(data), kind="video/mp4"),
        "damaged": Reply(body=damaged_late(data), kind="video/mp4"),
        "empty": Reply(kind="video/mp4"),
        "gzip": Reply(body=part, kind="video/mp4", headers={"Content-Encoding": "gzip"}),
        "gone": Reply(410, b"expired", "text/plain"),
        "wrong range": Reply(206, data[cut:], "video/mp4", headers=_range(cut, data)),
    }
    if fault in replies:
        return replies[fault]
    headers = {"ETag": f'"{len(data)}-{data[-64:].hex()}"', "Accept-Ranges": "bytes"}
    if begin is None:
        return Reply(200, data, "video/mp4", headers=headers)
    return Reply(206, data[begin:], "video/mp4", headers=headers | _range(begin, data))


def _range(begin: int, data: bytes) -> dict[str, str]:
    return {"Content-Range": f"bytes {begin}-{len(data) - 1}/{len(data)}"}

"""The interface between the program and a provider's adapter; a provider's own words stop at its adapter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

# A provider's id of a task is opaque, but it goes into a URL and a column.
REMOTE_ID = re.compile(r"[A-Za-z0-9_.\-]{1,200}")
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")  # PostgreSQL refuses NUL, UTF-8 lone surrogates


def storable(text: str, limit: int) -> str:
    """Cut a provider's text to `limit` characters, and replace those that a database refuses."""
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text[:limit])


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The order of one clip: images are URLs, durations seconds; empty strings and None are not sent."""

    provider: str
    model: str
    mode: str
    prompt: str
    duration_seconds: int
    aspect_ratio: str = ""
    sound: bool | None = None
    negative_prompt: str = ""
    cfg_scale: Decimal | None = None
    start_image: str = ""
    end_image: str = ""
    route: str = ""
    callback_url: str = ""


class RemoteState(Enum):
    """The state of a task at the provider, in our words."""

    WORKING = "working"  # also for unknown words: not finished is the safe reading
    DONE = "done"
    FAILED = "failed"
    UNSEEN = "unseen"  # "no such task": not visible yet just after the order, gone for good later


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTask:
    """A provider's answer about one task; `raw_state`, `error_code` and `error_message` are its own words."""

    state: RemoteState
    raw_state: str = ""
    result_urls: tuple[str, ...] = ()
    error_kind: str = ""  # errors.FailureKind
    error_code: str = ""
    error_message: str = ""
    asked_id: str = ""  # the id that was polled; the caller sets it


def named_id(payload: object) -> str:
    """Return the task id in a callback's JSON, `data.taskId` or `data.task_id`; empty when there is none."""
    data = payload.get("data") if isinstance(payload, dict) else None
    values = (data.get("taskId"), data.get("task_id")) if isinstance(data, dict) else ()
    return next((value for value in values if isinstance(value, str) and REMOTE_ID.fullmatch(value)), "")


class Provider(Protocol):
    """What every adapter does; all methods raise errors.ProviderError and nothing else."""

    name: str
    unit: str  # of the balance: USD or credits

    def submit(self, order: Order) -> str:
        """Send the order, which costs money, once, and return the provider's id for it."""

    def body(self, order: Order) -> dict[str, Any]:
        """Return the JSON that `submit` sends, to show it to a person who must decide about an order."""

    def fetch(self, *, model: str, remote_id: str) -> RemoteTask:
        """Return the state of a task; free, may be repeated."""

    def balance(self) -> Decimal:
        """Return what is left on the account, in `unit`."""

"""What the program and a provider's adapter say to each other; a provider's own words stop at its adapter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

# A provider's id of a task is opaque, but it goes into a URL and a column.
REMOTE_ID = re.compile(r"[A-Za-z0-9_.\-]{1,200}")
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")  # PostgreSQL refuses NUL in a text, and UTF-8 has no lone surrogates


def storable(text: str, limit: int) -> str:
    """A provider's text as any database takes it, cut to so many characters."""
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text[:limit])


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One clip to be made. Empty strings and None are not sent. Images are URLs, durations seconds."""

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
    """What a provider says of a task, in our words."""

    WORKING = "working"  # also any word that is not known: not finished is the safe reading
    DONE = "done"
    FAILED = "failed"
    UNSEEN = "unseen"  # "no such task": not visible yet just after the order, gone for good later


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTask:
    """A provider's answer about one task; `raw_state`, `error_code` and `error_message` are its own words."""

    state: RemoteState
    raw_state: str = ""
    result_urls: tuple[str, ...] = ()
    error_kind: str = ""  # ours: see errors.Kind
    error_code: str = ""
    error_message: str = ""
    asked_id: str = ""  # the id that was asked for, as who asked fills it in


def named_id(payload: object) -> str:
    """The task id that a callback's JSON names, `data.taskId` or `data.task_id`; empty when there is none."""
    data = payload.get("data") if isinstance(payload, dict) else None
    values = (data.get("taskId"), data.get("task_id")) if isinstance(data, dict) else ()
    return next((value for value in values if isinstance(value, str) and REMOTE_ID.fullmatch(value)), "")


class Provider(Protocol):
    """What every adapter does; all raise errors.ProviderError and nothing else."""

    name: str
    unit: str  # of the balance: USD or credits

    def submit(self, order: Order) -> str:
        """Send the order that costs money, once, and return the provider's id for it."""

    def body(self, order: Order) -> dict[str, Any]:
        """The JSON that `submit` sends for an order: for people, who have to decide what became of it."""

    def fetch(self, *, model: str, remote_id: str) -> RemoteTask:
        """Ask how a task is; free, and repeated at will."""

    def balance(self) -> Decimal:
        """What is left on the account, in `unit`."""

"""The interface between the program and a provider's adapter; a provider's own words stop at its adapter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

# A provider's id of a task is opaque, but it goes into a URL and a column.
REMOTE_ID = re.compile(r"[A-Za-z0-9_.\-]{1,200}")
Value = str | int | bool | Decimal | tuple[str, ...]  # of a parameter; a tuple holds addresses
IMAGE_FIELDS = ("start_image", "end_image")  # the first and the second of the parameter `images`
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")  # PostgreSQL refuses NUL, UTF-8 lone surrogates


def storable(text: str, limit: int) -> str:
    """Cut a provider's text to `limit` characters, and replace those that a database refuses."""
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text[:limit])


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One clip to be made: what was chosen, by the names of the menu; what is not in `parameters` is not sent.

    `video_seconds` is the length of the reference video, where the clip becomes as long as that.
    """

    provider: str
    model: str
    mode: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    video_seconds: int = 0
    callback_url: str = ""

    def but(self, **changes: Value | None) -> Order:
        """Return the order with other parameters; None takes one away."""
        changed = {**self.parameters, **changes}
        return replace(self, parameters={name: value for name, value in changed.items() if value is not None})

    def with_images(self, start: str, end: str) -> Order:
        """Return the order with these addresses of its first two pictures, which may be empty."""
        first = (start, end) if end else (start,) if start else ()
        others = self.parameters.get("images", ())
        images = (*first, *others[2:]) if isinstance(others, tuple) else first
        return self.but(images=images or None)

    def text(self, name: str) -> str:
        """Return a parameter as text, empty when it was not chosen."""
        return str(self.parameters.get(name, ""))

    def frozen(self) -> dict[str, Any]:
        """Return the parameters as JSON takes them: a decimal as text, addresses as a list."""
        return {
            name: str(value) if isinstance(value, Decimal) else list(value) if isinstance(value, tuple) else value
            for name, value in self.parameters.items()
        }

    @property
    def prompt(self) -> str:
        return self.text("prompt")

    @property
    def negative_prompt(self) -> str:
        return self.text("negative_prompt")

    @property
    def aspect_ratio(self) -> str:
        return self.text("aspect_ratio")

    @property
    def route(self) -> str:
        return self.text("route")

    @property
    def duration_seconds(self) -> int:
        """The length of the clip: as chosen, or as long as the reference video."""
        chosen = self.parameters.get("duration", self.video_seconds)
        return chosen if isinstance(chosen, int) else 0

    @property
    def sound(self) -> bool | None:
        chosen = self.parameters.get("sound")
        return chosen if isinstance(chosen, bool) else None

    @property
    def cfg_scale(self) -> Decimal | None:
        chosen = self.parameters.get("cfg_scale")
        return chosen if isinstance(chosen, Decimal) else None

    @property
    def start_image(self) -> str:
        return self._image(0)

    @property
    def end_image(self) -> str:
        return self._image(1)

    def _image(self, number: int) -> str:
        images = self.parameters.get("images", ())
        return images[number] if isinstance(images, tuple) and len(images) > number else ""


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
    created_at: datetime | None = None  # by the provider's clock, as it says, however unlikely
    completed_at: datetime | None = None
    cost_ms: int | None = None  # what it says that the work took
    asked_id: str = ""  # the id that was polled; the caller sets it


def named_id(payload: object) -> str:
    """Return the task id in a callback's JSON, `data.taskId` or `data.task_id`; empty when there is none."""
    data = payload.get("data") if isinstance(payload, dict) else None
    values = (data.get("taskId"), data.get("task_id")) if isinstance(data, dict) else ()
    return next((value for value in values if isinstance(value, str) and REMOTE_ID.fullmatch(value)), "")


def says_done(payload: object) -> bool:
    """Return whether a callback's JSON says that the clip was made, in the word that both providers use."""
    data = payload.get("data") if isinstance(payload, dict) else None
    return isinstance(data, dict) and data.get("state") == "success"


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

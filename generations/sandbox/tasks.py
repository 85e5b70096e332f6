"""Orders, and the tasks and clips that accepted orders become."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from functools import cached_property

from .faults import Faults, without_faults
from .wire import Json

SHORT_SECONDS = 3  # of a clip with `[wrong duration]`
# Parts of the generation time: pending until the first, `[unknown state]` from the second, failure at the third.
PENDING_SHARE, UNKNOWN_STATE_SHARE, FAIL_SHARE = 0.1, 0.6, 0.25


@dataclass(frozen=True)
class Order:
    """A valid order."""

    provider: str
    model: str
    prompt: str
    seconds: int
    ratio: str  # empty: the clip follows its start image
    sound: bool
    price: Decimal  # in the provider's own money: USD or credits
    typical: tuple[float, float]  # the documented range of generation times, in seconds
    image_urls: tuple[str, ...] = ()
    callback_url: str = ""
    param: str = ""  # the raw request, for `param` in the answer

    @cached_property
    def faults(self) -> Faults:
        return Faults.of(self.prompt)


@dataclass(frozen=True)
class Clip:
    """One file to be rendered; equal clips share one file."""

    prompt: str
    width: int
    height: int
    seconds: int
    sound: bool
    take: int = 1
    background: str = ""  # the name of a stored start image

    @cached_property
    def name(self) -> str:
        key = json.dumps([self.prompt, self.width, self.height, self.seconds, self.sound, self.take, self.background])
        return hashlib.sha256(key.encode()).hexdigest()[:24] + ".mp4"


@dataclass
class Task:
    """An accepted order. orders.py changes the last fields, under a lock."""

    id: str
    provider: str
    model: str
    prompt: str
    price: Decimal
    created_at: float
    takes_seconds: float
    clips: tuple[Clip, ...]
    callback_url: str = ""
    param: str = ""

    finished_at: float | None = None  # success or failure
    status_asks: int = 0
    result_asks: int = 0
    downloads: int = 0
    bytes_served: int = 0
    unrendered: set[str] = field(default_factory=set)

    @cached_property
    def faults(self) -> Faults:
        return Faults.of(self.prompt)

    @property
    def fails(self) -> bool:
        return "fail" in self.faults

    @property
    def due_at(self) -> float:
        """Return when the task finishes if its clips are rendered by then; infinity for `[stuck]`."""
        if "stuck" in self.faults:
            return float("inf")
        return self.created_at + self.takes_seconds * (FAIL_SHARE if self.fails else 1)

    def progress(self, now: float) -> float:
        return (now - self.created_at) / self.takes_seconds if self.takes_seconds > 0 else 1.0

    def phase(self, now: float) -> str:
        """Return pending, processing, unknown, success or failed; each provider has its own words for them."""
        if self.finished_at is not None:
            return "failed" if self.fails else "success"
        if self.progress(now) < PENDING_SHARE:
            return "pending"
        if "unknown state" in self.faults and self.progress(now) >= UNKNOWN_STATE_SHARE:
            return "unknown"
        return "processing"

    def to_json(self) -> dict[str, Json]:
        """Return the fields that never change, for the journal."""
        return {
            "id": self.id,
            "provider": self.provider,
            "model": self.model,
            "prompt": self.prompt,
            "price": str(self.price),
            "created_at": self.created_at,
            "takes_seconds": self.takes_seconds,
            "clips": [asdict(clip) for clip in self.clips],
            "callback_url": self.callback_url,
            "param": self.param,
        }

    @classmethod
    def from_json(cls, source: Mapping[str, Json]) -> "Task":
        known = dict(source)
        known["price"] = Decimal(known["price"])
        known["clips"] = tuple(Clip(**clip) for clip in known["clips"])
        return cls(**known)


def clips_for(order: Order, size: tuple[int, int], background: str, take: int) -> tuple[Clip, ...]:
    """Return the clips to render for an order, with the faults of picture and sound applied."""
    faults = order.faults
    if faults.words.keys() & {"fail", "stuck"}:
        return ()
    width, height = size
    if "wrong ratio" in faults:
        width, height = (640, 360) if width <= height else (480, 480)
    count = 2 if "two videos" in faults else 1
    return tuple(
        Clip(
            prompt=without_faults(order.prompt),
            width=width,
            height=height,
            seconds=SHORT_SECONDS if "wrong duration" in faults else order.seconds,
            sound=order.sound and "mute" not in faults,
            take=take * count + number,
            background=background,
        )
        for number in range(count)
    )

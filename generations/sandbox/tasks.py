"""What was ordered, and the task that an accepted order becomes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from functools import cached_property

from .fates import Fate, without_fates
from .wire import Json

SHORT_SECONDS = 3  # of a clip with `[wrong duration]`
# Of the time that a task takes: it is pending until here; `[unknown state]` shows from here; it fails here.
PENDING_SHARE, STRANGE_SHARE, FAIL_SHARE = 0.1, 0.6, 0.25


@dataclass(frozen=True)
class Order:
    """An order that breaks no rule."""

    provider: str
    model: str
    prompt: str
    seconds: int
    ratio: str  # empty: the clip follows its start image
    sound: bool
    price: Decimal  # in the provider's own money: USD or credits
    typical: tuple[float, float]  # the documented seconds that making it takes, from and to
    image_urls: tuple[str, ...] = ()
    callback_url: str = ""
    param: str = ""  # the request as it came, for the answer's `param`

    @cached_property
    def fate(self) -> Fate:
        return Fate.of(self.prompt)


@dataclass(frozen=True)
class Clip:
    """One file to be rendered; equal clips share one file."""

    prompt: str
    width: int
    height: int
    seconds: int
    sound: bool
    take: int = 1
    background: str = ""  # the name of a kept start image

    @cached_property
    def name(self) -> str:
        key = json.dumps([self.prompt, self.width, self.height, self.seconds, self.sound, self.take, self.background])
        return hashlib.sha256(key.encode()).hexdigest()[:24] + ".mp4"


@dataclass
class Task:
    """An accepted order. orders.py changes the second half of its fields, under a lock."""

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

    settled_at: float | None = None  # success or failure, and since when
    status_asks: int = 0
    result_asks: int = 0
    downloads: int = 0
    bytes_served: int = 0
    unrendered: set[str] = field(default_factory=set)

    @cached_property
    def fate(self) -> Fate:
        return Fate.of(self.prompt)

    @property
    def fails(self) -> bool:
        return "fail" in self.fate

    @property
    def due_at(self) -> float:
        """When it will be finished, if its clips are rendered by then; infinity for a stuck one."""
        if "stuck" in self.fate:
            return float("inf")
        return self.created_at + self.takes_seconds * (FAIL_SHARE if self.fails else 1)

    def progress(self, now: float) -> float:
        return (now - self.created_at) / self.takes_seconds if self.takes_seconds > 0 else 1.0

    def phase(self, now: float) -> str:
        """Returns pending, processing, strange, success or failed: each provider has its own words."""
        if self.settled_at is not None:
            return "failed" if self.fails else "success"
        if self.progress(now) < PENDING_SHARE:
            return "pending"
        if "unknown state" in self.fate and self.progress(now) >= STRANGE_SHARE:
            return "strange"
        return "processing"

    def to_json(self) -> dict[str, Json]:
        """Returns the unchanging half, as the journal keeps it."""
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
    """Returns what has to be rendered for an order, with what its fate does to the picture and the sound."""
    fate = order.fate
    if fate.words.keys() & {"fail", "stuck"}:
        return ()
    width, height = size
    if "wrong ratio" in fate:
        width, height = (640, 360) if width <= height else (480, 480)
    count = 2 if "two videos" in fate else 1
    return tuple(
        Clip(
            prompt=without_fates(order.prompt),
            width=width,
            height=height,
            seconds=SHORT_SECONDS if "wrong duration" in fate else order.seconds,
            sound=order.sound and "mute" not in fate,
            take=take * count + number,
            background=background,
        )
        for number in range(count)
    )

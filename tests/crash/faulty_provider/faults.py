"""What goes wrong with an order: as its prompt asks (`[lost answer] gulls`), or as dice decide."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

ALWAYS = 1000  # more polls or downloads than any test makes


@dataclass(frozen=True)
class OrderFault:
    """What becomes of an order: whether it is accepted, whether a client may know that it is not, and how often the
    dice choose it, of 100."""

    accepted: bool
    refused: bool = False
    weight: int = 0


# The answers stand in server.py.
ORDER_FAULTS = {
    "lost answer": OrderFault(True, weight=5),
    "lost order": OrderFault(False, weight=4),
    "lost once": OrderFault(False),
    "reset answer": OrderFault(True, weight=5),
    "gateway": OrderFault(True, weight=4),
    "server error": OrderFault(False, weight=3),
    "server error but taken": OrderFault(True, weight=3),
    "no id": OrderFault(True, weight=3),
    "odd id": OrderFault(True),
    "taken id": OrderFault(True),
    "cut answer": OrderFault(True, weight=3),
    "garbage": OrderFault(True, weight=3),
    "hang": OrderFault(True, weight=3),
    "not json": OrderFault(True),
    "redirect": OrderFault(True),
    "reject": OrderFault(False, refused=True, weight=4),
    "no access": OrderFault(False, refused=True),
    "busy": OrderFault(False, refused=True, weight=6),
    "busy but taken": OrderFault(True),
    "bad key": OrderFault(False, refused=True),
    "no money": OrderFault(False, refused=True),
}
ONCE = {"busy", "bad key", "no money", "lost once"}  # the first time; then the order is accepted
EARLY_WEIGHT = 5  # of 100: accepted, and the callback comes before the answer
# Word in a prompt -> what the polls, and the downloads of each clip, meet one after the other; then all is well.
POLL_SCRIPTS = {
    "late visible": ["unknown task"] * 3,
    "forgotten": ["unknown task"] * ALWAYS,
    "trouble": ["server error"] * 2,
    "silent once": ["dropped"],
    "other task once": ["other task"],
    "no urls": ["", "no urls", "no urls"],
}
FILE_SCRIPTS = {
    "truncated once": ["cut"],
    "short once": ["short"],
    "html once": ["page"],
    "html": ["page"] * ALWAYS,
    "endless once": ["cut without length"],
    "reset once": ["reset"],
    "hole once": ["hole"],
    "damaged once": ["damaged"],
    "damaged": ["damaged"] * ALWAYS,
    "broken": ["short"] * ALWAYS,
    "fresh url": ["gone"],
}
# What the dice choose from.
POLL_FAULTS = ("gateway", "page", "garbage", "cut answer", "dropped", "reset", "unknown task", "odd state", "no urls",
               "server error")  # fmt: skip
FILE_FAULTS = ("cut", "cut chunk", "cut without length", "short", "page", "empty", "reset", "garbage", "gzip", "gone",
               "gateway", "wrong range")  # fmt: skip
CALLBACKS = ("once", "once", "twice", "late", "never", "forged", "garbage", "other id")


@dataclass
class Script:
    """All that goes wrong with one order."""

    words: frozenset[str]  # of its prompt, or as if they stood there
    polls: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    callback: str = "once"
    seconds: float = 0.0  # until it is finished, besides one poll that sees it working (three when slow)

    def order_fault(self, earlier: int) -> str:
        """What this sending of the order meets, after so many earlier ones."""
        return next((word for word in ORDER_FAULTS if word in self.words and not (word in ONCE and earlier)), "")


def words_of(prompt: str) -> frozenset[str]:
    return frozenset(re.findall(r"\[([a-z0-9 ]+)\]", prompt))


def scripted(prompt: str, *, slow_seconds: float) -> Script:
    """As the prompt's words say."""
    words = words_of(prompt)
    return Script(
        words,
        polls=[fault for word, faults in POLL_SCRIPTS.items() if word in words for fault in faults],
        files=[fault for word, faults in FILE_SCRIPTS.items() if word in words for fault in faults],
        seconds=slow_seconds if "slow" in words else 0.0,
    )


def drawn(seed: int, prompt: str, *, slow_seconds: float) -> Script:
    """As the dice say, the same for the same seed and prompt; a few faults a task, so that it comes to its end."""
    dice = random.Random(f"{seed} {prompt}")
    weights = {word: fault.weight for word, fault in ORDER_FAULTS.items()} | {"early": EARLY_WEIGHT}
    (word,) = dice.choices([*weights, ""], [*weights.values(), 100 - sum(weights.values())])
    words = {word, *(["fail"] if dice.random() < 0.08 else [])}
    return Script(
        frozenset(words),
        polls=dice.choices(POLL_FAULTS, k=dice.randint(0, 4)),
        files=dice.choices(FILE_FAULTS, k=dice.randint(0, 2)),
        callback=dice.choice(CALLBACKS),
        seconds=dice.uniform(0.2, slow_seconds),
    )

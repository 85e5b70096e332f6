"""Named points at which a process can be made to die, to fail or to wait: for crash tests, and to practise a bad day.

`FAILPOINTS=save.renamed=kill@2,order.answered=sleep:5,save.begun#17=kill` kills the process that gives a clip its name
for the second time, delays what follows an order's answer by 5 s, and kills whoever takes task 17 in hand.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.conf import settings

# Every point, in the order of an order's life; each stands in one line of the program.
POINTS = {
    "place.written": "an order's rows and holds are written, and not committed",
    "order.claimed": "an order is claimed and committed, and nothing is sent",
    "order.answered": "an order was sent, and answered or not, and nothing is written of it",
    "state.claimed": "a question about a task is claimed and committed",
    "state.answered": "it was asked, and answered or not",
    "balance.claimed": "a question about the balance is claimed and committed",
    "balance.answered": "it was asked, and answered or not",
    "settle.begun": "answers are about to be written",
    "settle.written": "one answer is written, and not committed",
    "settle.committed": "answers are committed",
    "callback.kept": "a callback is committed, and not answered",
    "save.begun": "a clip was taken in hand",
    "save.fetched": "its part file is on the disk",
    "save.verified": "it was read whole, and has its still",
    "save.renamed": "it has its name, and no row",
    "save.written": "its row is written, and not committed",
    "save.kept": "its row is committed, and its task is not stored",
    "cleanup.parts": "left-over part files are gone, and nothing else is cleaned up",
}
ENTRY = re.compile(
    r"(?P<point>[a-z.]+)(?:#(?P<task>\d+))?=(?:(?P<what>kill|raise)|sleep:(?P<seconds>\d+(?:\.\d+)?))(?:@(?P<nth>\d+))?"
)


class FailpointReached(Exception):
    """What `raise` raises: a fault that nobody foresaw."""


@dataclass(frozen=True, slots=True)
class Failpoint:
    """What is to happen at a point; without `task_id` for every task, without `nth` each time."""

    point: str
    what: str
    seconds: float = 0.0
    task_id: int = 0
    nth: int = 0


_reached: Counter[Failpoint] = Counter()  # in this process


def reach(point: str, task_id: int = 0) -> None:
    """Say that this point is reached; nothing happens unless the settings name it."""
    if settings.FAILPOINTS:
        for failpoint in parse(tuple(settings.FAILPOINTS)):
            if failpoint.point == point and failpoint.task_id in (0, task_id):
                _act(failpoint)


@cache
def parse(entries: Iterable[str]) -> tuple[Failpoint, ...]:
    """Read the entries of FAILPOINTS; raise ValueError that names the bad one."""
    return tuple(_parse(entry.strip()) for entry in entries if entry.strip())


def _parse(entry: str) -> Failpoint:
    found = ENTRY.fullmatch(entry)
    if not found or found["point"] not in POINTS:
        raise ValueError(f"FAILPOINTS: {entry!r} is not POINT[#TASK]=kill|raise|sleep:SECONDS[@NTH] of a known point")
    return Failpoint(
        point=found["point"],
        what=found["what"] or "sleep",
        seconds=float(found["seconds"] or 0),
        task_id=int(found["task"] or 0),
        nth=int(found["nth"] or 0),
    )


def _act(failpoint: Failpoint) -> None:
    _reached[failpoint] += 1
    if failpoint.nth not in (0, _reached[failpoint]):
        return
    if failpoint.what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif failpoint.what == "raise":
        raise FailpointReached(failpoint.point)
    else:
        time.sleep(failpoint.seconds)

"""Replay each task's timeline: was every move allowed, does it follow from the one before, and who asked for it?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from generations.models import GenerationTask, Status, TaskEvent
from generations.models.statuses import MOVES, RESTING

READ_AT_ONCE = 2000
ALLOWED = {(was.value, to.value) for was, moves in MOVES.items() for to in moves}


class Line(NamedTuple):
    """An event of a timeline, with columns of its task's row."""

    task: int
    was: str
    now: str
    by: int | None
    status: str
    attempts: int
    send_count: int


class Fault(NamedTuple):
    """A breach of a promise by a task."""

    promise: str
    task: int
    what: str


def faults() -> Iterator[Fault]:
    """Yield the breaches on all timelines.

    Events and rows come from one query, so a move meanwhile is in both or in none.
    """
    columns = ("task_id", "was", "now", "by_id", "task__status", "task__attempts", "task__send_count")
    events = TaskEvent.objects.order_by("task_id", "id").values_list(*columns).iterator(chunk_size=READ_AT_ONCE)
    for task, lines in groupby((Line(*event) for event in events), key=lambda line: line.task):
        for promise, what in replay(list(lines)):
            yield Fault(promise, task, what)
    silent = GenerationTask.objects.exclude(status=Status.QUEUED)
    silent = silent.filter(~Exists(TaskEvent.objects.filter(task=OuterRef("pk"))))
    for pk, status in silent.order_by("pk").values_list("pk", "status").iterator(chunk_size=READ_AT_ONCE):
        yield Fault("P12", pk, f"it is {status}, but its timeline is empty")


def replay(lines: list[Line]) -> Iterator[tuple[str, str]]:
    """Replay one task's events; yield each broken promise and how it was broken.

    Lines without a move are notes. They are written beside moves, so their order among them says little; but a person's
    note is what allows a task at rest to move on.
    """
    here: str = Status.QUEUED
    sent = came_back = 0
    asked = False
    for line in lines:
        if line.was == line.now:
            asked = asked or line.by is not None
            continue
        if line.was != here:
            yield "P12", f"its timeline has a gap: it was {here}, but moved from {line.was} to {line.now}"
        if (line.was, line.now) not in ALLOWED:
            yield "P12", f"it moved from {line.was} to {line.now}, which is not allowed"
        if line.was in RESTING and not (asked or line.by):
            yield "P12", f"it was at rest as {line.was}, and moved to {line.now} without a person's request"
        if (line.was, line.now) == (Status.UNCONFIRMED, Status.FAILED) and not line.by:
            yield "P1", "it was closed as never accepted without a person's decision"
        sent += line.now == Status.SUBMITTING
        came_back += (line.was, line.now) == (Status.SUBMITTING, Status.QUEUED)
        asked = False if line.now in RESTING else asked
        here = line.now
    yield from _end(lines[-1], here=here, sent=sent, came_back=came_back)


def _end(row: Line, *, here: str, sent: int, came_back: int) -> Iterator[tuple[str, str]]:
    """Compare the end of the timeline with the task's row."""
    if here != row.status:
        yield "P12", f"its timeline ends as {here}, but it is {row.status}"
    if row.send_count > came_back + 1:
        yield "P1", f"{row.send_count} POSTs left, but only {came_back} were provably not accepted"
    if sent != row.attempts:
        yield "P2", f"it was claimed for sending {row.attempts} times, but its timeline shows {sent}"

"""Tasks that came to where they stand by the ways that there are, with timeline, money and clip."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.db import connection

from generations.models import GenerationTask, Status, TaskEvent
from generations.models.statuses import ACTIVE
from generations.money import ledger
from tests.factories import NOW, a_task
from tests.trees import a_complete_video

S = Status
WAYS: dict[Status, tuple[Status, ...]] = {
    S.QUEUED: (),
    S.CANCELED: (S.CANCELED,),
    S.SUBMITTING: (S.SUBMITTING,),
    S.FAILED: (S.SUBMITTING, S.FAILED),
    S.UNCONFIRMED: (S.SUBMITTING, S.UNCONFIRMED),
    S.RUNNING: (S.SUBMITTING, S.QUEUED, S.SUBMITTING, S.RUNNING),  # refused for now, at first
    S.READY: (S.SUBMITTING, S.RUNNING, S.READY),
    S.STORED: (S.SUBMITTING, S.RUNNING, S.READY, S.STORED),
    S.LOST: (S.SUBMITTING, S.RUNNING, S.READY, S.LOST),
}
numbers = itertools.count(1)


@contextmanager
def unguarded() -> Iterator[None]:
    """Let the ledger be changed, as whoever has the database's password can."""
    guards = import_module("generations.migrations.0005_ledger_is_kept")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    guards.unguard(connection)
    yield
    guards.guard(connection)


def a_life(status: Status, /, *, born: dict[str, Any] | None = None, **columns: Any) -> GenerationTask:
    """A task in a status, and how it came there; the columns are changed at the end, behind its back."""
    task = a_task(Status.QUEUED, **(born or {}))
    TaskEvent.objects.create(task=task, at=NOW, was=S.QUEUED, now=S.QUEUED, reason="ordered")
    for step in WAYS[status]:
        go(task, step)
    if columns:
        GenerationTask.objects.filter(pk=task.pk).update(**columns)
        task.refresh_from_db()
    return task


def go(task: GenerationTask, to: Status, *, at: datetime = NOW) -> None:
    """One move, with what the program writes with it."""
    changes: dict[Status, dict[str, Any]] = {
        S.SUBMITTING: {"attempts": task.attempts + 1, "submitted_at": at},
        S.QUEUED: {"send_count": task.send_count + 1, "submitted_at": None},
        S.UNCONFIRMED: {"send_count": task.send_count + 1},
        S.FAILED: {"send_count": task.send_count + 1},
        S.RUNNING: {"send_count": task.send_count + 1, "remote_id": f"lived-{next(numbers)}"},
        S.READY: {"result_urls": ["http://127.0.0.1:9/a.mp4"], "source_expires_at": at + timedelta(days=15)},
    }
    if to == S.STORED:
        a_complete_video(task)
    assert task.move(to, "a test", at=at, due_at=at if to in ACTIVE else None, **changes.get(to, {}))
    settle: dict[Status, Callable[..., None]] = {
        S.READY: ledger.charge, S.LOST: ledger.charge, S.FAILED: ledger.release, S.CANCELED: ledger.release,
    }  # fmt: skip
    if to in settle:
        settle[to](task, at=at, note="a test")

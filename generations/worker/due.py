"""Advance due tasks that need no HTTP call: unfinished submissions, unconfirmed orders, pending downloads."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Set
from datetime import datetime, timedelta
from typing import Protocol

from django.db import OperationalError, transaction
from django.db.models import Q

from generations.lifecycle.due_saves import COLUMNS as SAVE_COLUMNS
from generations.lifecycle.due_saves import enqueue_due_saves
from generations.lifecycle.submitting import mark_unconfirmed, remind_unconfirmed
from generations.models import GenerationTask, Status
from generations.money import budgets
from generations.providers import ADAPTERS

logger = logging.getLogger(__name__)

LATER = timedelta(minutes=1)  # until a row that could not be advanced is tried again
BATCH = 200  # rows of a kind in one tick
NO_CALL = {Status.SUBMITTING, Status.UNCONFIRMED, Status.READY}  # what is due in these may need no HTTP call


class Step(Protocol):
    """A function that advances one task without an HTTP call."""

    def __call__(self, task: GenerationTask, *, at: datetime) -> None: ...


def due_statuses(at: datetime) -> dict[str, set[str]]:
    """Return for each provider the statuses in which tasks are due now."""
    due = GenerationTask.objects.due(at=at)
    found: dict[str, set[str]] = defaultdict(set)
    # No DISTINCT: for that SQLite reads every task in the order of another index. Thousands of orders may wait, and of
    # them it is enough to know that there is one.
    for provider, status in due.order_by("due_at").exclude(status=Status.QUEUED).values_list("provider", "status"):
        found[provider].add(status)
    for provider in ADAPTERS:
        if due.filter(status=Status.QUEUED, provider=provider).exists():
            found[provider].add(Status.QUEUED)
    return found


def advance_due_tasks(at: datetime, statuses: Set[str] = NO_CALL) -> None:
    """Advance every such task in these statuses, in one commit if possible."""
    due = GenerationTask.objects.due(at=at)
    steps: list[tuple[Step, GenerationTask]] = []
    if statuses - {Status.READY}:
        unanswered = due.filter(Q(status=Status.SUBMITTING) | Q(status=Status.UNCONFIRMED, candidate_id=""))
        steps = [
            (mark_unconfirmed if task.status == Status.SUBMITTING else remind_unconfirmed, task)
            for task in unanswered[:BATCH]
        ]
    saves = []
    if Status.READY in statuses:
        saves = list(due.filter(status=Status.READY, urls_died=False).only(*SAVE_COLUMNS)[:BATCH])
    if not steps and not saves:
        return
    try:
        with transaction.atomic(), budgets.deferred_counters():
            for step, task in steps:
                step(task, at=at)
            enqueue_due_saves(saves, at=at)
    except OperationalError:
        raise
    except Exception:
        logger.exception("the tasks could not be advanced together, so each is advanced in its own transaction")
        steps += [(_enqueue_save, task) for task in saves]
        _advance_one_by_one([(step, task.pk) for step, task in steps], at=at)


def _enqueue_save(task: GenerationTask, *, at: datetime) -> None:
    enqueue_due_saves([task], at=at)


def _advance_one_by_one(steps: list[tuple[Step, int]], *, at: datetime) -> None:
    """Advance each task in its own transaction: one bad row must not stop the others."""
    for step, pk in steps:
        try:
            with transaction.atomic():
                step(GenerationTask.objects.due(at=at).get(pk=pk), at=at)
        except GenerationTask.DoesNotExist:
            continue
        except OperationalError:
            raise
        except Exception:
            logger.exception("task %s could not be advanced", pk)
            GenerationTask.objects.filter(pk=pk, due_at__lte=at).update(due_at=at + LATER)

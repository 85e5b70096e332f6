"""Advance due tasks that need no HTTP call: unfinished submissions, unconfirmed orders, pending downloads."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Protocol

from django.db import OperationalError, transaction

from generations.lifecycle import saving
from generations.lifecycle.submitting import mark_unconfirmed, remind_unconfirmed
from generations.models import GenerationTask, Status
from generations.money import budgets

logger = logging.getLogger(__name__)

LATER = timedelta(minutes=1)  # until a row that could not be advanced is tried again
BATCH = 200  # rows of a kind in one tick


class Step(Protocol):
    """A function that advances one task without an HTTP call."""

    def __call__(self, task: GenerationTask, *, at: datetime) -> None: ...


def advance_due_tasks(at: datetime) -> None:
    """Advance every such task, in one commit if possible."""
    due = GenerationTask.objects.due(at=at)
    steps: list[tuple[Step, GenerationTask]] = [
        (mark_unconfirmed, task) for task in due.filter(status=Status.SUBMITTING)[:BATCH]
    ]
    steps += [(remind_unconfirmed, task) for task in due.filter(status=Status.UNCONFIRMED, candidate_id="")[:BATCH]]
    steps += [(saving.enqueue_due_save, task) for task in due.filter(status=Status.READY, urls_died=False)[:BATCH]]
    try:
        with transaction.atomic(), budgets.deferred_counters():
            for step, task in steps:
                step(task, at=at)
    except OperationalError:
        raise
    except Exception:
        logger.exception("the tasks could not be advanced together, so each is advanced in its own transaction")
        _advance_one_by_one([(step, task.pk) for step, task in steps], at=at)


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

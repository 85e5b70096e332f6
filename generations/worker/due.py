"""What is due and needs no provider: doubtful orders, undecided ones, files to be fetched."""

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

LATER = timedelta(minutes=1)  # until a row that a fault of ours keeps where it is comes up again
BATCH = 200  # rows of a kind that one tick steps at most


class Step(Protocol):
    """What is done to a row without asking anybody."""

    def __call__(self, task: GenerationTask, *, at: datetime) -> None: ...


def advance_due_tasks(at: datetime) -> None:
    """Step every row that is due, in one commit if that can be."""
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
        logger.exception("the rows could not be stepped together, so each is stepped apart")
        _step_apart([(step, task.pk) for step, task in steps], at=at)


def _step_apart(steps: list[tuple[Step, int]], *, at: datetime) -> None:
    """Each in a transaction of its own: one bad row must not stop the others."""
    for step, pk in steps:
        try:
            with transaction.atomic():
                step(GenerationTask.objects.due(at=at).get(pk=pk), at=at)
        except GenerationTask.DoesNotExist:
            continue
        except OperationalError:
            raise
        except Exception:
            logger.exception("task %s could not be stepped", pk)
            GenerationTask.objects.filter(pk=pk, due_at__lte=at).update(due_at=at + LATER)

"""Claim many tasks for polls in one statement, and put off those that are still being worked on in one a group.

Only what changes neither a status nor money is written so. The rest goes one by one, by polling.apply_poll_answer().
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, F

from generations.lifecycle import polling
from generations.lifecycle.calls import Outcome, ProviderCall
from generations.models import GenerationTask, Status
from generations.models.task_queries import TaskQuerySet
from generations.providers.base import RemoteState, RemoteTask

# All that a poll needs to know of a task.
COLUMNS = (
    "provider", "model", "mode", "duration_seconds", "delivery", "status", "due_at", "remote_id", "candidate_id",
    "submitted_at",
)  # fmt: skip

Answer = tuple[ProviderCall, Outcome]


def due_polls(provider: str, *, at: datetime) -> TaskQuerySet:
    """Select what is to be polled now, but for rows that were polled when a conductor died."""
    return GenerationTask.objects.due(at=at).to_be_asked().filter(provider=provider, crash_count=0).only(*COLUMNS)


def count_running() -> dict[str, int]:
    """Return for each provider how many tasks are polled again and again."""
    running = GenerationTask.objects.of_this_site().filter(status=Status.RUNNING).order_by()
    return dict(running.values_list("provider").annotate(n=Count("id")))


def claim_polls(tasks: Iterable[GenerationTask], *, at: datetime) -> list[ProviderCall]:
    """Claim rows that were read before for a poll; leave out those that another process or a person has changed."""
    tasks = list(tasks)
    if not tasks:
        return []
    # The due time that a claim writes is its own to the microsecond, and so tells which rows it got.
    claimed_until = at + polling.POLL_LEASE + timedelta(microseconds=random.randrange(1_000_000))  # noqa: S311
    due = GenerationTask.objects.due(at=at).to_be_asked().filter(pk__in=[task.pk for task in tasks])
    claimed = due.update(due_at=claimed_until, poll_count=F("poll_count") + 1, crash_count=F("crash_count") + 1)
    if claimed < len(tasks):
        mine = GenerationTask.objects.filter(pk__in=[task.pk for task in tasks], due_at=claimed_until)
        ours = set(mine.values_list("pk", flat=True))
        tasks = [task for task in tasks if task.pk in ours]
    return [
        polling.poll_call(task, claimed_until=claimed_until, wait_seconds=polling.interval_seconds(task, at=at))
        for task in tasks
    ]


def put_off_working(answers: Sequence[Answer], *, at: datetime, pace_seconds: dict[str, float]) -> list[Answer]:
    """Put off the next poll of tasks that are still being worked on; return the answers that need more than that.

    `pace_seconds` is the shortest interval that each provider's rate allows.
    """
    groups: dict[tuple[float, str], list[Answer]] = defaultdict(list)
    others: list[Answer] = []
    for call, outcome in answers:
        if call.claimed_until and isinstance(outcome, RemoteTask) and outcome.state is RemoteState.WORKING:
            wait = max(call.wait_seconds, pace_seconds.get(call.provider, 0.0))
            groups[wait, outcome.raw_state].append((call, outcome))
        else:
            others.append((call, outcome))
    for (wait, state), group in groups.items():
        others += _put_off(group, state, due_at=at + timedelta(seconds=wait))
    return others


def _put_off(group: list[Answer], state: str, *, due_at: datetime) -> list[Answer]:
    """Put off rows that nobody touched since their claim; return the answers about those that are no longer running.

    A running row that a callback or a person made due meanwhile stays due.
    """
    ids = [call.task_id for call, __ in group]
    running = GenerationTask.objects.filter(pk__in=ids, status=Status.RUNNING)
    untouched = running.filter(due_at__in={call.claimed_until for call, __ in group})
    done = untouched.update(
        due_at=due_at, remote_state=state, unseen_since=None, failures=0, error_message="", crash_count=0
    )
    if done == len(ids):
        return []
    running.update(crash_count=0)
    still_running = set(running.values_list("pk", flat=True))
    return [answer for answer in group if answer[0].task_id not in still_running]

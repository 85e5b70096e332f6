"""Two conductors at the same rows, with a callback or a person in between: no task is lost, none is acted on twice.

One conductor at a time holds the lease, and another may still write the answers that it waited for. Each round gives
one task to three threads, which have read it before they start. With `-m long` 10,000 rounds are run.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from generations.lifecycle import callbacks, decisions, ordering, polling
from generations.lifecycle.due_saves import enqueue_due_saves
from generations.lifecycle.poll_batches import claim_polls, put_off_working
from generations.lifecycle.submitting import apply_submit_answer, claim_submission, mark_unconfirmed
from generations.models import EntryKind, GenerationTask, Status
from generations.money import budgets
from generations.providers.base import RemoteState, RemoteTask
from tests.factories import a_task, kinds_of

pytestmark = pytest.mark.django_db(transaction=True)

WORKING = RemoteTask(state=RemoteState.WORKING, raw_state="processing")
DONE = RemoteTask(state=RemoteState.DONE, raw_state="success", result_urls=("http://127.0.0.1:9/a.mp4",))
FAILED = RemoteTask(state=RemoteState.FAILED, raw_state="failed", error_kind="content", error_code="NSFW")
HELD, CHARGED = [EntryKind.HOLD], [EntryKind.HOLD, EntryKind.CHARGE]
RELEASED = [EntryKind.HOLD, EntryKind.RELEASE]
TRIES = 5  # of what the database refuses, as a conductor does on its next ticks

Act = Callable[[GenerationTask], Any]


@dataclass(frozen=True)
class Race:
    """What three processes do to one task at the same time, and what must have become of it."""

    make: Callable[[], GenerationTask]
    acts: tuple[Act, Act, Act]
    judge: Callable[[GenerationTask, list[Any]], bool]


def claim_order(task: GenerationTask) -> bool:
    return claim_submission(task, at=timezone.now()) is not None


def cancel(task: GenerationTask) -> bool:
    return ordering.cancel(task, at=timezone.now(), by=None)


def poll(task: GenerationTask) -> int:
    """Claim a poll, and write that the provider still works on it."""
    calls = claim_polls([task], at=timezone.now())
    if put_off_working([(call, WORKING) for call in calls], at=timezone.now(), pace_seconds={}):
        raise AssertionError("nothing else was to be written")
    return len(calls)


def ask_now(task: GenerationTask) -> int:
    polling.poll_now(task, at=timezone.now(), by=None)
    return 0


def call_back(task: GenerationTask) -> int:
    callbacks.record_callback(task, "{}", digest=f"{task.pk}", named=f"id-{task.pk}", at=timezone.now())
    return 0


def says(outcome: RemoteTask) -> Act:
    def apply(task: GenerationTask) -> None:
        polling.apply_poll_answer(task.pk, outcome, at=timezone.now())

    return apply


def accept(task: GenerationTask) -> None:
    apply_submit_answer(task.pk, f"id-{task.pk}", at=timezone.now(), attempt=task.attempts)


def give_up(task: GenerationTask) -> None:
    mark_unconfirmed(task, at=timezone.now())


def decide(task: GenerationTask) -> bool:
    return decisions.mark_not_accepted(task, "not listed", at=timezone.now(), by=None)


def enqueue(task: GenerationTask) -> None:
    enqueue_due_saves([task], at=timezone.now())


def store(task: GenerationTask) -> bool:
    return task.move(Status.STORED, "verified and stored", at=timezone.now())


def ended_once(task: GenerationTask, results: list[Any]) -> bool:
    """Whether it was finished or failed, with its money, in one move."""
    moves = [event for event in task.events.all() if event.was != event.now]
    money = {Status.READY: CHARGED, Status.FAILED: RELEASED}
    return len(moves) == 1 and money.get(Status(task.status)) == kinds_of(task)


def sent_or_canceled(task: GenerationTask, results: list[Any]) -> bool:
    ends = {Status.SUBMITTING: HELD, Status.CANCELED: RELEASED}
    return sum(results) == 1 and ends.get(Status(task.status)) == kinds_of(task)


def decided_or_known(task: GenerationTask, results: list[Any]) -> bool:
    ends = {Status.RUNNING: HELD, Status.READY: CHARGED, Status.FAILED: RELEASED}
    return results[2] == (task.status == Status.FAILED) and ends.get(Status(task.status)) == kinds_of(task)


def polled(task: GenerationTask, results: list[Any]) -> bool:
    """Whether each claim was counted and answered; what was made due meanwhile is polled once more, or still due."""
    claims = sum(results)
    is_due = task.due_at is not None and task.due_at <= timezone.now()
    return (claims, 0) == (task.poll_count, task.crash_count) and (claims in (1, 2) or is_due)


RACES: dict[str, Race] = {
    "claimed, or canceled by a person": Race(
        lambda: a_task(Status.QUEUED), (claim_order, claim_order, cancel), sent_or_canceled
    ),
    "polled while a callback comes": Race(lambda: a_task(Status.RUNNING), (poll, poll, call_back), polled),
    "polled while a person asks": Race(lambda: a_task(Status.RUNNING), (poll, poll, ask_now), polled),
    "finished twice while a callback comes": Race(
        lambda: a_task(Status.RUNNING), (says(DONE), says(DONE), call_back), ended_once
    ),
    "finished and failed": Race(lambda: a_task(Status.RUNNING), (says(DONE), says(FAILED), ask_now), ended_once),
    "accepted while it is given up and named": Race(
        lambda: a_task(Status.SUBMITTING),
        (accept, give_up, call_back),
        lambda task, results: (task.status, task.remote_id) == (Status.RUNNING, f"id-{task.pk}"),
    ),
    "known to the provider while a person decides": Race(
        lambda: a_task(Status.UNCONFIRMED, candidate_id="given"),
        (says(WORKING), says(DONE), decide),
        decided_or_known,
    ),
    "enqueued twice while it is stored": Race(
        lambda: a_task(Status.READY),
        (enqueue, enqueue, store),
        lambda task, results: (task.status, task.due_at, results[2]) == (Status.STORED, None, True),
    ),
}


@pytest.fixture(autouse=True)
def scaled(settings: Settings) -> None:
    settings.WAIT_SCALE = 1


@pytest.fixture
def racers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(3) as pool:
        yield pool
        barrier = threading.Barrier(3)

        def close() -> None:
            barrier.wait(30)  # so that each thread closes its own
            connection.close()

        for closed in [pool.submit(close) for __ in range(3)]:
            closed.result()


def run(race: Race, rounds: int, racers: ThreadPoolExecutor) -> Counter[str]:
    """Run a race so many times; return what was wrong, and in how many rounds each status was the end."""
    ends: Counter[str] = Counter()
    for __ in range(rounds):
        task = race.make()
        barrier = threading.Barrier(3)
        running = [racers.submit(enter, barrier, act, task.pk) for act in race.acts]
        results = [one.result() for one in running]
        task.refresh_from_db()
        assert race.judge(task, results), (task.status, results, kinds_of(task), [str(e) for e in task.events.all()])
        assert task.due_at is None or task.due_at < timezone.now() + timedelta(hours=2)
        ends[task.status] += 1
    return ends


def enter(barrier: threading.Barrier, act: Act, pk: int) -> Any:
    task = GenerationTask.objects.get(pk=pk)
    barrier.wait(30)
    threading.Event().wait(random.random() / 500)  # noqa: S311 - one is first, and not always the same
    for tried in range(TRIES):
        try:
            with transaction.atomic(), budgets.deferred_counters():
                return act(task)
        except OperationalError:
            if tried == TRIES - 1:
                raise
            task.refresh_from_db()
    raise AssertionError


@pytest.mark.parametrize("name", RACES)
def test_no_task_is_lost_and_none_is_acted_on_twice(name: str, racers: ThreadPoolExecutor) -> None:
    assert sum(run(RACES[name], 40, racers).values()) == 40


@pytest.mark.long
@pytest.mark.parametrize("name", RACES)
def test_nor_in_ten_thousand_rounds(name: str, racers: ThreadPoolExecutor) -> None:
    assert sum(run(RACES[name], 1250, racers).values()) == 1250

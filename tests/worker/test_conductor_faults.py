"""What the loop does when an answer, a commit or a worker is lost."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from generations.lifecycle import submitting
from generations.lifecycle.calls import CALL_LEASE, START_SECONDS, CallKind
from generations.models import Status
from generations.models.leases import lease_held
from generations.sandbox import Sandbox
from generations.worker import conductor
from generations.worker.pacing import Pace
from tests.factories import a_task, due
from tests.worker.conducting import order, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick")]


def test_one_answer_that_cannot_be_written_does_not_lose_the_others(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = order(), order()
    apply_answers = submitting.apply_submit_answer

    def fail_for_one(task_id: int, outcome: Any, **how: Any) -> None:
        if task_id == bad.pk:
            raise RuntimeError("a fault of ours")
        apply_answers(task_id, outcome, **how)

    monkeypatch.setattr(conductor, "apply_submit_answer", fail_for_one)
    conductor.conduct()
    good.refresh_from_db()
    assert good.remote_id
    accepted = {task["id"] for task in sandbox.truth()["tasks"]} - {good.remote_id}
    assert all(lost in caplog.text for lost in accepted)


def test_a_commit_whose_answer_was_lost_does_not_send_the_order_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer "not sent" is written, and the database's own yes is lost: the stale answer must not undo the next."""
    task = order()
    apply_answers = conductor.Conductor._apply_answers
    calls: list[int] = []

    def lose_the_first_commit(self: conductor.Conductor) -> None:
        kept = list(self.answered)
        apply_answers(self)
        if kept and not calls:
            calls.append(1)
            self.answered = kept

    monkeypatch.setattr(conductor.Conductor, "_apply_answers", lose_the_first_commit)
    conductor.conduct()
    task.refresh_from_db()
    moves = [(event.was, event.now) for event in task.events.all() if event.was != event.now]
    assert calls
    assert moves[:2] == [("queued", "submitting"), ("submitting", "queued")]
    assert all(a != b for a, b in zip(moves, moves[1:], strict=False))


def test_a_fault_while_orders_are_in_flight_loses_no_answer(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    task, send = order(), conductor.Conductor._send

    def fail_after_orders(self: conductor.Conductor, pool: Any, asks: Any, pace: Any) -> None:
        send(self, pool, asks, pace)
        if any(ask.kind is CallKind.SUBMIT for ask in asks):
            raise RuntimeError("a fault of ours")

    monkeypatch.setattr(conductor.Conductor, "_send", fail_after_orders)
    with pytest.raises(RuntimeError):
        conductor.conduct()
    task.refresh_from_db()
    assert (task.status, task.remote_id) == (Status.RUNNING, sandbox.truth()["tasks"][0]["id"])


def test_an_answer_that_the_database_would_not_take_is_in_the_log(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    order()

    def away(*args: Any, **how: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(conductor, "apply_submit_answer", away)
    monkeypatch.setattr(conductor, "CLOSING_SECONDS", 0.3)
    conductor.conduct()
    (accepted,) = sandbox.truth()["tasks"]
    assert accepted["id"] in caplog.text


def test_an_order_whose_worker_died_is_put_before_a_person(sandbox: Sandbox) -> None:
    task = run(a_task(Status.SUBMITTING, due_at=timezone.now() - timedelta(seconds=1)))
    assert task.status == Status.UNCONFIRMED
    assert not any(request["method"] == "POST" for request in sandbox.truth()["requests"])


def test_an_order_that_a_dead_process_left_in_flight_is_unconfirmed_within_a_minute() -> None:
    sent_at = timezone.now()
    task = a_task(Status.SUBMITTING, submitted_at=sent_at, due_at=sent_at + CALL_LEASE)
    conductor.conduct()
    task.refresh_from_db()
    assert task.status == Status.SUBMITTING  # its process may only be slow
    assert timedelta(seconds=START_SECONDS) < due(task) - sent_at < timedelta(seconds=60)


def test_what_a_conductor_may_have_died_of_is_asked_alone_so_that_it_takes_nobody_along() -> None:
    now = timezone.now()
    suspects = [a_task(Status.RUNNING, due_at=now, crash_count=1).pk for __ in range(2)]
    others = [a_task(Status.RUNNING, due_at=now).pk for __ in range(2)]
    with lease_held("conductor", seconds=60) as hold:
        assert hold
        at_work = conductor.Conductor(hold)

        def asked() -> list[int]:
            return [ask.task_id for ask in at_work._claim_polls("apixo", Pace(100.0, tokens=100.0), now)]

        assert asked() == [*others, suspects[0]]
        assert at_work.suspect
        at_work.in_flight = {Future(): at_work.suspect}
        assert asked() == []
        at_work.in_flight = {}
        assert asked() == [suspects[1]]


def test_a_lost_job_to_save_is_repeated() -> None:
    task = a_task(Status.READY, due_at=timezone.now() - timedelta(seconds=1))
    conductor.conduct()
    task.refresh_from_db()
    assert OrmQ.objects.filter(payload__isnull=False).count() == 1
    assert due(task) > timezone.now()


def test_a_slice_asks_for_a_successor_only_while_something_is_due_soon(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conductor, "SLICE_SECONDS", 0.2)
    assert not conductor.conduct().wants_successor
    order("[stuck]")
    assert conductor.conduct().wants_successor


def test_a_worker_that_is_told_to_stop_begins_nothing_new(sandbox: Sandbox) -> None:
    order()
    conductor.stop_requested.value = 1
    try:
        assert not conductor.conduct().wants_successor
    finally:
        conductor.stop_requested.value = 0
    assert not any(request["method"] == "POST" for request in sandbox.truth()["requests"])

"""What the loop does when an answer, a commit or a worker is lost."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from generations.lifecycle import submitting
from generations.lifecycle.calls import CALL_LEASE, START_SECONDS, CallKind, ProviderCall
from generations.models import GenerationTask, Lease, Status
from generations.providers.apixo import Apixo
from generations.providers.base import RemoteState, RemoteTask
from generations.sandbox import Sandbox
from generations.worker import conductor, lane
from tests.conducting import conduct
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
    conduct()
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
    conduct()
    task.refresh_from_db()
    moves = [(event.was, event.now) for event in task.events.all() if event.was != event.now]
    assert calls
    assert moves[:2] == [("queued", "submitting"), ("submitting", "queued")]
    assert all(a != b for a, b in zip(moves, moves[1:], strict=False))


def test_a_fault_while_orders_are_in_flight_loses_no_answer(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    task, send = order(), lane.Lane.send

    def fail_after_orders(self: lane.Lane, asks: Any) -> None:
        send(self, asks)
        if any(ask.kind is CallKind.SUBMIT for ask in asks):
            raise RuntimeError("a fault of ours")

    monkeypatch.setattr(lane.Lane, "send", fail_after_orders)
    with pytest.raises(RuntimeError):
        conduct()
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
    conduct()
    (accepted,) = sandbox.truth()["tasks"]
    assert accepted["id"] in caplog.text


def test_an_order_whose_worker_died_is_put_before_a_person(sandbox: Sandbox) -> None:
    task = run(a_task(Status.SUBMITTING, due_at=timezone.now() - timedelta(seconds=1)))
    assert task.status == Status.UNCONFIRMED
    assert not any(request["method"] == "POST" for request in sandbox.truth()["requests"])


def test_an_order_that_a_dead_process_left_in_flight_is_unconfirmed_within_a_minute() -> None:
    sent_at = timezone.now()
    task = a_task(Status.SUBMITTING, submitted_at=sent_at, due_at=sent_at + CALL_LEASE)
    conduct()
    task.refresh_from_db()
    assert task.status == Status.SUBMITTING  # its process may only be slow
    assert timedelta(seconds=START_SECONDS) < due(task) - sent_at < timedelta(seconds=60)


def test_a_lost_job_to_save_is_repeated() -> None:
    task = a_task(Status.READY, due_at=timezone.now() - timedelta(seconds=1))
    conduct()
    task.refresh_from_db()
    assert OrmQ.objects.filter(payload__isnull=False).count() == 1
    assert due(task) > timezone.now()


def test_a_conductor_that_is_told_to_stop_begins_nothing_new(sandbox: Sandbox) -> None:
    order()
    assert conductor.conduct(lambda: False)
    assert not any(request["method"] == "POST" for request in sandbox.truth()["requests"])


def test_in_the_end_polls_go_on_until_the_orders_in_flight_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    polled = threading.Event()

    def fetch(self: Apixo, **what: str) -> RemoteTask:
        polled.set()
        return RemoteTask(state=RemoteState.WORKING)

    monkeypatch.setattr(Apixo, "submit", lambda self, order: "an-id" if polled.wait(30) else "too late")
    monkeypatch.setattr(Apixo, "fetch", fetch)
    monkeypatch.setattr(Apixo, "balance", lambda self: Decimal(100))
    task = order()

    def is_queued() -> bool:
        task.refresh_from_db()
        if task.status != Status.QUEUED and not GenerationTask.objects.filter(remote_id="another").exists():
            a_task(Status.RUNNING, due_at=timezone.now(), remote_id="another")  # due after it was told to stop
        return task.status == Status.QUEUED

    assert conductor.conduct(is_queued)
    task.refresh_from_db()
    assert (task.status, task.remote_id) == (Status.RUNNING, "an-id")


def test_the_lease_is_released_before_the_last_answers_come(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    at_work = conductor.Conductor(uuid4())
    assert Lease.objects.take(conductor.LEASE, seconds=60, token=at_work.token)
    at_work.answered = [(ProviderCall(CallKind.POLL, "apixo", lambda: Decimal(), 7), Decimal())]
    monkeypatch.setattr(
        conductor, "apply_poll_answer", lambda *args, **how: seen.append(Lease.objects.is_held(conductor.LEASE))
    )
    at_work.finish()
    assert seen == [False]


def test_a_conductor_whose_lease_another_took_over_ends(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "RENEW_SECONDS", 0.0)
    ticks: list[int] = []

    def goes_on() -> bool:
        ticks.append(1)
        if len(ticks) == 3:
            Lease.objects.filter(name=conductor.LEASE).update(token=uuid4())
        assert len(ticks) < 10
        return True

    assert conductor.conduct(goes_on)
    assert len(ticks) == 3
    assert Lease.objects.is_held(conductor.LEASE)  # the other's was not released

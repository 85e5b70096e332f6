"""The loop that talks to the providers, against the practice provider over real HTTP."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import Future
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from generations.lifecycle import ordering, saving, submitting
from generations.lifecycle.calls import CALL_LEASE, START_SECONDS, CallKind
from generations.lifecycle.ordering import OrderRequest
from generations.models import Account, BalanceReading, EntryKind, GenerationTask, Lease, LedgerEntry, Pause, Status
from generations.models.leases import lease_held
from generations.providers.apixo import Apixo
from generations.providers.errors import OutcomeUnknown
from generations.sandbox import Sandbox
from generations.worker import conductor
from generations.worker.pacing import Pace
from tests.factories import a_task, an_order, configure, due, last_reason

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documented waits at a thousandth, and slices that end as soon as nothing is left to do."""
    settings.WAIT_SCALE = 0.001
    monkeypatch.setattr(conductor, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(conductor, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(conductor, "SOON", timedelta(seconds=0.5))
    monkeypatch.setattr(conductor, "SLICE_SECONDS", 1.5)


def order(words: str = "", **changes: Any) -> GenerationTask:
    (task,) = ordering.place([OrderRequest(an_order(prompt=f"a lighthouse {words}", **changes))], at=timezone.now())
    return task


def run(task: GenerationTask) -> GenerationTask:
    """Conduct until it waits for a person or its end, saving what is rung for in between."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        conductor.conduct()
        for job in GenerationTask.objects.filter(status=Status.READY, urls_died=False):
            saving.save(job.pk)
        task.refresh_from_db()
        waits = task.due_at is None or task.due_at > timezone.now() + conductor.SOON
        if waits and task.status not in (Status.RUNNING, Status.READY):  # on a slow machine those take a while
            break
    return task


def posts(sandbox: Sandbox) -> Counter[str]:
    return Counter(request["method"] for request in sandbox.truth()["requests"])


def test_an_order_becomes_a_stored_clip_with_one_post(sandbox: Sandbox) -> None:
    task = run(order())
    assert task.status == Status.STORED
    assert task.videos.get().path.stat().st_size == task.videos.get().size_bytes
    assert posts(sandbox)["POST"] == 1
    assert [entry.kind for entry in LedgerEntry.objects.order_by("id")] == [EntryKind.HOLD, EntryKind.CHARGE]


def test_a_failed_clip_ends_in_their_words_and_costs_nothing(sandbox: Sandbox) -> None:
    task = run(order("[fail NSFW]"))
    assert (task.status, task.error_code, task.error_kind) == (Status.FAILED, "NSFW", "content")
    assert LedgerEntry.objects.filter(kind=EntryKind.RELEASE).exists()


@pytest.mark.parametrize("fate", ["[lost answer]", "[no id]", "[gateway error]", "[server error]"])
def test_an_order_of_unknown_outcome_is_sent_once_and_waits_for_a_person(fate: str, sandbox: Sandbox) -> None:
    task = run(order(fate))
    conductor.conduct()
    assert task.status == Status.UNCONFIRMED
    assert posts(sandbox)["POST"] == 1
    assert [entry.kind for entry in LedgerEntry.objects.all()] == [EntryKind.HOLD]


def test_a_refused_order_fails_and_is_not_sent_again(sandbox: Sandbox) -> None:
    task = run(order("[reject]"))
    assert task.status == Status.FAILED
    assert posts(sandbox)["POST"] == 1


def test_a_provider_that_is_not_there_costs_nothing_and_is_tried_again(settings: Settings) -> None:
    task = order()
    conductor.conduct()
    task.refresh_from_db()
    assert task.status == Status.QUEUED
    assert (task.send_count, task.submitted_at) == (0, None)
    assert "not accepted for now" in last_reason(task)


def test_a_bad_key_stops_all_orders_after_the_first_few(sandbox: Sandbox) -> None:
    for __ in range(20):
        order("[bad key]")
    conductor.conduct()
    assert Pause.objects.get().provider == "apixo"
    assert posts(sandbox)["POST"] <= conductor.POSTS_AT_ONCE
    assert set(GenerationTask.objects.values_list("status", flat=True)) == {Status.QUEUED}


def test_the_balance_is_read_before_the_first_order_and_not_before_each(sandbox: Sandbox) -> None:
    tasks = [order("[slow]"), order("[slow]")]
    conductor.conduct()
    asked = [entry["path"].split("/")[3] for entry in sandbox.truth()["requests"] if "/api/" in entry["path"]]
    apixo = [what for what in asked if what in ("generateTask", "apikeys")]
    assert apixo == ["apikeys", "generateTask", "generateTask"]
    assert BalanceReading.objects.filter(provider=tasks[0].provider).get().amount


def test_a_balance_that_does_not_answer_holds_up_no_order(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any) -> Decimal:
        raise OutcomeUnknown("no balance today")

    monkeypatch.setattr(Apixo, "balance", refuse)
    assert run(order()).status == Status.STORED


def test_a_429_slows_the_conductor_down(sandbox: Sandbox) -> None:
    task = order("[busy]")
    conductor.conduct()
    task.refresh_from_db()
    assert Account.objects.of(task.provider).share < 1


def test_dead_urls_are_replaced_by_fresh_ones(sandbox: Sandbox) -> None:
    task = run(order("[fresh url]"))
    assert task.status == Status.STORED


def test_a_task_that_is_not_visible_at_first_is_waited_for(sandbox: Sandbox, settings: Settings) -> None:
    settings.WAIT_SCALE = 0.01  # "no such task" is forgiven for 0.9 s
    assert run(order("[late visible]")).status == Status.STORED


def test_a_clip_with_two_results_is_two_videos(sandbox: Sandbox) -> None:
    assert run(order("[two videos]")).videos.count() == 2


def test_polls_keep_the_documented_first_wait_and_interval(sandbox: Sandbox, settings: Settings) -> None:
    settings.WAIT_SCALE = 0.01  # first poll after 0.3 s, then every 0.05 s
    task = run(order("[slow]"))
    log = [entry for entry in sandbox.truth()["requests"] if "Task/" in entry["path"]]
    sent = next(entry["at"] for entry in log if entry["method"] == "POST")
    asked = [entry["at"] for entry in log if entry["method"] == "GET"]
    assert task.status == Status.STORED
    assert asked[0] - sent >= 0.3
    assert min(b - a for a, b in zip(asked, asked[1:], strict=False)) >= 0.05


def test_the_rate_is_never_passed(sandbox: Sandbox, settings: Settings) -> None:
    configure(settings, "apixo", requests_per_minute=600)  # nine a second with our margin
    for __ in range(12):
        order("[stuck]")
    began = timezone.now()
    conductor.conduct()
    seconds = (timezone.now() - began).total_seconds()
    assert len(sandbox.truth()["requests"]) <= 9 * seconds + 9


def test_no_more_tasks_are_in_flight_than_the_provider_takes(sandbox: Sandbox, settings: Settings) -> None:
    configure(settings, "apixo", concurrent_tasks=2)
    for __ in range(4):
        order("[stuck]")
    conductor.conduct()
    assert posts(sandbox)["POST"] == 2


def test_nothing_is_bought_that_the_disk_would_not_take(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "clips_that_fit", lambda under_way: 0)
    task = order()
    conductor.conduct()
    task.refresh_from_db()
    assert task.status == Status.QUEUED
    assert posts(sandbox)["POST"] == 0


def test_one_process_conducts_at_a_time(sandbox: Sandbox) -> None:
    Lease.objects.take("conductor", seconds=60)
    order()
    assert conductor.conduct().asked == 0
    assert posts(sandbox)["POST"] == 0


def test_two_conductors_at_once_send_each_order_once(sandbox: Sandbox) -> None:
    for __ in range(10):
        order("[fast]")
    threads = [threading.Thread(target=conduct_and_close) for __ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for __ in range(20):
        if not GenerationTask.objects.filter(status__in=[Status.QUEUED, Status.SUBMITTING]).exists():
            break
        conductor.conduct()
    assert sandbox.truth()["accepted"] == posts(sandbox)["POST"] == 10
    assert GenerationTask.objects.exclude(remote_id=None).count() == 10


def conduct_and_close() -> None:
    try:
        conductor.conduct()
    finally:
        connection.close()


def test_one_answer_that_cannot_be_written_does_not_lose_the_others(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = order(), order()
    settle = submitting.apply_submit_answer

    def fail_for_one(task_id: int, outcome: Any, **how: Any) -> None:
        if task_id == bad.pk:
            raise RuntimeError("a fault of ours")
        settle(task_id, outcome, **how)

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
    settle = conductor.Conductor._settle
    calls: list[int] = []

    def lose_the_first_commit(self: conductor.Conductor) -> None:
        kept = list(self.landed)
        settle(self)
        if kept and not calls:
            calls.append(1)
            self.landed = kept

    monkeypatch.setattr(conductor.Conductor, "_settle", lose_the_first_commit)
    conductor.conduct()
    task.refresh_from_db()
    moves = [(event.was, event.now) for event in task.events.all() if event.was != event.now]
    assert calls
    assert moves[:2] == [("queued", "submitting"), ("submitting", "queued")]
    assert all(a != b for a, b in zip(moves, moves[1:], strict=False))


def test_a_fault_while_orders_are_in_the_air_loses_no_answer(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    task, fly = order(), conductor.Conductor._fly

    def fail_after_orders(self: conductor.Conductor, pool: Any, asks: Any, pace: Any) -> None:
        fly(self, pool, asks, pace)
        if any(ask.kind is CallKind.SUBMIT for ask in asks):
            raise RuntimeError("a fault of ours")

    monkeypatch.setattr(conductor.Conductor, "_fly", fail_after_orders)
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
    assert posts(sandbox)["POST"] == 0


def test_an_order_that_a_dead_process_left_in_the_air_is_doubted_within_a_minute() -> None:
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
            return [ask.task_id for ask in at_work._claim_looks("apixo", Pace(100.0, tokens=100.0), now)]

        assert asked() == [*others, suspects[0]]
        assert at_work.suspect
        at_work.flying = {Future(): at_work.suspect}
        assert asked() == []
        at_work.flying = {}
        assert asked() == [suspects[1]]


def test_a_lost_ring_to_save_is_repeated() -> None:
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
    assert posts(sandbox)["POST"] == 0

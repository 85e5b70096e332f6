"""The loop that talks to the providers, against the practice provider over real HTTP."""

from __future__ import annotations

import threading
import time
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from generations.models import Account, BalanceReading, EntryKind, GenerationTask, Lease, LedgerEntry, Pause, Status
from generations.providers.apixo import Apixo
from generations.providers.errors import OutcomeUnknown
from generations.sandbox import Sandbox
from generations.worker import lane
from tests.conducting import conduct
from tests.factories import configure, last_reason
from tests.worker.conducting import order, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick")]


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
    conduct()
    assert task.status == Status.UNCONFIRMED
    assert posts(sandbox)["POST"] == 1
    assert [entry.kind for entry in LedgerEntry.objects.all()] == [EntryKind.HOLD]


def test_a_refused_order_fails_and_is_not_sent_again(sandbox: Sandbox) -> None:
    task = run(order("[reject]"))
    assert task.status == Status.FAILED
    assert posts(sandbox)["POST"] == 1


def test_a_provider_that_is_not_there_costs_nothing_and_is_tried_again(settings: Settings) -> None:
    task = order()
    conduct()
    task.refresh_from_db()
    assert task.status == Status.QUEUED
    assert (task.send_count, task.submitted_at) == (0, None)
    assert "not accepted for now" in last_reason(task)


def test_a_bad_key_stops_all_orders_after_the_first_few(sandbox: Sandbox, settings: Settings) -> None:
    for __ in range(20):
        order("[bad key]")
    conduct()
    assert Pause.objects.get().provider == "apixo"
    assert posts(sandbox)["POST"] <= settings.ORDERS_IN_THE_AIR
    assert set(GenerationTask.objects.values_list("status", flat=True)) == {Status.QUEUED}


def test_the_balance_is_read_before_the_first_order_and_not_before_each(sandbox: Sandbox) -> None:
    tasks = [order("[slow]"), order("[slow]")]
    conduct()
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
    conduct()
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
    order("[stuck]")
    ends = time.monotonic() + 60
    calls: list[Any] = []
    while len(calls) < 4 and time.monotonic() < ends:  # the order and three polls
        conduct()
        calls = [entry for entry in sandbox.truth()["requests"] if "Task/" in entry["path"]]
    sent = next(entry["at"] for entry in calls if entry["method"] == "POST")
    asked = [entry["at"] for entry in calls if entry["method"] == "GET"]
    assert asked[0] - sent >= 0.3
    assert min(b - a for a, b in zip(asked, asked[1:], strict=False)) >= 0.05


def test_the_rate_is_never_passed(sandbox: Sandbox, settings: Settings) -> None:
    configure(settings, "apixo", requests_per_minute=600)  # nine a second with our margin
    for __ in range(12):
        order("[stuck]")
    began = timezone.now()
    conduct()
    seconds = (timezone.now() - began).total_seconds()
    assert len(sandbox.truth()["requests"]) <= 9 * seconds + 9


def test_no_more_tasks_are_in_flight_than_the_provider_takes(sandbox: Sandbox, settings: Settings) -> None:
    configure(settings, "apixo", concurrent_tasks=2)
    for __ in range(4):
        order("[stuck]")
    conduct()
    assert posts(sandbox)["POST"] == 2


def test_nothing_is_bought_that_the_disk_would_not_take(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "clips_that_fit", lambda under_way: 0)
    task = order()
    conduct()
    task.refresh_from_db()
    assert task.status == Status.QUEUED
    assert posts(sandbox)["POST"] == 0


def test_one_process_conducts_at_a_time(sandbox: Sandbox) -> None:
    Lease.objects.take("conductor", seconds=60)
    order()
    assert not conduct()
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
        conduct()
    assert sandbox.truth()["accepted"] == posts(sandbox)["POST"] == 10
    assert GenerationTask.objects.exclude(remote_id=None).count() == 10


def conduct_and_close() -> None:
    try:
        conduct()
    finally:
        connection.close()

"""What is sent to one provider, and how much at once; the conductor's tests let it talk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from queue import SimpleQueue

import pytest
from django.utils import timezone
from pytest_django import Settings

from generations.lifecycle.calls import CallKind, ProviderCall
from generations.models import Account, BalanceReading, GenerationTask, Pause, Status
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import OutcomeUnknown
from generations.worker import lane
from generations.worker.lane import Answered, Lane
from tests.factories import a_task, configure

pytestmark = pytest.mark.django_db(transaction=True)
AT = timezone.now()
WORKING = RemoteTask(state=RemoteState.WORKING)


@pytest.fixture
def apixo() -> Iterator[Lane]:
    """A lane with requests to spare, whose balance was just read."""
    BalanceReading.objects.create(provider="apixo", practice=True, at=AT, amount=Decimal(1), unit="USD")
    apixo = Lane("apixo", SimpleQueue())
    apixo.pace.tokens = 100.0
    yield apixo
    apixo.pool.shutdown()


def a_call(kind: CallKind, *, waits_for: threading.Event | None = None) -> ProviderCall:
    def call() -> RemoteTask:
        assert not waits_for or waits_for.wait(30)
        return WORKING

    return ProviderCall(kind, "apixo", call)


def queued(number: int) -> list[GenerationTask]:
    return [a_task(Status.QUEUED, due_at=AT) for __ in range(number)]


def asked(apixo: Lane) -> list[int]:
    return [call.task_id for call in apixo.claim_polls(AT)]


def test_what_a_conductor_may_have_died_of_is_asked_alone_so_that_it_takes_nobody_along(apixo: Lane) -> None:
    suspects = [a_task(Status.RUNNING, due_at=AT, crash_count=1).pk for __ in range(2)]
    others = [a_task(Status.RUNNING, due_at=AT).pk for __ in range(2)]
    assert asked(apixo) == [*others, suspects[0]]
    assert apixo.suspect
    apixo.in_flight = {apixo.suspect}
    assert asked(apixo) == []
    apixo.in_flight = set()
    assert asked(apixo) == [suspects[1]]


@pytest.mark.parametrize(("cap", "latency", "sent"), [(3, 1.0, 3), (8, 1.0, 8), (8, 0.01, 2)])
def test_so_many_orders_are_in_the_air_as_are_allowed_and_as_the_rate_needs(
    cap: int, latency: float, sent: int, apixo: Lane, settings: Settings
) -> None:
    settings.ORDERS_IN_THE_AIR = cap
    apixo.pace.documented, apixo.pace.latency_seconds = 100.0, latency
    queued(10)
    assert len(apixo._due_orders(AT)) == sent


def test_an_order_in_the_air_takes_the_place_of_another(apixo: Lane, settings: Settings) -> None:
    settings.ORDERS_IN_THE_AIR = 3
    queued(10)
    apixo.in_flight = {a_call(CallKind.SUBMIT), a_call(CallKind.SUBMIT), a_call(CallKind.POLL)}
    assert len(apixo._due_orders(AT)) == 1


def test_no_more_tasks_are_under_way_than_the_provider_takes(apixo: Lane, settings: Settings) -> None:
    configure(settings, "apixo", concurrent_tasks=3)
    a_task(Status.RUNNING)
    a_task(Status.UNCONFIRMED)
    queued(5)
    assert len(apixo._due_orders(AT)) == 1


def test_while_orders_wait_each_poll_is_put_off_further(apixo: Lane) -> None:
    apixo.running = 1000
    alone, apixo.orders_wait = apixo.interval_seconds, True
    assert apixo.interval_seconds > alone


def test_polls_and_orders_have_threads_of_their_own(apixo: Lane, settings: Settings) -> None:
    """Polls that hang keep no order waiting: it would count as not begun in time."""
    hang, answers = threading.Event(), apixo._answers
    try:
        apixo.send([a_call(CallKind.POLL, waits_for=hang) for __ in range(lane.THREADS)])
        apixo.send([a_call(CallKind.SUBMIT) for __ in range(settings.ORDERS_IN_THE_AIR)])
        kinds = {answers.get(timeout=30).call.kind for __ in range(settings.ORDERS_IN_THE_AIR)}
    finally:
        hang.set()
    assert kinds == {CallKind.SUBMIT}


def test_no_more_polls_are_in_flight_than_there_are_threads(apixo: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "THREADS", 2)
    for __ in range(4):
        a_task(Status.RUNNING, due_at=AT)
    apixo.in_flight = {a_call(CallKind.POLL)}
    assert len(asked(apixo)) == 1


def test_an_answer_brings_its_latency(apixo: Lane) -> None:
    before = apixo.pace.latency_seconds
    apixo.send([a_call(CallKind.POLL)])
    assert apixo._answers.get(timeout=30).outcome() == WORKING
    assert apixo.pace.latency_seconds < before


def test_a_fault_of_our_own_proves_nothing(apixo: Lane, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> str:
        raise RuntimeError("a fault of ours")

    apixo.send([ProviderCall(CallKind.SUBMIT, "apixo", fail)])
    answered: Answered = apixo._answers.get(timeout=30)
    assert isinstance(answered.outcome(), OutcomeUnknown)
    assert "a fault of ours" in caplog.text


def test_before_the_first_order_the_balance_is_requested_once(apixo: Lane) -> None:
    BalanceReading.objects.all().delete()
    queued(1)
    assert apixo._must_read_balance_first(AT)
    assert [call.kind for call in apixo.in_flight] == [CallKind.BALANCE]
    apixo.in_flight = set()  # it was answered
    assert not apixo._must_read_balance_first(AT)


def test_a_reduced_rate_is_adopted(apixo: Lane) -> None:
    account = Account.objects.of("apixo")
    Account.objects.update(balance_due_at=AT + timedelta(days=1))
    account.shrink(at=AT)
    apixo.adopt(Account.objects.of("apixo"), AT)
    assert apixo.pace.share == 0.5
    assert apixo.in_flight == set()


def test_orders_go_out_by_priority_and_then_as_they_came(apixo: Lane, settings: Settings) -> None:
    settings.ORDERS_IN_THE_AIR = 2
    first, second, third = queued(3)
    GenerationTask.objects.filter(pk=third.pk).update(priority=1)
    assert [task.pk for task in apixo._due_orders(AT)] == [third.pk, first.pk]
    GenerationTask.objects.filter(pk=second.pk).update(priority=-1)
    assert [task.pk for task in apixo._due_orders(AT)] == [third.pk, first.pk]


@pytest.mark.parametrize(("provider", "stops"), [("", True), ("apixo", True), ("apikley", False)])
def test_a_pause_of_the_site_or_the_provider_stops_the_lane(apixo: Lane, provider: str, stops: bool) -> None:
    queued(1)
    Pause.objects.create(provider=provider, reason="new prices", paused_at=AT)
    assert bool(apixo._due_orders(AT)) is not stops

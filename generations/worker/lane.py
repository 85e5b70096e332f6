"""One provider's lane: what is sent to it now, by its rate, its latency, and the orders that may be in the air."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from queue import SimpleQueue

from django.conf import settings
from django.db import transaction

from generations.lifecycle import accounts
from generations.lifecycle.calls import CallKind, Outcome, ProviderCall
from generations.lifecycle.capacity import clips_that_fit
from generations.lifecycle.poll_batches import claim_polls, due_polls
from generations.lifecycle.polling import claim_poll
from generations.lifecycle.submitting import claim_submission
from generations.models import Account, GenerationTask, Pause
from generations.providers.errors import OutcomeUnknown
from generations.worker.pacing import Pace

logger = logging.getLogger(__name__)

THREADS = 64  # for polls, made as they are needed; fewer than http.POOL with those for orders
SUSPECTS_SECONDS = 1.0  # between two checks for rows that a conductor may have died of
BALANCE_CHECK_SECONDS = 40.0  # between two checks that the last balance is fresh
BALANCE_PATIENCE_SECONDS = 3.0  # how long orders wait for a reading of the balance

Outcomes = SimpleQueue["Answered"]


@dataclass(frozen=True, slots=True)
class Answered:
    """A call that has ended, and its future."""

    lane: Lane
    call: ProviderCall
    future: Future[tuple[Outcome, float]]

    def outcome(self) -> Outcome:
        """Return the outcome of the call, and record its latency; a fault of our own proves nothing about an order."""
        error = self.future.exception()
        if error is not None:
            logger.error("a call failed", exc_info=error)
            return OutcomeUnknown(f"a fault of our own: {type(error).__name__}", code="fault")
        outcome, seconds = self.future.result()
        self.lane.pace.record_latency(seconds)
        return outcome


class Lane:
    """All that is sent to one provider; what is answered is put into a queue."""

    def __init__(self, provider: str, answers: Outcomes) -> None:
        self.provider, self._answers = provider, answers
        self.pace = Pace.of(provider)
        # No call ever waits for a thread: there are enough for all that may be in flight, made as they are needed.
        self.pool = ThreadPoolExecutor(THREADS + settings.ORDERS_IN_THE_AIR + 1, thread_name_prefix=provider)
        self.in_flight: set[ProviderCall] = set()
        self.running = 0  # tasks that are polled
        self.orders_wait = False  # while orders are due, they get more of the rate
        self.is_disk_full = False
        self.suspect: ProviderCall | None = None
        self._suspects_checked = self._balance_checked = self._balance_requested = float("-inf")

    def count(self, kind: CallKind) -> int:
        return sum(call.kind is kind for call in self.in_flight)

    @property
    def interval_seconds(self) -> float:
        """Return the shortest interval between two polls of a task that the rate allows."""
        return self.pace.interval_seconds(self.running, orders_wait=self.orders_wait)

    def adopt(self, account: Account, at: datetime) -> None:
        """Adopt the provider's current rate, and read its balance if that is due."""
        self.pace.share = account.share_at(at)
        if accounts.is_balance_due(account, at=at) and self.pace.available():
            self.send([accounts.claim_balance_call(account, at=at)])

    def send_polls(self, at: datetime) -> None:
        self.send(self.claim_polls(at))

    def send_orders(self, at: datetime) -> None:
        """Claim due orders in a transaction, and send them after its commit."""
        tasks = self._due_orders(at)
        if tasks and not self._must_read_balance_first(at):
            with transaction.atomic():
                calls = self.claim_orders(tasks, at)
            self.send(calls)

    def send(self, calls: list[ProviderCall]) -> None:
        self.pace.spend(len(calls))
        for call in calls:
            self.in_flight.add(call)
            self.pool.submit(_timed, call).add_done_callback(partial(self._put, call))

    def claim_polls(self, at: datetime) -> list[ProviderCall]:
        room = min(self.pace.available(), min(THREADS, self.pace.at_once) - self.count(CallKind.POLL))
        if room <= 0:
            return []
        calls = claim_polls(due_polls(self.provider, at=at)[:room], at=at)
        return [*calls, *(self._claim_suspect(at) if room > len(calls) else [])]

    def claim_orders(self, tasks: list[GenerationTask], at: datetime) -> list[ProviderCall]:
        return [call for task in tasks if (call := claim_submission(task, at=at))]

    def _put(self, call: ProviderCall, future: Future[tuple[Outcome, float]]) -> None:
        self._answers.put(Answered(self, call, future))

    def _claim_suspect(self, at: datetime) -> list[ProviderCall]:
        """Claim one row that was polled when a conductor died: one of them may be the cause, so no two at a time."""
        now = time.monotonic()
        if self.suspect in self.in_flight or now - self._suspects_checked < SUSPECTS_SECONDS:
            return []
        due = GenerationTask.objects.due(at=at).to_be_asked().filter(provider=self.provider, crash_count__gt=0)
        task = due.first()
        if task is None:
            self._suspects_checked = now
            return []
        with transaction.atomic():
            self.suspect = claim_poll(task, at=at)
        return [self.suspect] if self.suspect else []

    def _due_orders(self, at: datetime) -> list[GenerationTask]:
        """Read the orders that may be sent now, by rate, latency, orders in the air, concurrency and disk space."""
        air = min(settings.ORDERS_IN_THE_AIR, self.pace.at_once) - self.count(CallKind.SUBMIT)
        room = min(self.pace.available(), air)
        # Of thousands that are all paused, each would be compared with the pauses.
        if room <= 0 or Pause.objects.that_stop(self.provider).exists():
            return []
        due = GenerationTask.objects.due(at=at).to_be_sent().not_paused().filter(provider=self.provider)
        tasks = list(due.in_order_of_sending()[:room])
        if not tasks:
            return []
        under_way = GenerationTask.objects.count_in_flight()
        free = settings.PROVIDERS[self.provider].concurrent_tasks - under_way.get(self.provider, 0)
        fit = clips_that_fit(sum(under_way.values()))
        if not fit and not self.is_disk_full:
            logger.warning("no orders are sent: the disk has no room for more clips")
        self.is_disk_full = not fit
        return tasks[: max(0, min(free, fit))]

    def _must_read_balance_first(self, at: datetime) -> bool:
        """Return whether orders must wait for a balance reading, which is evidence if their answer is lost."""
        now = time.monotonic()
        if now - self._balance_checked >= BALANCE_CHECK_SECONDS:
            self._balance_checked = now
            if not accounts.has_fresh_reading(self.provider, at=at):
                self._balance_requested = now
                if not self.count(CallKind.BALANCE):
                    accounts.read_balance_soon(self.provider, at=at)
                    self.adopt(Account.objects.of(self.provider), at)
        return self.count(CallKind.BALANCE) > 0 and now - self._balance_requested < BALANCE_PATIENCE_SECONDS


def _timed(call: ProviderCall) -> tuple[Outcome, float]:
    """Make a call; return its outcome, and how many seconds it took."""
    began = time.monotonic()
    return call(), time.monotonic() - began

"""Talk to the providers: find due rows, make their calls in threads, and write the answers.

It runs as a django-q2 job, in slices, under a lease: one process at a time, which is thereby every provider's rate
limiter. The threads do HTTP only; all rows are read and written in the job's own thread.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.sharedctypes import RawValue

from django.conf import settings
from django.db import OperationalError, connection, transaction

from generations import clock
from generations.lifecycle import accounts
from generations.lifecycle.calls import CallKind, Outcome, ProviderCall
from generations.lifecycle.capacity import clips_that_fit
from generations.lifecycle.polling import apply_poll_answer, claim_poll
from generations.lifecycle.submitting import apply_submit_answer, claim_submission, expire_claims
from generations.models import Account, GenerationTask
from generations.models.leases import LeaseHolder, lease_held
from generations.money import budgets
from generations.providers import ADAPTERS
from generations.providers.errors import OutcomeUnknown
from generations.worker.due import advance_due_tasks
from generations.worker.pacing import Pace

logger = logging.getLogger(__name__)

SLICE_SECONDS = 40.0  # then the job ends and enqueues a successor, so that workers are recycled and other jobs run
CLOSING_SECONDS = 120.0  # how long a slice waits for orders in flight; longer than one HTTP exchange
LEASE, LEASE_SECONDS = "conductor", 8.0
THREADS = 16
POSTS_AT_ONCE = 4  # to a provider, so that a crash leaves few unconfirmed orders
TICK_SECONDS = 0.2
SOON = timedelta(seconds=30)  # rows that are due later are left to a sweep
IDLE_SECONDS = 2.0
BALANCE_PATIENCE_SECONDS = 3.0  # how long orders wait for a reading of the balance

# Set by `manage.py worker` when it is told to stop; shared with the processes that django-q2 forks.
stop_requested = RawValue("b", 0)  # written by the signal handlers only, and never reset
draining = RawValue("b", 0)  # this cluster is being replaced


@dataclass
class Slice:
    """What one run of the conductor did."""

    calls: int = 0
    answers: int = 0
    wants_successor: bool = False


def conduct() -> Slice:
    """Run one slice, or return at once when another process holds the lease."""
    with lease_held(LEASE, seconds=LEASE_SECONDS) as lease:
        if lease is None:
            return Slice()
        expire_claims(GenerationTask.objects.of_this_site())
        done = Conductor(lease).run()
    # After the release of the lease: an order that comes later starts a conductor of its own.
    done.wants_successor = has_work()
    return done


def is_stopping() -> bool:
    return bool(stop_requested.value or draining.value)


def has_work() -> bool:
    """Return whether a row is due now or soon; False while stopping."""
    return not is_stopping() and GenerationTask.objects.due(at=clock.now() + SOON).exists()


class Conductor:
    def __init__(self, lease: LeaseHolder) -> None:
        self.lease = lease
        self.done = Slice()
        self.in_flight: dict[Future[Outcome], ProviderCall] = {}
        self.answered: list[tuple[ProviderCall, Outcome]] = []
        self.paces = {name: Pace.of(name) for name in ADAPTERS}
        for name in ADAPTERS:
            Account.objects.of(name)  # creates the row by which its balance is read daily, and before its first order
        self.under_way: dict[str, int] = {}
        self.balance_requested: dict[str, float] = {}  # provider -> when its balance was requested, once a slice
        self.suspect: ProviderCall | None = None
        self.warned_disk_full = False

    def run(self) -> Slice:
        began = last_busy = time.monotonic()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="call") as pool:
            try:
                while self.lease.is_ours and not is_stopping():
                    now = time.monotonic()
                    closing = now - began > SLICE_SECONDS
                    if (closing and not self._orders_in_flight) or now - began > SLICE_SECONDS + CLOSING_SECONDS:
                        break
                    if self._tick(pool, orders=not closing):
                        last_busy = now
                    if now - last_busy > IDLE_SECONDS:
                        break
            finally:
                self._finish()
        return self.done

    def _tick(self, pool: ThreadPoolExecutor, *, orders: bool) -> bool:
        """Send due calls, collect and apply answers; return whether there is anything to do now or soon."""
        busy = bool(self.in_flight or self.answered)
        try:
            # Apply pending answers first: one may concern a due row.
            if not self.answered:
                self._send_due(pool, orders=orders)
                busy = bool(self.in_flight) or GenerationTask.objects.due(at=clock.now() + SOON).exists()
        except OperationalError as error:
            self._wait_for_database(error)
        self._collect_answers()
        self._apply_answers()
        return busy

    @property
    def _orders_in_flight(self) -> int:
        return sum(call.kind is CallKind.SUBMIT for call in self.in_flight.values())

    def _send_due(self, pool: ThreadPoolExecutor, *, orders: bool) -> None:
        """Claim due rows in committed transactions, and send their calls after the commit."""
        at = clock.now()
        self._read_balances(pool, at)
        if not GenerationTask.objects.due(at=at).exists():
            return
        self.under_way = GenerationTask.objects.count_in_flight()
        advance_due_tasks(at)
        for provider, pace in self.paces.items():
            with transaction.atomic():
                polls = self._claim_polls(provider, pace, at)
            self._send(pool, polls, pace)
            if orders and (room := self._room_for_orders(provider, pace)):
                with transaction.atomic():
                    calls = self._claim_orders(provider, room, at)
                self._send(pool, calls, pace)

    def _read_balances(self, pool: ThreadPoolExecutor, at: datetime) -> None:
        """Adopt each provider's current rate, and read the balances that are due."""
        for account in Account.objects.filter(practice=settings.PRACTICE, provider__in=self.paces):
            pace = self.paces[account.provider]
            pace.share = account.share_at(at)
            if accounts.is_balance_due(account, at=at) and pace.available():
                self._send(pool, [accounts.claim_balance_call(account, at=at)], pace)

    def _must_read_balance_first(self, provider: str, at: datetime) -> bool:
        """Return whether orders must wait for a balance reading, which is evidence if their answer is lost."""
        if provider not in self.balance_requested and not accounts.has_fresh_reading(provider, at=at):
            accounts.read_balance_soon(provider, at=at)
            self.balance_requested[provider] = time.monotonic()
            return True
        reading = any(call.kind is CallKind.BALANCE and call.provider == provider for call in self.in_flight.values())
        return reading and time.monotonic() - self.balance_requested.get(provider, 0.0) < BALANCE_PATIENCE_SECONDS

    def _send(self, pool: ThreadPoolExecutor, calls: list[ProviderCall], pace: Pace) -> None:
        pace.spend(len(calls))
        self.in_flight |= {pool.submit(call): call for call in calls}
        self.done.calls += len(calls)

    def _claim_polls(self, provider: str, pace: Pace, at: datetime) -> list[ProviderCall]:
        free = min(pace.available(), 2 * THREADS - len(self.in_flight))
        due = GenerationTask.objects.due(at=at).to_be_asked().filter(provider=provider)
        calls = [call for task in due.filter(crash_count=0)[: max(0, free)] if (call := claim_poll(task, at=at))]
        # Rows that were polled when a conductor died are polled one at a time: one of them may be the cause.
        if free > len(calls) and self.suspect not in self.in_flight.values():
            self.suspect = next(
                (call for task in due.filter(crash_count__gt=0)[:1] if (call := claim_poll(task, at=at))), None
            )
            calls += [self.suspect] if self.suspect else []
        return calls

    def _room_for_orders(self, provider: str, pace: Pace) -> int:
        """Return how many orders may be sent now, by rate, concurrency, disk space and orders in flight."""
        in_flight = sum(call.kind is CallKind.SUBMIT and call.provider == provider for call in self.in_flight.values())
        free = settings.PROVIDERS[provider].concurrent_tasks - self.under_way.get(provider, 0)
        room = min(pace.available(), POSTS_AT_ONCE - in_flight, free)
        if room <= 0:
            return 0
        fit = clips_that_fit(sum(self.under_way.values()))
        if not fit and not self.warned_disk_full:
            self.warned_disk_full = True  # once a slice
            logger.warning("no orders are sent: the disk has no room for more clips")
        return min(room, fit)

    def _claim_orders(self, provider: str, room: int, at: datetime) -> list[ProviderCall]:
        due = GenerationTask.objects.due(at=at).to_be_sent().not_paused().filter(provider=provider)
        tasks = list(due.select_related("start_image", "end_image")[:room])
        if not tasks or self._must_read_balance_first(provider, at):
            return []
        return [call for task in tasks if (call := claim_submission(task, at=at))]

    def _collect_answers(self) -> None:
        """Wait for answers for one tick."""
        if not self.in_flight:
            time.sleep(TICK_SECONDS)
            return
        answered, __ = wait(self.in_flight, timeout=TICK_SECONDS, return_when=FIRST_COMPLETED)
        for future in answered:
            self.answered.append((self.in_flight.pop(future), _outcome(future)))

    def _apply_answers(self) -> None:
        """Write the answers in one commit; without a database, keep them for the next tick."""
        if not self.answered:
            return
        try:
            with transaction.atomic(), budgets.deferred_counters():
                for call, outcome in self.answered:
                    self._apply(call, outcome, at=clock.now())
        except OperationalError as error:
            self._wait_for_database(error)
            return
        except Exception:
            # One answer's fault must not lose the others: each may contain a paid id.
            logger.exception("the answers could not be written together, so each is written in its own transaction")
            self._apply_one_by_one()
            return
        self._remove_answered(self.answered)

    def _apply_one_by_one(self) -> None:
        """Write each answer in its own transaction; log one that cannot be written."""
        for call, outcome in list(self.answered):
            try:
                with transaction.atomic():
                    self._apply(call, outcome, at=clock.now())
            except OperationalError as error:
                self._wait_for_database(error)
                continue  # it stays for the next tick
            except Exception:
                logger.exception("task %s: this answer could not be written: %r", call.task_id, outcome)
            self._remove_answered([(call, outcome)])

    def _remove_answered(self, answered: list[tuple[ProviderCall, Outcome]]) -> None:
        self.done.answers += len(answered)
        self.answered = [one for one in self.answered if one not in answered]

    def _apply(self, call: ProviderCall, outcome: Outcome, *, at: datetime) -> None:
        if call.kind is CallKind.SUBMIT:
            apply_submit_answer(call.task_id, outcome, at=at, attempt=call.attempt)
        elif call.kind is CallKind.BALANCE:
            accounts.apply_balance_answer(call.provider, outcome, at=at)
        else:
            pace_seconds = self.paces[call.provider].interval_seconds(self.under_way.get(call.provider, 0))
            apply_poll_answer(call.task_id, outcome, at=at, pace_seconds=pace_seconds)

    def _finish(self) -> None:
        """Wait for every answer and write it before the slice ends: one may contain a paid id."""
        ends = time.monotonic() + CLOSING_SECONDS
        while (self.in_flight or self.answered) and time.monotonic() < ends:
            self._collect_answers()
            self._apply_answers()
        for call, outcome in self.answered:
            logger.error("task %s: the database did not answer, so this is not written: %r", call.task_id, outcome)

    def _wait_for_database(self, error: OperationalError) -> None:
        logger.warning("the database does not answer, retrying: %s", error)
        connection.close()
        time.sleep(TICK_SECONDS)


def _outcome(future: Future[Outcome]) -> Outcome:
    """Return the outcome of a call; a fault of our own proves nothing about the order."""
    error = future.exception()
    if error is None:
        return future.result()
    logger.error("a call failed", exc_info=error)
    return OutcomeUnknown(f"a fault of our own: {type(error).__name__}", code="fault")

"""Talk to the providers: find due rows, make their calls in threads, and write the answers.

It runs in a process of its own under a lease: one process at a time, which is thereby every provider's rate limiter.
The threads do HTTP only; all rows are read and written in the process's main thread.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from queue import Empty, SimpleQueue

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from generations import clock
from generations.lifecycle import accounts
from generations.lifecycle.calls import CallKind
from generations.lifecycle.poll_batches import Answer, count_running, put_off_working
from generations.lifecycle.polling import apply_poll_answer
from generations.lifecycle.submitting import apply_submit_answer, expire_claims
from generations.models import Account, GenerationTask, Lease, Status
from generations.money import budgets
from generations.providers import ADAPTERS
from generations.worker.due import NO_CALL, advance_due_tasks, due_statuses
from generations.worker.lane import Answered, Lane

logger = logging.getLogger(__name__)

LEASE, LEASE_SECONDS = "conductor", 8.0
RENEW_SECONDS = 2.5  # between two renewals of the lease
CLOSING_SECONDS = 120.0  # how long orders in flight are waited for in the end; longer than one HTTP exchange
TICK_SECONDS = 0.2
IDLE_TICK_SECONDS = 0.5  # when nothing was in flight for IDLE_AFTER_SECONDS
IDLE_AFTER_SECONDS = 10.0
GATHER_SECONDS = 0.15  # from an answer on, for more that are written with it
ACCOUNTS_SECONDS = 1.0  # between two readings of the providers' rates, due balances, and numbers of running tasks
DATABASE_AWAY = (OperationalError, InterfaceError)


def conduct(goes_on: Callable[[], bool], *, token: uuid.UUID | None = None) -> bool:
    """Conduct until `goes_on()`, which is called on every tick, says no; return False when another process conducts.

    `token` is the token of the lease, for who releases it when this process dies. Raises: DatabaseError,
    InterfaceError.
    """
    if Lease.objects.is_held(LEASE):  # cheaper than a write, for a host that waits for its turn
        return False
    token = Lease.objects.take(LEASE, seconds=LEASE_SECONDS, token=token)
    if token is None:
        return False
    conductor = Conductor(token)
    try:
        conductor.run(goes_on)
    finally:
        conductor.finish()
    return True


class Conductor:
    def __init__(self, token: uuid.UUID) -> None:
        self.token = token
        self.renewed_at = self.busy_at = time.monotonic()
        self.accounts_read = float("-inf")
        self.answers: SimpleQueue[Answered] = SimpleQueue()
        self.answered: list[Answer] = []
        self.lanes = {name: Lane(name, self.answers) for name in ADAPTERS}

    def run(self, goes_on: Callable[[], bool]) -> None:
        """Send what is due and apply the answers; in the end, send no more orders, and wait for those in flight."""
        expire_claims(GenerationTask.objects.of_this_site())
        for name in ADAPTERS:
            Account.objects.of(name)  # creates the row by which its balance is read daily, and before its first order
        ends = 0.0
        while self._renew():
            if not goes_on() and not ends:
                ends = time.monotonic() + CLOSING_SECONDS
            if ends and (not self._count(CallKind.SUBMIT) or time.monotonic() > ends):
                return
            self._tick(orders=not ends)

    def _renew(self) -> bool:
        """Renew the lease in time; return False when another process has taken it over."""
        now = time.monotonic()
        if now - self.renewed_at < RENEW_SECONDS:
            return True
        try:
            is_ours = Lease.objects.renew(LEASE, self.token, seconds=LEASE_SECONDS)
        except DATABASE_AWAY as error:
            self._wait_for_database(error)
            return True  # nothing is sent without a database, and the lease is compared again
        self.renewed_at = now
        return is_ours

    def _tick(self, *, orders: bool) -> None:
        """Send due calls, collect and apply answers."""
        try:
            # Apply pending answers first: one may concern a due row.
            if not self.answered:
                self._send_due(orders=orders)
        except DATABASE_AWAY as error:
            self._wait_for_database(error)
        self._collect_answers()
        self._apply_answers()

    def _count(self, *kinds: CallKind) -> int:
        """Count the calls in flight of these kinds."""
        return sum(lane.count(kind) for lane in self.lanes.values() for kind in kinds)

    def _send_due(self, *, orders: bool) -> None:
        """Claim due rows in committed transactions, and send their calls after the commit."""
        at = clock.now()
        self._read_accounts(at)
        due = due_statuses(at)
        if statuses := NO_CALL & set().union(*due.values()):
            advance_due_tasks(at, statuses)
        for name, lane in self.lanes.items():
            if due[name]:
                lane.send_polls(at)
            lane.orders_wait = Status.QUEUED in due[name]
            if orders and lane.orders_wait:
                lane.send_orders(at)

    def _read_accounts(self, at: datetime) -> None:
        """Adopt each provider's rate and number of running tasks, and read the balances that are due."""
        now = time.monotonic()
        if now - self.accounts_read < ACCOUNTS_SECONDS:
            return
        for account in Account.objects.filter(practice=settings.PRACTICE, provider__in=self.lanes):
            self.lanes[account.provider].adopt(account, at)
        running = count_running()
        for name, lane in self.lanes.items():
            lane.running = running.get(name, 0)
        self.accounts_read = now

    def _collect_answers(self) -> None:
        """Wait for an answer for one tick, and from then on a moment for more."""
        now = time.monotonic()
        if not self._count(*CallKind):
            time.sleep(IDLE_TICK_SECONDS if now - self.busy_at > IDLE_AFTER_SECONDS else TICK_SECONDS)
            return
        self.busy_at = now
        ordered = self._count(CallKind.SUBMIT)
        wait, gathered_until = TICK_SECONDS, 0.0
        while wait > 0:
            try:
                answer = self.answers.get(timeout=wait)
            except Empty:
                return
            self._take(answer)
            # The last order that is answered lets others go out, so it waits for no poll.
            if not self._count(*CallKind) or (ordered and not self._count(CallKind.SUBMIT)):
                return
            gathered_until = gathered_until or time.monotonic() + GATHER_SECONDS
            wait = gathered_until - time.monotonic()

    def _take(self, answer: Answered) -> None:
        answer.lane.in_flight.discard(answer.call)
        self.answered.append((answer.call, answer.outcome()))

    def _apply_answers(self) -> None:
        """Write the answers in one commit; without a database, keep them for the next tick."""
        if not self.answered:
            return
        try:
            with transaction.atomic(), budgets.deferred_counters():
                self._apply(self.answered, at=clock.now())
        except DATABASE_AWAY as error:
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
                    self._apply([(call, outcome)], at=clock.now())
            except DATABASE_AWAY as error:
                self._wait_for_database(error)
                continue  # it stays for the next tick
            except Exception:
                logger.exception("task %s: this answer could not be written: %r", call.task_id, outcome)
            self._remove_answered([(call, outcome)])

    def _remove_answered(self, answered: list[Answer]) -> None:
        self.answered = [one for one in self.answered if one not in answered]

    def _apply(self, answers: list[Answer], *, at: datetime) -> None:
        pace_seconds = {name: lane.interval_seconds for name, lane in self.lanes.items()}
        others = put_off_working(answers, at=at, pace_seconds=pace_seconds)
        tasks = GenerationTask.objects.in_bulk([call.task_id for call, __ in others if call.task_id])
        for call, outcome in others:
            task = tasks.pop(call.task_id, None)  # another answer about it reads the row again
            if call.kind is CallKind.SUBMIT:
                apply_submit_answer(call.task_id, outcome, at=at, attempt=call.attempt, task=task)
            elif call.kind is CallKind.BALANCE:
                accounts.apply_balance_answer(call.provider, outcome, at=at)
            else:
                pace = pace_seconds[call.provider]
                apply_poll_answer(call.task_id, outcome, at=at, pace_seconds=pace, task=task)

    def finish(self) -> None:
        """Let another process take over, and still write every answer that comes: one may contain a paid id."""
        try:
            Lease.objects.release(LEASE, self.token)
        except DATABASE_AWAY as error:
            self._wait_for_database(error)
        ends = time.monotonic() + CLOSING_SECONDS
        while (self._count(*CallKind) or self.answered) and time.monotonic() < ends:
            self._collect_answers()
            self._apply_answers()
        for call, outcome in self.answered:
            logger.error("task %s: the database did not answer, so this is not written: %r", call.task_id, outcome)
        for lane in self.lanes.values():
            lane.pool.shutdown(wait=not lane.in_flight, cancel_futures=True)

    def _wait_for_database(self, error: Exception) -> None:
        logger.warning("the database does not answer, retrying: %s", error)
        connection.close()
        time.sleep(TICK_SECONDS)

"""The one loop that talks to providers: it finds due rows, hands the asking to threads, and settles what came back.

It runs as a django-q2 job, in slices, under a lease: one process at a time is thereby every provider's rate limiter.
The threads do HTTP and nothing else; every row is read and written here.
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
from generations.models import Account, GenerationTask, Pause
from generations.models.leases import LeaseHolder, lease_held
from generations.money import budgets
from generations.providers import ADAPTERS
from generations.providers.errors import OutcomeUnknown
from generations.worker.due import advance_due_tasks
from generations.worker.pacing import Pace

logger = logging.getLogger(__name__)

SLICE_SECONDS = 40.0  # then the job ends and asks for a successor: a worker can be recycled, a queue can move
CLOSING_SECONDS = 120.0  # how long a slice waits for orders in the air; longer than one HTTP exchange
LEASE, LEASE_SECONDS = "conductor", 8.0
THREADS = 16
POSTS_AT_ONCE = 4  # a provider; so a crash leaves few orders of unknown outcome
TICK_SECONDS = 0.2
SOON = timedelta(seconds=30)  # what is due later than this is left to a sweep
IDLE_SECONDS = 2.0
BALANCE_PATIENCE_SECONDS = 3.0  # that orders wait for a reading of the balance

# Set by `manage.py worker` when it is told to stop; shared with the processes that django-q2 forks.
stop_requested = RawValue("b", 0)  # for good: written by the signal handlers only, so that none is ever lost
draining = RawValue("b", 0)  # this cluster is replaced


@dataclass
class Slice:
    """What one run of the conductor did."""

    asked: int = 0
    settled: int = 0
    wants_successor: bool = False


def conduct() -> Slice:
    """Run one slice; over at once when another process conducts."""
    with lease_held(LEASE, seconds=LEASE_SECONDS) as hold:
        if hold is None:
            return Slice()
        expire_claims(GenerationTask.objects.of_this_site())
        done = Conductor(hold).run()
    # Asked after the lease is free: who orders from now on finds nobody conducting, and that ring is heard.
    done.wants_successor = has_work()
    return done


def is_stopping() -> bool:
    return bool(stop_requested.value or draining.value)


def has_work() -> bool:
    """Whether there is something to conduct, now or soon."""
    return not is_stopping() and GenerationTask.objects.due(at=clock.now() + SOON).exists()


class Conductor:
    def __init__(self, hold: LeaseHolder) -> None:
        self.hold = hold
        self.done = Slice()
        self.flying: dict[Future[Outcome], ProviderCall] = {}
        self.landed: list[tuple[ProviderCall, Outcome]] = []
        self.paces = {name: Pace.of(name) for name in ADAPTERS}
        for name in ADAPTERS:
            Account.objects.of(name)  # so that its balance is read, daily at least, before anything is ordered there
        self.in_flight: dict[str, int] = {}
        self.read_first: dict[str, float] = {}  # provider -> since when its orders wait, once a slice
        self.suspect: ProviderCall | None = None
        self.said_full = False

    def run(self) -> Slice:
        began = last_busy = time.monotonic()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="ask") as pool:
            try:
                while self.hold.is_ours and not is_stopping():
                    now = time.monotonic()
                    closing = now - began > SLICE_SECONDS
                    if (closing and not self._orders_flying) or now - began > SLICE_SECONDS + CLOSING_SECONDS:
                        break
                    if self._step(pool, orders=not closing):
                        last_busy = now
                    if now - last_busy > IDLE_SECONDS:
                        break
            finally:
                self._land_all()
        return self.done

    def _step(self, pool: ThreadPoolExecutor, *, orders: bool) -> bool:
        """Launch, collect, settle; whether there is anything to do now or soon."""
        busy = bool(self.flying or self.landed)
        try:
            # What landed is written before anything is launched: an answer that waits may be about a row that is due.
            if not self.landed:
                self._launch(pool, orders=orders)
                busy = bool(self.flying) or GenerationTask.objects.due(at=clock.now() + SOON).exists()
        except OperationalError as error:
            self._wait_for_database(error)
        self._collect()
        self._settle()
        return busy

    @property
    def _orders_flying(self) -> int:
        return sum(ask.kind is CallKind.SUBMIT for ask in self.flying.values())

    def _launch(self, pool: ThreadPoolExecutor, *, orders: bool) -> None:
        """Claim what is due, in committed transactions, and only then send it off."""
        at = clock.now()
        self._look_at_accounts(pool, at)
        if not GenerationTask.objects.due(at=at).exists():
            return
        self.in_flight = GenerationTask.objects.count_in_flight()
        advance_due_tasks(at)
        for provider, pace in self.paces.items():
            with transaction.atomic():
                looks = self._claim_looks(provider, pace, at)
            self._fly(pool, looks, pace)
            if orders and (room := self._room_for_orders(provider, pace)):
                with transaction.atomic():
                    asks = self._claim_orders(provider, room, at)
                self._fly(pool, asks, pace)

    def _look_at_accounts(self, pool: ThreadPoolExecutor, at: datetime) -> None:
        """Go as fast as each provider lets us, and read the balances that are due."""
        for account in Account.objects.filter(practice=settings.PRACTICE, provider__in=self.paces):
            pace = self.paces[account.provider]
            pace.share = account.share_at(at)
            if accounts.is_balance_due(account, at=at) and pace.available():
                self._fly(pool, [accounts.claim_balance_call(account, at=at)], pace)

    def _balance_comes_first(self, provider: str, at: datetime) -> bool:
        """Whether orders wait a moment for a reading of the balance: it is evidence, should their answer be lost."""
        if provider not in self.read_first and not accounts.has_fresh_reading(provider, at=at):
            accounts.read_balance_soon(provider, at=at)
            self.read_first[provider] = time.monotonic()
            return True
        reading = any(ask.kind is CallKind.BALANCE and ask.provider == provider for ask in self.flying.values())
        return reading and time.monotonic() - self.read_first.get(provider, 0.0) < BALANCE_PATIENCE_SECONDS

    def _fly(self, pool: ThreadPoolExecutor, asks: list[ProviderCall], pace: Pace) -> None:
        pace.spend(len(asks))
        self.flying |= {pool.submit(ask): ask for ask in asks}
        self.done.asked += len(asks)

    def _claim_looks(self, provider: str, pace: Pace, at: datetime) -> list[ProviderCall]:
        free = min(pace.available(), 2 * THREADS - len(self.flying))
        due = GenerationTask.objects.due(at=at).to_be_asked().filter(provider=provider)
        asks = [ask for task in due.filter(crash_count=0)[: max(0, free)] if (ask := claim_poll(task, at=at))]
        # What was in the air as a conductor died is asked one at a time, so that the cause takes nobody along again.
        if free > len(asks) and self.suspect not in self.flying.values():
            self.suspect = next(
                (ask for task in due.filter(crash_count__gt=0)[:1] if (ask := claim_poll(task, at=at))), None
            )
            asks += [self.suspect] if self.suspect else []
        return asks

    def _room_for_orders(self, provider: str, pace: Pace) -> int:
        """How many orders may be sent now: by rate, concurrency, disk, and what is already in the air."""
        under_way = self.in_flight.get(provider, 0)
        flying = sum(ask.kind is CallKind.SUBMIT and ask.provider == provider for ask in self.flying.values())
        room = min(pace.available(), POSTS_AT_ONCE - flying, settings.PROVIDERS[provider].concurrent_tasks - under_way)
        if room <= 0:
            return 0
        fit = clips_that_fit(sum(self.in_flight.values()))
        if not fit and not self.said_full:
            self.said_full = True  # once a slice
            logger.warning("no orders are sent: the disk has no room for more clips")
        return min(room, fit)

    def _claim_orders(self, provider: str, room: int, at: datetime) -> list[ProviderCall]:
        due = GenerationTask.objects.due(at=at).to_be_sent().filter(provider=provider)
        tasks = list(due.select_related("start_image", "end_image")[:room])
        if not tasks or Pause.objects.filter(provider=provider).exists() or self._balance_comes_first(provider, at):
            return []
        return [ask for task in tasks if (ask := claim_submission(task, at=at))]

    def _collect(self) -> None:
        """Wait a tick for answers."""
        if not self.flying:
            time.sleep(TICK_SECONDS)
            return
        landed, __ = wait(self.flying, timeout=TICK_SECONDS, return_when=FIRST_COMPLETED)
        for future in landed:
            self.landed.append((self.flying.pop(future), _outcome(future)))

    def _settle(self) -> None:
        """Write what came back, in one commit; when the database is away, keep it for the next tick."""
        if not self.landed:
            return
        try:
            with transaction.atomic(), budgets.deferred_counters():
                for ask, outcome in self.landed:
                    self._settle_one(ask, outcome, at=clock.now())
        except OperationalError as error:
            self._wait_for_database(error)
            return
        except Exception:
            # One answer's fault must not lose the others: each of them may hold a paid id.
            logger.exception("the answers could not be written together, so each is written apart")
            self._settle_apart()
            return
        self._forget(self.landed)

    def _settle_apart(self) -> None:
        """Each answer in a transaction of its own; one that cannot be written is on record in the log."""
        for ask, outcome in list(self.landed):
            try:
                with transaction.atomic():
                    self._settle_one(ask, outcome, at=clock.now())
            except OperationalError as error:
                self._wait_for_database(error)
                continue  # it stays for the next tick
            except Exception:
                logger.exception("task %s: this answer could not be written: %r", ask.task_id, outcome)
            self._forget([(ask, outcome)])

    def _forget(self, landed: list[tuple[ProviderCall, Outcome]]) -> None:
        self.done.settled += len(landed)
        self.landed = [one for one in self.landed if one not in landed]

    def _settle_one(self, ask: ProviderCall, outcome: Outcome, *, at: datetime) -> None:
        if ask.kind is CallKind.SUBMIT:
            apply_submit_answer(ask.task_id, outcome, at=at, attempt=ask.attempt)
        elif ask.kind is CallKind.BALANCE:
            accounts.apply_balance_answer(ask.provider, outcome, at=at)
        else:
            self._settle_state(ask, outcome, at=at)

    def _settle_state(self, ask: ProviderCall, outcome: Outcome, *, at: datetime) -> None:
        pace_seconds = self.paces[ask.provider].interval_seconds(self.in_flight.get(ask.provider, 0))
        apply_poll_answer(ask.task_id, outcome, at=at, pace_seconds=pace_seconds)

    def _land_all(self) -> None:
        """Before the slice ends, every answer is waited for and written: one of them may hold a paid id."""
        ends = time.monotonic() + CLOSING_SECONDS
        while (self.flying or self.landed) and time.monotonic() < ends:
            self._collect()
            self._settle()
        for ask, outcome in self.landed:
            logger.error("task %s: the database was away for too long to write this answer: %r", ask.task_id, outcome)

    def _wait_for_database(self, error: OperationalError) -> None:
        logger.warning("the database does not answer, trying again: %s", error)
        connection.close()
        time.sleep(TICK_SECONDS)


def _outcome(future: Future[Outcome]) -> Outcome:
    """What an ask brought; a fault of our own proves nothing about the order."""
    error = future.exception()
    if error is None:
        return future.result()
    logger.error("an ask failed", exc_info=error)
    return OutcomeUnknown(f"a fault of our own: {type(error).__name__}", code="fault")

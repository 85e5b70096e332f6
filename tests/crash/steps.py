"""What the state machine stands on: how steps are chosen and judged, its clock, and the conductor's part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from generations.lifecycle import accounts, polling, submitting
from generations.lifecycle.calls import CallKind, Outcome, ProviderCall
from generations.lifecycle.poll_batches import claim_polls, due_polls, put_off_working
from generations.models import Account, GenerationTask, Lease
from generations.money import budgets
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import AccountProblem
from generations.worker.due import advance_due_tasks
from tests.crash.cases import ORDERS
from tests.crash.judge import rules
from tests.crash.judge.database import Database, moment
from tests.crash.provider_model import NOT_ACCEPTED, ORDER_FATES, STATE_FATES, Claim, Providers, Remote, row_of, select
from tests.crash.studio import next_task_due
from tests.processes.site import Row

POSTS_MAX = 3
TASKS_MAX = 5  # of one example: few enough for them to meet
WHICH = st.integers(0, TASKS_MAX - 1)
FATES = st.sampled_from([*["accepted"] * 4, *ORDER_FATES])
PROVIDER = st.sampled_from(sorted(ORDERS))
ENDS = ["well", "well", "well", "well", "it crashes", "it sleeps", "it crashes with half of it written"]


def step(**strategies: Any) -> Callable[[Any], Any]:
    """A rule after which every promise is checked; one step may be a part of another."""

    def decorated(act: Callable[..., None]) -> Any:
        @rule(**strategies)
        @wraps(act)
        def act_and_check(self: Steps, **chosen: Any) -> None:
            self.depth += 1
            act(self, **chosen)
            if self.depth == 1:
                self.check()
            self.depth -= 1

        return act_and_check

    return decorated


class Steps(RuleBasedStateMachine):
    """A site that is judged after each step."""

    providers: Providers

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0  # of steps within steps; one that goes wrong is never over
        self.rows = Database([], [], [], [], [])  # as they were after the last step
        self.in_flight: list[ProviderCall] = []
        self.answered: list[tuple[ProviderCall, Outcome]] = []
        self.written: list[tuple[ProviderCall, Outcome]] = []
        self.claims: dict[int, Claim] = {}  # id() of an order's call -> its claim
        self.pages: list[GenerationTask] = []  # as a person saw them, some time ago
        self.dead_leases: dict[str, float] = {}

    # -- judging --

    def check(self) -> None:
        """Everything that holds at every moment, and since the last step."""
        before, self.rows = self.rows, Database.read(select, order_key="id")
        media = Path(settings.MEDIA_ROOT)
        broken = rules.always(self.rows, self.providers.truth(), media, now=self.providers.latest, before=before)
        assert not broken, broken
        tasks = {row["id"]: row for row in self.rows.tasks}
        for event in self.rows.events[len(before.events) :]:
            if event["was"] != event["now"]:
                self._has_a_reason(tasks[event["task_id"]], event["was"], event["now"], event["by_id"])
        assert paused() == {provider for provider, is_so in self.providers.paused.items() if is_so}

    def check_rest(self) -> None:
        """What holds when everything has come to rest."""
        truth, providers = self.providers.truth(), self.providers
        broken = [*rules.at_rest(self.rows), *rules.nothing_forgotten(self.rows, truth)]
        broken += rules.no_needless_doubt(self.rows, truth)
        assert not broken, broken
        for row in self.rows.tasks:
            claims = providers.claims[row["id"]]
            told = all(claim.applied and claim.told in NOT_ACCEPTED for claim in claims)
            assert row["status"] != "unconfirmed" or not told, f"task {row['id']}: its provider said what became of it"
            accepted = 0 if providers.is_deceived(row["id"]) else len(providers.accepted_of(row["id"]))
            assert accepted <= (POSTS_MAX if providers.retry_on_5xx else 1), f"{row['id']} was paid {accepted} times"

    def _has_a_reason(self, task: Row, was: str, now: str, by: int | None) -> None:
        """Whether what the providers know and said gives the reason for a move that nobody made by hand."""
        providers, pk, remote_id = self.providers, task["id"], task["remote_id"]
        claims, said = providers.claims[pk], providers.said[remote_id or ""]
        last = claims[-1] if claims else None
        told = last.told if last and last.applied else ""
        answered, polled = last and last.outcome == remote_id, (pk, remote_id) in providers.known_by_poll
        over = moment(task["source_expires_at"])
        forgiven = NOT_ACCEPTED | ({"own 5xx"} if providers.retry_on_5xx else set())
        reasons = {
            ("queued", "submitting"): True,
            ("queued", "canceled"): by and all(claim.applied and claim.told in NOT_ACCEPTED for claim in claims),
            ("queued", "running"): polled,
            ("submitting", "queued"): told in forgiven,
            ("submitting", "failed"): "refused" in told and all(claim.told in NOT_ACCEPTED for claim in claims),
            ("submitting", "running"): answered,
            ("submitting", "unconfirmed"): True,
            ("unconfirmed", "running"): answered or polled,
            ("unconfirmed", "failed"): by,
            ("running", "failed"): "failed" in said,
            ("running", "ready"): "done" in said,
            ("lost", "ready"): "done" in said,
            ("ready", "stored"): True,
            ("running", "lost"): self._is_unseen(pk),
            ("ready", "lost"): self._is_unseen(pk) or (over and over <= providers.latest),
        }
        assert reasons[was, now], f"task {pk}: {was} -> {now}"

    def _is_unseen(self, task: int) -> bool:
        unseen = self.providers.unseen[task]
        return len(unseen) >= 5 and unseen[-1] - unseen[0] >= timedelta(seconds=90)

    # -- the clock --

    @step(seconds=st.sampled_from([0, 1, 6, 31, 46, 95, 160, 3700, 90_000, 1_400_000]))
    def time_passes(self, seconds: float) -> None:
        """So much of it; 0 stands for as much as it takes until something is due."""
        providers, due = self.providers, next_task_due()
        if not seconds and due:
            seconds = max(1.0, (due - providers.now).total_seconds())
        providers.now, providers.monotonic = providers.now + timedelta(seconds=seconds), providers.monotonic + seconds
        providers.latest = max(providers.latest, providers.now)
        for name in [name for name, ends in self.dead_leases.items() if ends <= providers.monotonic]:
            del self.dead_leases[name]
            Lease.objects.filter(name=name).update(token=None, expires_at=None)

    @step(seconds=st.sampled_from([5, 3600, 86_400]))
    def clock_is_set_back(self, seconds: int) -> None:
        self.providers.now -= timedelta(seconds=seconds)

    # -- choosing --

    def _some(self, *statuses: str) -> bool:
        return any(row["status"] in statuses for row in self.rows.tasks)

    def _task(self, which: int, *statuses: str) -> GenerationTask:
        """One of the tasks in these statuses, or of all when none is."""
        tasks = list(GenerationTask.objects.order_by("id"))
        tasks = [task for task in tasks if task.status in statuses] or tasks
        return tasks[which % len(tasks)]

    def _page(self, which: int, *statuses: str) -> GenerationTask:
        """A task as a person sees it: as it is now, or as it was when a page was opened."""
        tasks = list(GenerationTask.objects.order_by("id"))
        fitting = [task for task in [*self.pages[-3:], *tasks] if task.status in statuses] or tasks
        return fitting[which % len(fitting)]

    def _remote(self, which: int) -> Remote:
        remotes = list(self.providers.remotes.values())
        return remotes[which % len(remotes)]


def paused() -> set[str]:
    return {row["provider"] for row in select("SELECT provider FROM generations_pause")}


def empty() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for model in apps.get_app_config("generations").get_models():
            cursor.execute(f"DELETE FROM {model._meta.db_table}")


class Conducting(Steps):
    @step(order=FATES, question=st.sampled_from(STATE_FATES), twins=st.booleans(), ends=st.sampled_from(ENDS))
    def conduct(self, order: str, question: str, twins: bool, ends: str) -> None:
        """What is due is claimed, sent and asked for; the process may die, or fall asleep, before it writes down what
        it was told. With `twins`, two processes try to claim each order."""
        self.claim(twins=twins)
        self._exchange_all(order, question)
        if ends == "it crashes":
            self.answered = []
        while self.answered and ends != "it sleeps":
            self.write(which=0)
            self.answered = [] if ends == "it crashes with half of it written" else self.answered

    @step(order=FATES, finished=st.booleans())
    def conduct_well(self, order: str, finished: bool) -> None:
        """A slice in which nothing of ours goes wrong, when something is due; clips may be finished by then."""
        for remote in self.providers.remotes.values():
            remote.state = "done" if finished and remote.state == "working" else remote.state
        self.time_passes(seconds=0)
        self.claim(twins=False)
        self._exchange_all(order, "as it is")
        self._write_all()
        advance_due_tasks(self.providers.now)

    @precondition(lambda self: not self.in_flight)
    @step(twins=st.booleans())
    def claim(self, twins: bool) -> None:
        """The first half of a slice; its requests are sent later, or never."""
        at, open_ones = self.providers.now, [name for name in ORDERS if not self.providers.paused.get(name)]
        for task in list(GenerationTask.objects.due(at=at).to_be_sent().filter(provider__in=open_ones)):
            twin = GenerationTask.objects.get(pk=task.pk)
            self._start(task)
            assert not twins or submitting.claim_submission(twin, at=at) is None, "two have claimed one order"
        for provider in ORDERS:
            self.in_flight += claim_polls(tasks := list(due_polls(provider, at=at)), at=at)
            assert not twins or claim_polls(tasks, at=at) == [], "two have claimed one poll"
        for task in list(GenerationTask.objects.due(at=at).to_be_asked().filter(crash_count__gt=0)):
            with transaction.atomic():
                call = polling.claim_poll(task, at=at)
            self.in_flight += [call] if call else []
        for account in Account.objects.all():
            if accounts.is_balance_due(account, at=at):
                self.in_flight.append(accounts.claim_balance_call(account, at=at))

    @precondition(lambda self: self.in_flight)
    @step(which=WHICH, order=FATES, question=st.sampled_from(STATE_FATES))
    def exchange(self, which: int, order: str, question: str) -> None:
        """One request and its answer, which is not written yet."""
        call = self.in_flight.pop(which % len(self.in_flight))
        fate, providers = order if call.kind is CallKind.SUBMIT else question, self.providers
        providers.fate, providers.sending, providers.polling_task = fate, self.claims.get(id(call)), call.task_id
        outcome = call()
        if providers.sending:
            providers.sending.told = providers.sending.told or "unsent"  # not begun in time
            providers.sending.outcome = outcome
        note(f"{call.kind.value} of {f'task {call.task_id}' if call.task_id else call.provider}: {fate}: {outcome!r}")
        self.answered.append((call, outcome))

    @precondition(lambda self: self.answered)
    @step(which=WHICH)
    def write(self, which: int) -> None:
        call, outcome = self.answered.pop(which % len(self.answered))
        self._apply(call, outcome)
        self.written.append((call, outcome))

    @precondition(lambda self: self.written)
    @step(which=WHICH)
    def write_once_more(self, which: int) -> None:
        """The commit's own answer was lost, so the same answer is written again, however much later."""
        self._apply(*self.written[which % len(self.written)])

    @precondition(lambda self: self.in_flight or self.answered)
    @step()
    def crash(self) -> None:
        """The process that spoke to the providers dies: what was in flight is forgotten."""
        self.in_flight, self.answered = [], []

    @precondition(lambda self: self._some("submitting"))
    @step()
    def another_slice_begins(self) -> None:
        """One that finds what the one before has left, whether that is dead or asleep."""
        submitting.expire_claims(GenerationTask.objects.of_this_site())

    @precondition(lambda self: self._some("submitting", "unconfirmed", "ready"))
    @step()
    def step_what_needs_no_answer(self) -> None:
        """Orders whose worker died, undecided ones, and files to be fetched."""
        advance_due_tasks(self.providers.now)

    def _exchange_all(self, order: str, question: str) -> None:
        while self.in_flight:
            self.exchange(which=0, order=order, question=question)

    def _start(self, task: GenerationTask) -> None:
        with transaction.atomic():
            call = submitting.claim_submission(task, at=self.providers.now)
        if call is None:
            return
        claim = self.claims[id(call)] = Claim(task.pk, call.attempt, call)
        self.providers.claims[task.pk].append(claim)
        assert self.providers.may_be_sent(claim), f"task {task.pk} is claimed again, and may have been accepted before"
        self.in_flight.append(call)

    def _write_all(self) -> None:
        while self.answered:
            self.write(which=0)

    def _apply(self, call: ProviderCall, outcome: Outcome) -> None:
        at = self.providers.now
        with transaction.atomic(), budgets.deferred_counters():
            if call.kind is CallKind.SUBMIT:
                claim, (status, attempts, __) = self.claims[id(call)], row_of(call.task_id)
                # Only then is it written as what became of the order; else it is a note at most.
                applies = (status, attempts) == ("submitting", claim.attempt)
                claim.applied = claim.applied or applies
                if applies and claim.told in ("stopped", "refused with all others"):
                    self.providers.paused[call.provider] = True
                submitting.apply_submit_answer(call.task_id, outcome, at=at, attempt=call.attempt)
            elif call.kind is CallKind.POLL:
                watched = row_of(call.task_id)[0] in ("running", "ready", "lost", "unconfirmed")
                watched = watched or GenerationTask.objects.to_be_asked().filter(pk=call.task_id).exists()
                if watched and isinstance(outcome, AccountProblem):
                    self.providers.paused[call.provider] = True
                if isinstance(outcome, RemoteTask) and outcome.state is RemoteState.UNSEEN:
                    self.providers.unseen[call.task_id].append(at)
                else:
                    self.providers.unseen[call.task_id].clear()
                if put_off_working([(call, outcome)], at=at, pace_seconds={}):
                    polling.apply_poll_answer(call.task_id, outcome, at=at)
            else:
                accounts.apply_balance_answer(call.provider, outcome, at=at)
                if isinstance(outcome, Decimal) and outcome > 0 and call.provider not in paused():
                    self.providers.paused[call.provider] = False  # an improvement closes it, and nothing else

"""Everything that may happen to orders, in any sequence, as the steps of a state machine.

A step is a call of the program's own verbs with a time, or something that a provider, a network, a disk or a person
does. A crash drops what was in the air. Nothing here waits, and nothing leaves the process.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import wraps
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from generations import accounts, budgets, cleanup, limits, ordering, reordering, saving, submitting, watching
from generations.asking import About, Ask, Outcome
from generations.models import Account, GenerationTask, Lease, Status
from generations.ordering import OrderRefused
from generations.providers.base import RemoteState, Report
from generations.providers.errors import AccountProblem
from generations.stepping import step_without_asking
from tests.crash.promises import Promises
from tests.crash.truth import FILE_FATES, ORDER_FATES, STATE_FATES, Claim, Crashed, Remote, World, is_stopped, row_of
from tests.factories import a_price, an_order

TASKS_MAX = 5  # of one example: few enough for them to meet
WHICH = st.integers(0, TASKS_MAX - 1)
FATES = st.sampled_from([*["accepted"] * 4, *ORDER_FATES])
FETCHES = st.lists(st.sampled_from(FILE_FATES), min_size=1, max_size=3)
DEATHS = st.sampled_from([0, 0, 0, *range(1, 9)])
DELIVERY = st.sampled_from(["polling", "callback"])
ORDERS: dict[str, dict[str, Any]] = {
    "apixo": {},
    "apikley": {"provider": "apikley", "model": "kling-2-6", "sound": False, "aspect_ratio": "16:9"},
}
PROVIDER = st.sampled_from(sorted(ORDERS))
ENDS = ["well", "well", "well", "well", "it crashes", "it sleeps", "it crashes with half of it written"]
SAVE_LEASE_SECONDS = 20
PATIENCE = 400  # rounds until everything must have come to rest


def step(**strategies: Any) -> Callable[[Any], Any]:
    """A rule after which every promise is checked."""

    def decorated(act: Callable[..., None]) -> Any:
        @rule(**strategies)
        @wraps(act)
        def act_and_check(self: Studio, **chosen: Any) -> None:
            self.is_sound = False
            act(self, **chosen)
            self.promises.check()
            self.is_sound = True

        return act_and_check

    return decorated


class Studio(RuleBasedStateMachine):
    """One site, two providers, and a person who decides now and then."""

    is_sound = False  # whether the last step went well
    current: World  # of the example that runs; the test lets the program meet its clock and providers

    @initialize(
        retry_on_5xx=st.sampled_from([False, False, True]),
        limit=st.sampled_from([None, "1.20"]),
        provider=PROVIDER,
        takes=st.integers(1, 3),
        delivery=DELIVERY,
    )
    def open(self, retry_on_5xx: bool, limit: str | None, provider: str, takes: int, delivery: str) -> None:
        _empty()
        self.world = Studio.current = World(retry_on_5xx)
        settings.RETRY_SUBMIT_ON_5XX = retry_on_5xx
        self.promises = Promises(self.world)
        self.person = User.objects.get_or_create(username="mira")[0]
        self.air: list[Ask] = []
        self.landed: list[tuple[Ask, Outcome]] = []
        self.written: list[tuple[Ask, Outcome]] = []
        self.claims: dict[int, Claim] = {}  # id() of an order's Ask -> its claim
        self.pages: list[GenerationTask] = []  # as a person saw them, some time ago
        self.dead_leases: dict[str, float] = {}
        a_price("0.30")
        a_price("0.40", provider="apikley", model="kling-2-6", sound=False)
        if limit:
            limits.set_limit(scope="site", period="total", limit_usd=Decimal(limit), at=self.world.now)
        self._place(provider, takes, delivery)
        self.is_sound = True

    # -- ordering --

    @precondition(lambda self: len(self.promises.status) < TASKS_MAX)
    @step(provider=PROVIDER, takes=st.integers(1, 3), delivery=DELIVERY)
    def place(self, provider: str, takes: int, delivery: str) -> None:
        self._place(provider, min(takes, TASKS_MAX - len(self.promises.status)), delivery)

    def _place(self, provider: str, takes: int, delivery: str) -> None:
        order = an_order(**ORDERS[provider])
        try:
            tasks = ordering.place(order, at=self.world.now, by=self.person, takes=takes, delivery=delivery)
            note(f"ordered: {[task.pk for task in tasks]}")
        except OrderRefused as error:
            note(str(error))
        self.promises.check()

    @precondition(lambda self: self.pages or self._some("queued"))
    @step(which=WHICH)
    def cancel(self, which: int) -> None:
        task = self._page(which, "queued")
        note(f"task {task.pk}: {ordering.cancel(task, at=self.world.now, by=self.person)}")

    @precondition(lambda self: len(self.promises.status) < TASKS_MAX)
    @step(which=WHICH, again=st.booleans())
    def order_again(self, which: int, again: bool) -> None:
        task = self._page(which, "failed", "canceled", "lost", "stored", "unconfirmed")
        verb = reordering.try_again if again else reordering.another_take
        try:
            note(f"task {task.pk}: once more as {verb(task, at=self.world.now, by=self.person).pk}")
        except OrderRefused as error:
            note(f"task {task.pk}: {error}")

    # -- the conductor --

    @step(order=FATES, question=st.sampled_from(STATE_FATES), twins=st.booleans(), ends=st.sampled_from(ENDS))
    def conduct(self, order: str, question: str, twins: bool, ends: str) -> None:
        """What is due is claimed, sent and asked for; the process may die, or fall asleep, before it writes down what
        it heard. With `twins`, two processes try to claim each order."""
        self._claim(twins=twins)
        self._exchange_all(order, question)
        if ends == "it crashes":
            self.landed = []
        while self.landed and ends != "it sleeps":
            self._write(0)
            self.landed = [] if ends == "it crashes with half of it written" else self.landed

    @step(order=FATES, finished=st.booleans())
    def conduct_well(self, order: str, finished: bool) -> None:
        """A slice in which nothing of ours goes wrong, when something is due; clips may be finished by then."""
        self._conduct_well(order, finished=finished)

    def _conduct_well(self, order: str, *, finished: bool) -> None:
        for remote in self.world.remotes.values():
            remote.state = "done" if finished and remote.state == "working" else remote.state
        self._pass_time_until_due()
        self._claim()
        self._exchange_all(order, "as it is")
        while self.landed:
            self._write(0)
        step_without_asking(self.world.now)

    @precondition(lambda self: not self.air)
    @step(twins=st.booleans())
    def claim(self, twins: bool) -> None:
        """The first half of a slice; its requests are sent later, or never."""
        self._claim(twins=twins)

    @precondition(lambda self: self.air)
    @step(which=WHICH, order=FATES, question=st.sampled_from(STATE_FATES))
    def exchange(self, which: int, order: str, question: str) -> None:
        """One request and its answer, which is not written yet."""
        ask = self.air.pop(which % len(self.air))
        self.landed.append((ask, self._hear(ask, order if ask.about is About.ORDER else question)))

    @precondition(lambda self: self.landed)
    @step(which=WHICH)
    def write(self, which: int) -> None:
        self._write(which)

    @precondition(lambda self: self.written)
    @step(which=WHICH)
    def write_once_more(self, which: int) -> None:
        """The commit's own answer was lost, so the same answer is written again, however much later."""
        self._settle(*self.written[which % len(self.written)])

    @precondition(lambda self: self.air or self.landed)
    @step()
    def crash(self) -> None:
        """The process that spoke to the providers dies: what was in the air is forgotten."""
        self.air, self.landed = [], []

    @precondition(lambda self: self._some("submitting"))
    @step()
    def another_slice_begins(self) -> None:
        """One that finds what the one before has left, whether that is dead or asleep."""
        submitting.forsake(GenerationTask.objects.of_this_site())

    @precondition(lambda self: self._some("submitting", "unconfirmed", "ready"))
    @step()
    def step_what_needs_no_answer(self) -> None:
        """Orders whose worker died, undecided ones, and files to be fetched."""
        step_without_asking(self.world.now)

    def _claim(self, *, twins: bool = False) -> None:
        at, providers = self.world.now, [name for name in ORDERS if not self.world.stopped.get(name)]
        for task in list(GenerationTask.objects.due(at=at).to_be_sent().filter(provider__in=providers)):
            twin = GenerationTask.objects.get(pk=task.pk)
            self._start(task)
            assert not twins or submitting.start(twin, at=at) is None, "two have claimed one order"
        for task in list(GenerationTask.objects.due(at=at).to_be_asked()):
            with transaction.atomic():
                ask = watching.look(task, at=at)
            self.air += [ask] if ask else []
        for account in Account.objects.all():
            if accounts.is_due(account, at=at):
                self.air.append(accounts.read(account, at=at))

    def _exchange_all(self, order: str, question: str) -> None:
        while self.air:
            ask = self.air.pop(0)
            self.landed.append((ask, self._hear(ask, order if ask.about is About.ORDER else question)))

    def _start(self, task: GenerationTask) -> None:
        with transaction.atomic():
            ask = submitting.start(task, at=self.world.now)
        if ask is None:
            return
        claim = self.claims[id(ask)] = Claim(task.pk, ask.attempt, ask)
        self.world.claims[task.pk].append(claim)
        assert self.world.may_be_sent(claim), f"task {task.pk} is claimed again, and may have been accepted before"
        self.air.append(ask)

    def _hear(self, ask: Ask, fate: str) -> Outcome:
        world = self.world
        world.fate, world.sending, world.asking = fate, self.claims.get(id(ask)), ask.task_id
        outcome = ask()
        if world.sending:
            world.sending.told = world.sending.told or "unsent"  # not begun in time
            world.sending.outcome = outcome
        note(f"{ask.about.value} of {f'task {ask.task_id}' if ask.task_id else ask.provider}: {fate}: {outcome!r}")
        return outcome

    def _write(self, which: int) -> None:
        ask, outcome = self.landed.pop(which % len(self.landed))
        self._settle(ask, outcome)
        self.written.append((ask, outcome))

    def _settle(self, ask: Ask, outcome: Outcome) -> None:
        at = self.world.now
        with transaction.atomic(), budgets.together():
            if ask.about is About.ORDER:
                claim, (status, attempts, __) = self.claims[id(ask)], row_of(ask.task_id)
                # Only then is it written as what became of the order; else it is a note at most.
                heard = (status, attempts) == ("submitting", claim.attempt)
                claim.settled = claim.settled or heard
                if heard and claim.told in ("stopped", "refused with all others"):
                    self.world.stopped[ask.provider] = True
                submitting.settle_order(ask.task_id, outcome, at=at, attempt=ask.attempt)
            elif ask.about is About.STATE:
                watched = row_of(ask.task_id)[0] in ("running", "ready", "lost", "unconfirmed")
                if watched and isinstance(outcome, AccountProblem):
                    self.world.stopped[ask.provider] = True
                if isinstance(outcome, Report) and outcome.state is RemoteState.UNSEEN:
                    self.world.unseen[ask.task_id].append(at)
                else:
                    self.world.unseen[ask.task_id].clear()
                watching.settle_report(ask.task_id, outcome, at=at)
            else:
                accounts.settle_balance(ask.provider, outcome, at=at)
                if isinstance(outcome, Decimal) and outcome > 0 and not is_stopped(ask.provider):
                    self.world.stopped[ask.provider] = False  # an improvement closes it, and nothing else

    # -- the providers --

    @precondition(lambda self: self.world.remotes)
    @step(
        which=WHICH,
        state=st.sampled_from(["done", "done", "done", "failed", "forgotten", "working"]),
        results=st.integers(1, 2),
    )
    def work(self, which: int, state: str, results: int) -> None:
        """A task at its provider goes on, ends, is forgotten, or goes backwards."""
        remote = self._remote(which)
        remote.state, remote.results = state, max(results, remote.results)
        note(f"{remote.id} is {state}")

    @precondition(lambda self: self.world.remotes)
    @step(which=WHICH, times=st.integers(1, 2))
    def call_back(self, which: int, times: int) -> None:
        remote = self._remote(which)
        for __ in range(times):
            self.world.call_back(remote.task, remote.id)

    @step(which=WHICH, other=WHICH, name=st.sampled_from(["nobody's", "another task's", "none"]))
    def call_back_with_a_lie(self, which: int, other: int, name: str) -> None:
        """Who knows a task's address says what is not so."""
        task, liar = self._task(which), self._task(other)
        named = {"nobody's": "made-up-1", "another task's": task.remote_id or "made-up-1", "none": ""}[name]
        self.world.misled.add(liar.pk)
        self.world.call_back(liar.pk, named, body=f'{{"data": {{"taskId": "{named}", "state": "success"}}}}')

    @precondition(lambda self: self.world.remotes)
    @step(which=WHICH)
    def urls_die(self, which: int) -> None:
        self.world.dead_urls |= set(self._remote(which).urls)

    @precondition(lambda self: any(self.world.stopped.values()))
    @step(provider=PROVIDER, usd=st.sampled_from([-40, -1, 1, 40]))
    def balance_changes(self, provider: str, usd: int) -> None:
        self.world.balances[provider] += usd

    # -- files --

    @precondition(lambda self: self._some("ready"))
    @step(
        which=WHICH, fates=FETCHES, dies_at=DEATHS,
    )  # fmt: skip
    def save(self, which: int, fates: list[str], dies_at: int) -> None:
        """A job to fetch files: rung for or not, once or doubled; its worker may die at one of its writes."""
        self.world.file_fates = list(fates)
        self._save(self._task(which, "ready").pk, dies_at=dies_at)

    @precondition(lambda self: self._some("running"))
    @step(fates=FETCHES, dies_at=DEATHS)
    def clips_are_finished_and_fetched(self, fates: list[str], dies_at: int) -> None:
        """All of an order's way home at once, so that it is gone often; its last step may go wrong."""
        self._conduct_well("accepted", finished=True)
        self.world.file_fates = list(fates)
        for task in GenerationTask.objects.filter(status=Status.READY):
            self._save(task.pk, dies_at=dies_at)

    def _save(self, pk: int, *, dies_at: int = 0) -> None:
        try:
            with dying(dies_at):
                note(f"task {pk} is fetched: {saving.save(pk)}")
        except Crashed:
            note(f"its worker dies with task {pk} in hand")
            self._leave_lease(f"save:{pk}")

    @precondition(lambda self: self._some("ready"))
    @step(which=WHICH)
    def save_and_be_overtaken(self, which: int) -> None:
        """A worker sleeps while it fetches; its lease runs out, and another one does the work."""
        task = self._task(which, "ready")
        self.world.file_fates = []
        self.world.while_fetching = lambda: self._overtake(task.pk)
        self._save(task.pk)
        self.world.while_fetching = None

    def _overtake(self, pk: int) -> None:
        Lease.objects.filter(name=f"save:{pk}").update(token=None, expires_at=None)
        saving.save(pk)

    def _leave_lease(self, name: str) -> None:
        """A process that was killed releases nothing."""
        Lease.objects.filter(name=name).update(token=uuid.uuid4(), expires_at="2999-01-01T00:00:00+00:00")
        self.dead_leases[name] = self.world.monotonic + SAVE_LEASE_SECONDS

    @precondition(lambda self: self._some("stored", "lost"))
    @step()
    def clean_up(self) -> None:
        cleanup.clean_up(at=self.world.now)

    # -- people --

    @precondition(lambda self: len(self.pages) < TASKS_MAX)
    @step(which=WHICH)
    def open_page(self, which: int) -> None:
        """A person looks at a task now, and acts upon what was seen some time later."""
        self.pages.append(self._task(which))

    @precondition(lambda self: self.pages or self._some("unconfirmed"))
    @step(which=WHICH, given=st.sampled_from(["the right one", "the right one", "made up", "another task's", "no id"]))
    def confirm(self, which: int, given: str) -> None:
        task, at = self._page(which, "unconfirmed"), self.world.now
        mine = [remote.id for remote in self.world.accepted_of(task.pk)]
        others = [remote.id for remote in self.world.remotes.values() if remote.id not in mine]
        right, other = (mine[-1] if mine else "made-up-2"), (others[0] if others else "made-up-3")
        text = {"the right one": right, "made up": "made-up-4", "another task's": other, "no id": "a b/../c"}[given]
        try:
            if submitting.confirm(task, text, "on the dashboard", at=at, by=self.person) and text not in mine:
                self._err(task.pk, text)
        except submitting.NotAnId as error:
            note(str(error))

    def _err(self, pk: int, named: str) -> None:
        """A person gave a task an id that is not its own: what becomes of both is no fault of the program's."""
        self.world.erred |= {pk} | ({self.world.remotes[named].task} if named in self.world.remotes else set())

    @precondition(lambda self: self.pages or self._some("unconfirmed"))
    @step(which=WHICH)
    def abandon(self, which: int) -> None:
        task = self._page(which, "unconfirmed")
        if submitting.abandon(task, "not on the dashboard", at=self.world.now, by=self.person):
            flying = any(ask.about is About.ORDER and ask.task_id == task.pk for ask in self.air)
            self.world.erred |= {task.pk} if self.world.accepted_of(task.pk) or flying else set()

    @precondition(lambda self: self.pages or self._some("unconfirmed"))
    @step(which=WHICH)
    def wait(self, which: int) -> None:
        submitting.wait(self._page(which, "unconfirmed"), "it may turn up", at=self.world.now, by=self.person)

    @precondition(lambda self: self._some("running", "lost", "ready"))
    @step(which=WHICH)
    def poke(self, which: int) -> None:
        watching.poke(self._page(which, "running", "lost"), at=self.world.now, by=self.person)

    @precondition(lambda self: any(self.world.stopped.values()))
    @step(provider=PROVIDER)
    def close_breaker(self, provider: str) -> None:
        self._close_breaker(provider)

    def _close_breaker(self, provider: str) -> None:
        accounts.close_breaker(provider)
        self.world.stopped[provider] = False

    # -- the clock --

    @step(seconds=st.sampled_from([0, 1, 6, 31, 46, 95, 160, 3700, 90_000, 1_400_000]))
    def time_passes(self, seconds: int) -> None:
        """So much of it; 0 stands for as much as it takes until something is due."""
        if seconds:
            self._pass_time(seconds)
        else:
            self._pass_time_until_due()

    def _pass_time_until_due(self) -> bool:
        waiting = GenerationTask.objects.exclude(due_at=None).exclude(status=Status.UNCONFIRMED, candidate_id="")
        due = waiting.order_by("due_at").values_list("due_at", flat=True).first()
        if due is not None:
            self._pass_time(max(1.0, (due - self.world.now).total_seconds()))
        return due is not None

    @step(seconds=st.sampled_from([5, 3600, 86_400]))
    def clock_is_set_back(self, seconds: int) -> None:
        self.world.set_back(seconds)

    def _pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)
        for name in [name for name, ends in self.dead_leases.items() if ends <= self.world.monotonic]:
            del self.dead_leases[name]
            Lease.objects.filter(name=name).update(token=None, expires_at=None)

    # -- the end --

    def teardown(self) -> None:
        try:
            if self.is_sound:
                self._come_to_rest()
        finally:
            _empty()

    def _come_to_rest(self) -> None:
        """Everybody behaves from now on: everything must end, or wait for a person."""
        world = self.world
        note("-- everybody behaves from now on --")
        world.now = max(world.now, world.latest)
        world.dead_urls, world.file_fates = set(), []
        while self.landed:
            self._write(0)
        for provider in ORDERS:
            self._close_breaker(provider)
        for remote in list(world.remotes.values()):
            remote.state = "done" if remote.state == "working" else remote.state
            if GenerationTask.objects.get(pk=remote.task).delivery == "callback":
                world.call_back(remote.task, remote.id, body=f'{{"data": {{"taskId": "{remote.id}"}}, "last": 1}}')
        for __ in range(PATIENCE):
            goes_on = self._round()
            self.promises.check()
            if not goes_on:
                break
        self.promises.check_rest()

    def _round(self) -> bool:
        """One well-behaved slice, at the next time that something is due; False when nothing is."""
        self._claim()
        self._exchange_all("accepted", "as it is")
        while self.landed:
            self._write(0)
        for remote in self.world.remotes.values():
            remote.state = "done" if remote.state == "working" else remote.state
        step_without_asking(self.world.now)
        for task in GenerationTask.objects.filter(status=Status.READY):
            self._save(task.pk)
        return self._pass_time_until_due()

    # -- choosing --

    def _some(self, *statuses: str) -> bool:
        return any(status in statuses for status in self.promises.status.values())

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
        remotes = list(self.world.remotes.values())
        return remotes[which % len(remotes)]


def _empty() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for model in apps.get_app_config("generations").get_models():
            cursor.execute(f"DELETE FROM {model._meta.db_table}")


@contextmanager
def dying(at_write: int) -> Iterator[None]:
    """Die before the n-th write of what runs in here; 0 is never."""
    writes = 0

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal writes
        writes += sql.startswith(("INSERT", "UPDATE", "DELETE"))
        if writes == at_write > 0:
            writes += 1  # once: what the process would have done on its way out still works
            raise Crashed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield

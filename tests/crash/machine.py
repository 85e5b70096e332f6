"""Everything that may happen to orders, in any sequence, as the steps of a state machine.

A step is a call of the program's own verbs with a time, or something that a provider, a network, a disk or a person
does. A crash drops what was in flight. Nothing here waits, and nothing leaves the process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition

from generations.integrity import cleanup
from generations.lifecycle import accounts, decisions, ordering, polling, retries, saving
from generations.lifecycle.calls import CallKind
from generations.lifecycle.ordering import OrderRequest
from generations.models import GenerationTask, Lease, Status
from generations.money import limits
from tests.crash.cases import ORDERS
from tests.crash.provider_model import FILE_FATES, Crashed, Providers
from tests.crash.steps import PROVIDER, TASKS_MAX, WHICH, Conducting, Steps, empty, step
from tests.crash.studio import next_task_due
from tests.factories import a_price, an_order


class Deciding(Steps):
    person: User

    @precondition(lambda self: len(self.pages) < TASKS_MAX)
    @step(which=WHICH)
    def open_page(self, which: int) -> None:
        """A person looks at a task now, and acts upon what was seen some time later."""
        self.pages.append(self._task(which))

    @precondition(lambda self: self.pages or self._some("unconfirmed"))
    @step(which=WHICH, given=st.sampled_from(["the right one", "the right one", "made up", "another task's", "no id"]))
    def confirm(self, which: int, given: str) -> None:
        task, at = self._page(which, "unconfirmed"), self.providers.now
        mine = [remote.id for remote in self.providers.accepted_of(task.pk)]
        others = [remote.id for remote in self.providers.remotes.values() if remote.id not in mine]
        right, other = (mine[-1] if mine else "made-up-2"), (others[0] if others else "made-up-3")
        text = {"the right one": right, "made up": "made-up-4", "another task's": other, "no id": "a b/../c"}[given]
        try:
            if decisions.attach_remote_id(task, text, "on the dashboard", at=at, by=self.person) and text in others:
                # The id of another: what becomes of both is no fault of the program's.
                self.providers.erred |= {task.pk, self.providers.remotes[text].task}
        except ValidationError as error:
            note(str(error))

    @precondition(lambda self: self.pages or self._some("unconfirmed"))
    @step(which=WHICH)
    def abandon(self, which: int) -> None:
        task = self._page(which, "unconfirmed")
        if decisions.mark_not_accepted(task, "not on the dashboard", at=self.providers.now, by=self.person):
            on_its_way = any(call.kind is CallKind.SUBMIT and call.task_id == task.pk for call in self.in_flight)
            self.providers.erred |= {task.pk} if self.providers.accepted_of(task.pk) or on_its_way else set()

    @precondition(lambda self: self.pages or self._some("unconfirmed"))
    @step(which=WHICH)
    def wait(self, which: int) -> None:
        decisions.leave_undecided(
            self._page(which, "unconfirmed"), "it may turn up", at=self.providers.now, by=self.person
        )

    @precondition(lambda self: self._some("running", "lost", "ready"))
    @step(which=WHICH)
    def poll_now(self, which: int) -> None:
        polling.poll_now(self._page(which, "running", "lost"), at=self.providers.now, by=self.person)

    @precondition(lambda self: any(self.providers.paused.values()))
    @step(provider=PROVIDER)
    def resume_orders(self, provider: str) -> None:
        accounts.resume_orders(provider)
        self.providers.paused[provider] = False


FETCHES = st.lists(st.sampled_from(FILE_FATES), min_size=1, max_size=3)
DEATHS = st.sampled_from([0, 0, 0, *range(1, 9)])
DELIVERY = st.sampled_from(["polling", "callback"])
REMOTE_STATES = ["done", "done", "done", "failed", "forgotten", "working"]
SAVE_LEASE_SECONDS = 20
PATIENCE = 400  # rounds until everything must have come to rest


class Studio(Conducting, Deciding):
    """One site, two providers, and a person who decides now and then."""

    current: Providers  # of the example that runs; the test lets the program meet its clock and providers

    @initialize(
        retry_on_5xx=st.sampled_from([False, False, True]),
        limit=st.sampled_from([None, "1.20"]),
        provider=PROVIDER,
        takes=st.integers(1, 3),
        delivery=DELIVERY,
    )
    def open(self, retry_on_5xx: bool, limit: str | None, provider: str, takes: int, delivery: str) -> None:
        empty()
        self.providers = Studio.current = Providers(retry_on_5xx)
        settings.RETRY_SUBMIT_ON_5XX = retry_on_5xx
        self.person = User.objects.get_or_create(username="mira")[0]
        a_price("0.30")
        a_price("0.40", provider="apikley", model="kling-2-6", sound=False)
        if limit:
            limits.set_limit(scope="site", period="total", limit_usd=Decimal(limit), at=self.providers.now)
        self.place(provider=provider, takes=takes, delivery=delivery)

    # -- ordering --

    @precondition(lambda self: len(self.rows.tasks) < TASKS_MAX)
    @step(provider=PROVIDER, takes=st.integers(1, 3), delivery=DELIVERY)
    def place(self, provider: str, takes: int, delivery: str) -> None:
        takes = min(takes, TASKS_MAX - len(self.rows.tasks))
        self._order(OrderRequest(an_order(**ORDERS[provider]), takes=takes, delivery=delivery))

    def _order(self, request: OrderRequest) -> None:
        try:
            tasks = ordering.place([request], at=self.providers.now, by=self.person)
            note(f"ordered: {[task.pk for task in tasks]}")
        except ValidationError as error:
            note(str(error))

    @precondition(lambda self: self.pages or self._some("queued"))
    @step(which=WHICH)
    def cancel(self, which: int) -> None:
        task = self._page(which, "queued")
        note(f"task {task.pk}: {ordering.cancel(task, at=self.providers.now, by=self.person)}")

    @precondition(lambda self: len(self.rows.tasks) < TASKS_MAX)
    @step(which=WHICH, again=st.booleans())
    def order_again(self, which: int, again: bool) -> None:
        task = self._page(which, "failed", "canceled", "lost", "stored", "unconfirmed")
        note(f"task {task.pk}, once more")
        self._order(retries.retry(task) if again else retries.another_take(task))

    # -- the providers --

    @precondition(lambda self: self.providers.remotes)
    @step(which=WHICH, state=st.sampled_from(REMOTE_STATES), results=st.integers(1, 2))
    def go_on(self, which: int, state: str, results: int) -> None:
        """A task at its provider goes on, ends, is forgotten, or goes backwards."""
        remote = self._remote(which)
        if not self.providers.said[remote.id]:
            remote.results = results
        remote.state = state
        note(f"{remote.id} is {state}")

    @precondition(lambda self: self.providers.remotes)
    @step(which=WHICH, times=st.integers(1, 2))
    def call_back(self, which: int, times: int) -> None:
        remote = self._remote(which)
        for __ in range(times):
            self.providers.call_back(remote.task, remote.id)

    @step(which=WHICH, other=WHICH, name=st.sampled_from(["nobody's", "another task's", "none"]))
    def call_back_with_a_lie(self, which: int, other: int, name: str) -> None:
        """Who knows a task's address says what is not so."""
        task, named_falsely = self._task(which), self._task(other)
        named = {"nobody's": "made-up-1", "another task's": task.remote_id or "made-up-1", "none": ""}[name]
        self.providers.misled.add(named_falsely.pk)
        self.providers.call_back(
            named_falsely.pk, named, body=f'{{"data": {{"taskId": "{named}", "state": "success"}}}}'
        )

    @precondition(lambda self: self.providers.remotes)
    @step(which=WHICH)
    def urls_die(self, which: int) -> None:
        self.providers.dead_urls |= set(self._remote(which).urls)

    @precondition(lambda self: any(self.providers.paused.values()))
    @step(provider=PROVIDER, usd=st.sampled_from([-40, -1, 1, 40]))
    def balance_changes(self, provider: str, usd: int) -> None:
        self.providers.balances[provider] += usd

    # -- files --

    @precondition(lambda self: self._some("ready"))
    @step(which=WHICH, fates=FETCHES, dies_at=DEATHS)
    def save(self, which: int, fates: list[str], dies_at: int) -> None:
        """A job to fetch files, once or doubled; its worker may die at one of its writes."""
        self.providers.file_fates = list(fates)
        self._save(self._task(which, "ready").pk, dies_at=dies_at)

    @precondition(lambda self: self._some("running"))
    @step(fates=FETCHES, dies_at=DEATHS)
    def clips_are_finished_and_fetched(self, fates: list[str], dies_at: int) -> None:
        """All of an order's way home at once, so that it is gone often; its last step may go wrong."""
        self.conduct_well(order="accepted", finished=True)
        self.providers.file_fates = list(fates)
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
        self.providers.file_fates = []
        self.providers.while_fetching = lambda: self._overtake(task.pk)
        self._save(task.pk)
        self.providers.while_fetching = None

    def _overtake(self, pk: int) -> None:
        Lease.objects.filter(name=f"save:{pk}").update(token=None, expires_at=None)
        saving.save(pk)

    def _leave_lease(self, name: str) -> None:
        """A process that was killed releases nothing."""
        Lease.objects.filter(name=name).update(token=uuid.uuid4(), expires_at="2999-01-01T00:00:00+00:00")
        self.dead_leases[name] = self.providers.monotonic + SAVE_LEASE_SECONDS

    @precondition(lambda self: self._some("stored", "lost"))
    @step()
    def clean_up(self) -> None:
        cleanup.clean_up(at=self.providers.now)

    # -- the end --

    def teardown(self) -> None:
        try:
            if not self.depth:
                self._come_to_rest()
        finally:
            empty()

    def _come_to_rest(self) -> None:
        """Everybody behaves from now on: everything must end, or wait for a person."""
        providers = self.providers
        note("-- everybody behaves from now on --")
        providers.now = max(providers.now, providers.latest)
        providers.dead_urls = set()
        self._write_all()
        for provider in ORDERS:
            self.resume_orders(provider=provider)
        for remote in list(providers.remotes.values()):
            remote.state = "done" if remote.state == "working" else remote.state
            if GenerationTask.objects.get(pk=remote.task).delivery == "callback":
                remote.called_back = True
                providers.call_back(remote.task, remote.id, body=f'{{"data": {{"taskId": "{remote.id}"}}, "last": 1}}')
        for __ in range(PATIENCE):
            is_due = next_task_due()
            self.clips_are_finished_and_fetched(fates=[], dies_at=0)
            if not is_due:
                break
        self.check_rest()


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

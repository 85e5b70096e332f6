"""The conductor's part of the state machine: what is claimed, sent, heard and written, and what dies in between."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import precondition

from generations.lifecycle import accounts, polling, submitting
from generations.lifecycle.calls import CallKind, Outcome, ProviderCall
from generations.models import Account, GenerationTask
from generations.money import budgets
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import AccountProblem
from generations.worker.due import advance_due_tasks
from tests.crash.steps import ENDS, FATES, ORDERS, WHICH, Steps, step
from tests.crash.truth import STATE_FATES, Claim, is_stopped, row_of


class Conducting(Steps):
    air: list[ProviderCall]
    landed: list[tuple[ProviderCall, Outcome]]
    written: list[tuple[ProviderCall, Outcome]]
    claims: dict[int, Claim]  # id() of an order's Ask -> its claim

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
        advance_due_tasks(self.world.now)

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
        self.landed.append((ask, self._hear(ask, order if ask.kind is CallKind.SUBMIT else question)))

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
        submitting.expire_claims(GenerationTask.objects.of_this_site())

    @precondition(lambda self: self._some("submitting", "unconfirmed", "ready"))
    @step()
    def step_what_needs_no_answer(self) -> None:
        """Orders whose worker died, undecided ones, and files to be fetched."""
        advance_due_tasks(self.world.now)

    def _claim(self, *, twins: bool = False) -> None:
        at, providers = self.world.now, [name for name in ORDERS if not self.world.stopped.get(name)]
        for task in list(GenerationTask.objects.due(at=at).to_be_sent().filter(provider__in=providers)):
            twin = GenerationTask.objects.get(pk=task.pk)
            self._start(task)
            assert not twins or submitting.claim_submission(twin, at=at) is None, "two have claimed one order"
        for task in list(GenerationTask.objects.due(at=at).to_be_asked()):
            with transaction.atomic():
                ask = polling.claim_poll(task, at=at)
            self.air += [ask] if ask else []
        for account in Account.objects.all():
            if accounts.is_balance_due(account, at=at):
                self.air.append(accounts.claim_balance_call(account, at=at))

    def _exchange_all(self, order: str, question: str) -> None:
        while self.air:
            ask = self.air.pop(0)
            self.landed.append((ask, self._hear(ask, order if ask.kind is CallKind.SUBMIT else question)))

    def _start(self, task: GenerationTask) -> None:
        with transaction.atomic():
            ask = submitting.claim_submission(task, at=self.world.now)
        if ask is None:
            return
        claim = self.claims[id(ask)] = Claim(task.pk, ask.attempt, ask)
        self.world.claims[task.pk].append(claim)
        assert self.world.may_be_sent(claim), f"task {task.pk} is claimed again, and may have been accepted before"
        self.air.append(ask)

    def _hear(self, ask: ProviderCall, fate: str) -> Outcome:
        world = self.world
        world.fate, world.sending, world.asking = fate, self.claims.get(id(ask)), ask.task_id
        outcome = ask()
        if world.sending:
            world.sending.told = world.sending.told or "unsent"  # not begun in time
            world.sending.outcome = outcome
        note(f"{ask.kind.value} of {f'task {ask.task_id}' if ask.task_id else ask.provider}: {fate}: {outcome!r}")
        return outcome

    def _write(self, which: int) -> None:
        ask, outcome = self.landed.pop(which % len(self.landed))
        self._settle(ask, outcome)
        self.written.append((ask, outcome))

    def _settle(self, ask: ProviderCall, outcome: Outcome) -> None:
        at = self.world.now
        with transaction.atomic(), budgets.deferred_counters():
            if ask.kind is CallKind.SUBMIT:
                claim, (status, attempts, __) = self.claims[id(ask)], row_of(ask.task_id)
                # Only then is it written as what became of the order; else it is a note at most.
                heard = (status, attempts) == ("submitting", claim.attempt)
                claim.settled = claim.settled or heard
                if heard and claim.told in ("stopped", "refused with all others"):
                    self.world.stopped[ask.provider] = True
                submitting.apply_submit_answer(ask.task_id, outcome, at=at, attempt=ask.attempt)
            elif ask.kind is CallKind.POLL:
                watched = row_of(ask.task_id)[0] in ("running", "ready", "lost", "unconfirmed")
                if watched and isinstance(outcome, AccountProblem):
                    self.world.stopped[ask.provider] = True
                if isinstance(outcome, RemoteTask) and outcome.state is RemoteState.UNSEEN:
                    self.world.unseen[ask.task_id].append(at)
                else:
                    self.world.unseen[ask.task_id].clear()
                polling.apply_poll_answer(ask.task_id, outcome, at=at)
            else:
                accounts.apply_balance_answer(ask.provider, outcome, at=at)
                if isinstance(outcome, Decimal) and outcome > 0 and not is_stopped(ask.provider):
                    self.world.stopped[ask.provider] = False  # an improvement closes it, and nothing else

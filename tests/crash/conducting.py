"""The conductor's part of the state machine: what is claimed, sent, answered and written, and what dies in between."""

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
from tests.crash.provider_model import STATE_FATES, Claim, is_paused, row_of
from tests.crash.steps import ENDS, FATES, ORDERS, WHICH, Steps, step


class Conducting(Steps):
    answered: list[tuple[ProviderCall, Outcome]]
    written: list[tuple[ProviderCall, Outcome]]
    claims: dict[int, Claim]  # id() of an order's Ask -> its claim

    @step(order=FATES, question=st.sampled_from(STATE_FATES), twins=st.booleans(), ends=st.sampled_from(ENDS))
    def conduct(self, order: str, question: str, twins: bool, ends: str) -> None:
        """What is due is claimed, sent and asked for; the process may die, or fall asleep, before it writes down what
        it was told. With `twins`, two processes try to claim each order."""
        self._claim(twins=twins)
        self._exchange_all(order, question)
        if ends == "it crashes":
            self.answered = []
        while self.answered and ends != "it sleeps":
            self._write(0)
            self.answered = [] if ends == "it crashes with half of it written" else self.answered

    @step(order=FATES, finished=st.booleans())
    def conduct_well(self, order: str, finished: bool) -> None:
        """A slice in which nothing of ours goes wrong, when something is due; clips may be finished by then."""
        self._conduct_well(order, finished=finished)

    def _conduct_well(self, order: str, *, finished: bool) -> None:
        for remote in self.providers.remotes.values():
            remote.state = "done" if finished and remote.state == "working" else remote.state
        self._pass_time_until_due()
        self._claim()
        self._exchange_all(order, "as it is")
        while self.answered:
            self._write(0)
        advance_due_tasks(self.providers.now)

    @precondition(lambda self: not self.in_flight)
    @step(twins=st.booleans())
    def claim(self, twins: bool) -> None:
        """The first half of a slice; its requests are sent later, or never."""
        self._claim(twins=twins)

    @precondition(lambda self: self.in_flight)
    @step(which=WHICH, order=FATES, question=st.sampled_from(STATE_FATES))
    def exchange(self, which: int, order: str, question: str) -> None:
        """One request and its answer, which is not written yet."""
        call = self.in_flight.pop(which % len(self.in_flight))
        self.answered.append((call, self._answer(call, order if call.kind is CallKind.SUBMIT else question)))

    @precondition(lambda self: self.answered)
    @step(which=WHICH)
    def write(self, which: int) -> None:
        self._write(which)

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

    def _claim(self, *, twins: bool = False) -> None:
        at, open_ones = self.providers.now, [name for name in ORDERS if not self.providers.paused.get(name)]
        for task in list(GenerationTask.objects.due(at=at).to_be_sent().filter(provider__in=open_ones)):
            twin = GenerationTask.objects.get(pk=task.pk)
            self._start(task)
            assert not twins or submitting.claim_submission(twin, at=at) is None, "two have claimed one order"
        for task in list(GenerationTask.objects.due(at=at).to_be_asked()):
            with transaction.atomic():
                call = polling.claim_poll(task, at=at)
            self.in_flight += [call] if call else []
        for account in Account.objects.all():
            if accounts.is_balance_due(account, at=at):
                self.in_flight.append(accounts.claim_balance_call(account, at=at))

    def _exchange_all(self, order: str, question: str) -> None:
        while self.in_flight:
            call = self.in_flight.pop(0)
            self.answered.append((call, self._answer(call, order if call.kind is CallKind.SUBMIT else question)))

    def _start(self, task: GenerationTask) -> None:
        with transaction.atomic():
            call = submitting.claim_submission(task, at=self.providers.now)
        if call is None:
            return
        claim = self.claims[id(call)] = Claim(task.pk, call.attempt, call)
        self.providers.claims[task.pk].append(claim)
        assert self.providers.may_be_sent(claim), f"task {task.pk} is claimed again, and may have been accepted before"
        self.in_flight.append(call)

    def _answer(self, call: ProviderCall, fate: str) -> Outcome:
        providers = self.providers
        providers.fate, providers.sending, providers.polling_task = fate, self.claims.get(id(call)), call.task_id
        outcome = call()
        if providers.sending:
            providers.sending.told = providers.sending.told or "unsent"  # not begun in time
            providers.sending.outcome = outcome
        note(f"{call.kind.value} of {f'task {call.task_id}' if call.task_id else call.provider}: {fate}: {outcome!r}")
        return outcome

    def _write(self, which: int) -> None:
        call, outcome = self.answered.pop(which % len(self.answered))
        self._apply(call, outcome)
        self.written.append((call, outcome))

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
                if watched and isinstance(outcome, AccountProblem):
                    self.providers.paused[call.provider] = True
                if isinstance(outcome, RemoteTask) and outcome.state is RemoteState.UNSEEN:
                    self.providers.unseen[call.task_id].append(at)
                else:
                    self.providers.unseen[call.task_id].clear()
                polling.apply_poll_answer(call.task_id, outcome, at=at)
            else:
                accounts.apply_balance_answer(call.provider, outcome, at=at)
                if isinstance(outcome, Decimal) and outcome > 0 and not is_paused(call.provider):
                    self.providers.paused[call.provider] = False  # an improvement closes it, and nothing else

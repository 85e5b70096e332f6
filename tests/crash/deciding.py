"""What people do, in the state machine: they decide, by pages that they opened some time ago."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import precondition

from generations.lifecycle import accounts, decisions, polling
from generations.lifecycle.calls import CallKind
from tests.crash.steps import PROVIDER, TASKS_MAX, WHICH, Steps, step


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
            if decisions.attach_remote_id(task, text, "on the dashboard", at=at, by=self.person) and text not in mine:
                self._err(task.pk, text)
        except ValidationError as error:
            note(str(error))

    def _err(self, pk: int, named: str) -> None:
        """A person gave a task an id that is not its own: what becomes of both is no fault of the program's."""
        self.providers.erred |= {pk} | (
            {self.providers.remotes[named].task} if named in self.providers.remotes else set()
        )

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
        self._resume_orders(provider)

    def _resume_orders(self, provider: str) -> None:
        accounts.resume_provider(provider)
        self.providers.paused[provider] = False

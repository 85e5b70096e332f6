"""What every step of the state machine has: how it is chosen and checked, the clock, and the rows to choose from."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from generations.models import GenerationTask, Lease, Status
from tests.crash.promises import Promises
from tests.crash.truth import FILE_FATES, ORDER_FATES, Remote, World

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


def step(**strategies: Any) -> Callable[[Any], Any]:
    """A rule after which every promise is checked."""

    def decorated(act: Callable[..., None]) -> Any:
        @rule(**strategies)
        @wraps(act)
        def act_and_check(self: Steps, **chosen: Any) -> None:
            self.is_sound = False
            act(self, **chosen)
            self.promises.check()
            self.is_sound = True

        return act_and_check

    return decorated


class Steps(RuleBasedStateMachine):
    """A site whose promises are checked after each step; `open` of the whole machine sets up what is declared here."""

    is_sound = False  # whether the last step went well
    world: World
    promises: Promises
    pages: list[GenerationTask]  # as a person saw them, some time ago
    dead_leases: dict[str, float]

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


def empty() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for model in apps.get_app_config("generations").get_models():
            cursor.execute(f"DELETE FROM {model._meta.db_table}")

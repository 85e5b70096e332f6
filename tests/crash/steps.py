"""What every step of the state machine has: how it is chosen and judged, the clock, and the rows to choose from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from generations.lifecycle.calls import ProviderCall
from generations.models import GenerationTask, Lease, Status
from tests.crash.judge import rules
from tests.crash.judge.database import Database, Row, moment
from tests.crash.provider_model import FILE_FATES, NOT_ACCEPTED, ORDER_FATES, Providers, Remote

POSTS_MAX = 3
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
            self.check()
            self.is_sound = True

        return act_and_check

    return decorated


class Steps(RuleBasedStateMachine):
    """A site that is judged after each step; `open` of the whole machine sets up what is declared here."""

    is_sound = False  # whether the last step went well
    providers: Providers
    rows: Database  # as they were after the last step
    in_flight: list[ProviderCall]
    pages: list[GenerationTask]  # as a person saw them, some time ago
    dead_leases: dict[str, float]

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
        paused = {row["provider"] for row in select("SELECT provider FROM generations_pause")}
        assert paused == {provider for provider, is_so in self.providers.paused.items() if is_so}

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
            ("unconfirmed", "running"): by or answered or polled,
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
            self._pass_time(max(1.0, (due - self.providers.now).total_seconds()))
        return due is not None

    @step(seconds=st.sampled_from([5, 3600, 86_400]))
    def clock_is_set_back(self, seconds: int) -> None:
        self.providers.set_back(seconds)

    def _pass_time(self, seconds: float) -> None:
        self.providers.pass_time(seconds)
        for name in [name for name, ends in self.dead_leases.items() if ends <= self.providers.monotonic]:
            del self.dead_leases[name]
            Lease.objects.filter(name=name).update(token=None, expires_at=None)

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


def select(sql: str) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def empty() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for model in apps.get_app_config("generations").get_models():
            cursor.execute(f"DELETE FROM {model._meta.db_table}")

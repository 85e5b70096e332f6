"""The studio as one process of a case lives it: what people, workers and providers do to it, as steps."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connections
from django.test import Client
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from generations.lifecycle import accounts, decisions, ordering, polling, retries, submitting
from generations.lifecycle.ordering import OrderRequest
from generations.models import Account, BalanceReading, GenerationTask, Status, Video
from generations.providers.base import RemoteState, RemoteTask
from generations.worker import conductor, jobs
from tests.crash.cases import BEGAN, ORDERS, Scenario
from tests.crash.effects import Effects
from tests.factories import an_order
from tests.processes.proc import die_with_parent

CONDUCT_SECONDS = 0.25
ROUNDS = 40  # of the worker; a row that needs more does not move
PATIENCE = timedelta(hours=3)  # what is due later than that does not move either
MOVES = ("id", "status", "due_at", "poll_count", "crash_count")  # columns that change as long as anything happens


@dataclass(frozen=True)
class Place:
    """Where a case happens."""

    folder: Path
    url: str  # of its database
    provider: str  # the provider's address
    name: str  # of the case's journal there
    public: str = "http://127.0.0.1:8000"  # the site itself, where it is up

    @property
    def database(self) -> str:
        return self.url.removeprefix("sqlite:///") if self.url.startswith("sqlite") else self.url.rpartition("/")[2]

    @property
    def trace(self) -> Path:
        return self.folder / "trace.jsonl"

    @property
    def media(self) -> Path:
        return self.folder / "media"

    def ask_provider(self, door: str) -> Any:
        with urllib.request.urlopen(f"{self.provider}/{self.name}/{door}", timeout=10) as answer:
            return json.load(answer)


def next_task_due() -> datetime | None:
    """When a task comes up by itself; reminders of what only a person can decide do not count."""
    waiting = GenerationTask.objects.exclude(due_at=None).exclude(status=Status.UNCONFIRMED, candidate_id="")
    return waiting.order_by("due_at").values_list("due_at", flat=True).first()


class Studio:
    """One process of the studio."""

    def __init__(self, place: Place, scenario: Scenario, effects: Effects, *, began: float) -> None:
        self.place, self.scenario, self.effects = place, scenario, effects
        self.passed = began  # seconds since BEGAN
        self.ordered = 0  # of the scenario's prompts
        self.memory: dict[str, Any] = {}  # of a sleeping process

    def take_steps(self, *steps: str) -> None:
        for step in steps:
            self.effects.note("step", step)
            act = STEPS.get(step) or getattr(Studio, step)
            act(self)

    # -- time --

    def now(self) -> datetime:
        self.passed += 1e-6  # no two moments are the same
        return BEGAN + timedelta(seconds=self.passed)

    def advance(self, seconds: float) -> None:
        self.passed += seconds
        self.effects.note("clock", str(self.passed))

    # -- the worker --

    def work(self) -> None:
        """Do what `manage.py worker` would: conduct whenever a row becomes due, and run what is in the queue."""
        before: object = None
        for __ in range(ROUNDS):
            self.tick()
            with self.effects.mute():
                rows = [*GenerationTask.objects.order_by("id").values_list(*MOVES),
                        *Video.objects.order_by("id").values_list("decoded_at", "decode_due_at")]  # fmt: skip
                due = self._next_due()
                # The orders of a paused provider are due all the time.
                if due is None or due > self.now() + PATIENCE or rows == before:
                    return
                before = rows
                if due > self.now():
                    self.advance((due - self.now()).total_seconds() + 0.001)

    def tick(self) -> None:
        """Advance what is due, without waiting for anything."""
        self._conduct()
        self._run_queue()
        with self.effects.mute():
            is_due = Video.objects.to_decode(at=self.now()).exists()
        if is_due:  # the schedule comes each minute, whatever became of the queue
            self._run("generations.worker.jobs.background")

    def until_ready(self) -> None:
        """Poll until the clip is finished, while no worker is free to save it."""
        for __ in range(ROUNDS):
            self._conduct()
            with self.effects.mute():
                if GenerationTask.objects.filter(status=Status.READY).exists():
                    OrmQ.objects.all().delete()
                    return
                due = self._next_due() or self.now()
                self.advance(max(0.0, (due - self.now()).total_seconds()) + 0.001)

    def double(self) -> None:
        """Each job is in the queue twice."""
        with self.effects.mute():
            for job in list(OrmQ.objects.order_by("id")):
                OrmQ.objects.create(key=job.key, payload=job.payload, lock=job.lock)

    def _next_due(self) -> datetime | None:
        """When something happens by itself."""
        late = Video.objects.exclude(decode_due_at=None).order_by("decode_due_at")
        times = (next_task_due(), late.values_list("decode_due_at", flat=True).first())
        return min((at for at in times if at), default=None)

    def _run_queue(self) -> None:
        """Run what is in the queue now; what is enqueued meanwhile waits for the next time."""
        with self.effects.mute():
            waiting = list(OrmQ.objects.order_by("id").values_list("id", "payload"))
        for number, payload in waiting:
            package = SignedPackage.loads(payload)
            self._run(package["func"], *package["args"])
            with self.effects.mute():  # acknowledged only now: a job that dies is given out again
                OrmQ.objects.filter(pk=number).delete()

    def _conduct(self) -> None:
        """Conduct until nothing is due, for a moment at most."""
        ends = time.monotonic() + CONDUCT_SECONDS

        def goes_on() -> bool:
            return time.monotonic() < ends and GenerationTask.objects.due(at=self.now()).exists()

        self._try("the conductor", conductor.conduct, goes_on)

    def _run(self, function: str, *args: Any) -> None:
        self._try(f"{function}{args}", import_string(function), *args)

    def _try(self, name: str, function: Callable[..., object], *args: Any) -> None:
        try:
            function(*args)
        except Exception as error:  # at a cluster it would be a failure row; here it is a finding
            self.effects.note("unhandled", f"{name}: {type(error).__name__}: {error}")

    # -- people --

    def order(self) -> None:
        while self.ordered < len(self.scenario.prompts):
            self.order_next()

    def order_next(self) -> None:
        prompt, self.ordered = self.scenario.prompts[self.ordered], self.ordered + 1
        order = an_order(prompt=prompt, **ORDERS[self.scenario.provider])
        ordering.place([OrderRequest(order, delivery=self.scenario.delivery)], at=self.now())

    def task(self) -> GenerationTask:
        return GenerationTask.objects.order_by("id")[0]

    def confirm(self) -> None:
        mine, tasks = self.task(), self.place.ask_provider("truth")["tasks"]
        for name in [name for name, task in tasks.items() if task["prompt"] == mine.prompt_text]:
            decisions.attach_remote_id(mine, name, "in the provider's list", at=self.now(), by=None)

    # -- callbacks --

    def callback(self) -> None:
        """What the provider has to say comes in, through the real URL and view."""
        with self.effects.mute():
            due = self.place.ask_provider("callbacks")
        for one in due:
            self._post_callback(urlsplit(one["url"]).path, one["body"])

    def forged_callback(self) -> None:
        """With a token that is not ours, and with ours under another provider's name."""
        path = urlsplit(self.task().callback_url()).path
        body = {"code": 200, "data": {"taskId": "forged", "state": "failed", "failCode": "x", "failMsg": "x"}}
        self._post_callback(f"{path[:-2]}x/", body, expected=404)
        self._post_callback(path.replace("apixo", "apikley"), body, expected=404)

    def _post_callback(self, path: str, body: Any, *, expected: int = 200) -> None:
        answer = Client().post(path, json.dumps(body), content_type="application/json")
        if answer.status_code != expected:
            self.effects.note("unhandled", f"a callback was answered {answer.status_code}")

    # -- sleepers: what a process does that was stopped, and is woken after others went on --

    def send_and_sleep(self) -> None:
        """Claim the order and send it; the answer stays in this process's memory."""
        call = submitting.claim_submission(self.task(), at=self.now())
        if call:
            self.memory.setdefault("answers", []).append((call, call()))

    def apply_answer(self, which: int) -> None:
        if self.memory.get("answers"):
            call, outcome = self.memory["answers"][which]
            submitting.apply_submit_answer(call.task_id, outcome, at=self.now(), attempt=call.attempt)

    def late_claim(self) -> None:
        """By a process that had read the order as queued, and was stopped before it claimed it."""
        task = self.memory.get("task")
        if task and (call := submitting.claim_submission(task, at=self.now())):
            submitting.apply_submit_answer(call.task_id, call(), at=self.now(), attempt=call.attempt)

    def late_write(self) -> None:
        """A success, by a process that had read the row before it ended, and was stopped before it wrote."""
        task = self.memory.get("task") or self.task()
        if task.status == Status.RUNNING:
            polling.APPLY[RemoteState.DONE](task, self.success(), at=self.now(), pace_seconds=0.0)

    def success(self) -> RemoteTask:
        url = f"{self.place.provider}/{self.place.name}/elsewhere/clip.mp4"
        return RemoteTask(state=RemoteState.DONE, raw_state="success", result_urls=(url,))

    def forget_balances(self) -> None:
        """A new site: nothing was ever read, so orders wait for a reading."""
        with self.effects.mute():
            BalanceReading.objects.all().delete()
            Account.objects.all().delete()

    def two_savers(self) -> None:
        """Two jobs for one clip reach two workers at the same time."""
        connections.close_all()
        pid = os.fork()
        if pid == 0:
            die_with_parent()
            self.effects.kill_at = "0"
            try:
                self._run("generations.worker.jobs.save", 1)
            finally:
                os._exit(0)
        self._run("generations.worker.jobs.save", 1)
        os.waitpid(pid, 0)


STEPS: dict[str, Callable[[Studio], object]] = {
    "two_minutes": lambda studio: studio.advance(200.0),
    "sixteen_days": lambda studio: studio.advance(16 * 86400.0),
    "cleanup": lambda studio: jobs.cleanup(),
    # Somebody has the task's page open.
    "remember": lambda studio: studio.memory.update(task=studio.task()),
    "cancel": lambda studio: ordering.cancel(studio.memory.get("task") or studio.task(), at=studio.now(), by=None),
    "confirm_nonsense": lambda studio: decisions.attach_remote_id(
        studio.task(), "nonsense-id", "mistyped", at=studio.now(), by=None
    ),
    "abandon": lambda studio: decisions.mark_not_accepted(studio.task(), "not listed", at=studio.now(), by=None),
    "again": lambda studio: ordering.place([retries.retry(studio.task())], at=studio.now()),
    "take": lambda studio: ordering.place([retries.another_take(studio.task())], at=studio.now()),
    "poll_now": lambda studio: polling.poll_now(studio.task(), at=studio.now(), by=None),
    "resume_orders": lambda studio: accounts.resume_orders(studio.scenario.provider),
    "apply_first": lambda studio: studio.apply_answer(0),
    "apply_last": lambda studio: studio.apply_answer(-1),
    # An answer to an old question, from before the task ended.
    "late_success": lambda studio: polling.apply_poll_answer(studio.task().pk, studio.success(), at=studio.now()),
}

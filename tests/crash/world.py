"""The studio as one process of a case lives it: a database and files of its own, a clock that the harness moves, and
what people, workers and providers do to it, as steps.

Everything here runs in a forked child that ends with its case, so settings and constants are changed for good. What is
changed is time and addresses, never what the product decides.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from generations import clock
from generations.lifecycle import accounts, ordering, polling, retries, submitting
from generations.lifecycle.ordering import OrderRequest
from generations.media import downloads
from generations.models import Account, BalanceReading, Budget, GenerationTask, Lease, Status
from generations.models.statuses import ENDED
from generations.providers import ADAPTERS, get_provider
from generations.providers import http as provider_http
from generations.providers.base import Order, RemoteState, RemoteTask
from generations.worker import conductor, jobs
from tests.crash.cases import Case, Scenario
from tests.crash.effects import Effects, install
from tests.factories import configure

BEGAN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ROUNDS = 40  # of the worker; a row that needs more does not move
PATIENCE = timedelta(hours=3)  # what is due later than that does not move either
PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True)
class Place:
    """Where a case happens."""

    folder: Path
    database: str  # a file, or the name of a PostgreSQL database
    witness: str  # the provider's address
    name: str  # of the case's world there
    public: str = "http://127.0.0.1:8000"  # the site itself, where it is up

    @property
    def trace(self) -> Path:
        return self.folder / "trace.jsonl"

    @property
    def media(self) -> Path:
        return self.folder / "media"

    def ask_witness(self, door: str) -> Any:
        with urllib.request.urlopen(f"{self.witness}/{self.name}/{door}", timeout=10) as answer:  # noqa: S310
            return json.load(answer)


class Studio:
    """One process of the studio."""

    def __init__(self, place: Place, scenario: Scenario, effects: Effects, *, began: float) -> None:
        self.place, self.scenario, self.effects = place, scenario, effects
        self.passed = began  # seconds since BEGAN
        self.held: dict[str, Any] = {}  # what a sleeping process has in its memory

    def take_step(self, step: str) -> None:
        self.effects.note("step", step)
        getattr(self, step)()

    # -- time --

    def now(self) -> datetime:
        self.passed += 1e-6  # no two moments are the same
        return BEGAN + timedelta(seconds=self.passed)

    def advance(self, seconds: float) -> None:
        self.passed += seconds
        self.effects.note("clock", str(self.passed))

    # -- the worker --

    def work(self) -> None:
        """Do what django-q2 would: run what is in the queue, and look once more whenever a row becomes due."""
        before: object = None
        for __ in range(ROUNDS):
            self._run_queue()
            with self.effects.mute():
                rows = self._ask(
                    "SELECT id, status, due_at, poll_count, crash_count FROM generations_generationtask ORDER BY id"
                )
                due = self._next_due()
                if (
                    due is None or due > self.now() + PATIENCE or rows == before
                ):  # a stopped provider's orders are due all the time
                    return
                before = rows
                if due > self.now():
                    self.advance((due - self.now()).total_seconds() + 0.001)
                jobs.sweep()

    def tick(self) -> None:
        """Look at what is due, without waiting for anything."""
        with self.effects.mute():
            jobs.sweep()
        self._run_queue()

    def until_ready(self) -> None:
        """Ask until the clip is finished, while no worker is free to save it."""
        for __ in range(ROUNDS):
            self._run("generations.worker.jobs.conduct")
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
        """When something happens by itself; reminders of what only a person can decide do not count."""
        ((due,),) = self._ask(
            "SELECT min(due_at) FROM generations_generationtask WHERE status <> 'unconfirmed' OR candidate_id <> ''"
        )
        return datetime.fromisoformat(due).replace(tzinfo=UTC) if isinstance(due, str) else due

    def _ask(self, sql: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def _run_queue(self) -> None:
        """Run what is in the queue now; what is rung for meanwhile waits for the next time."""
        with self.effects.mute():
            waiting = self._ask("SELECT id, payload FROM django_q_ormq ORDER BY id")
        for number, payload in waiting:
            package = SignedPackage.loads(payload)
            self._run(package["func"], *package["args"])
            with self.effects.mute():  # acknowledged only now: a job that dies is given out again
                connection.cursor().execute("DELETE FROM django_q_ormq WHERE id = %s", [number])

    def _run(self, function: str, *args: Any) -> None:
        try:
            import_string(function)(*args)
        except Exception as error:  # at a cluster it would be a failure row; here it is a finding
            self.effects.note("unhandled", f"{function}{args}: {type(error).__name__}: {error}")

    # -- people --

    def order(self) -> None:
        for prompt in self.scenario.prompts:
            self.place_order(prompt)

    def order_first(self) -> None:
        self.place_order(self.scenario.prompts[0])

    def order_rest(self) -> None:
        for prompt in self.scenario.prompts[1:]:
            self.place_order(prompt)

    def place_order(self, prompt: str) -> None:
        fields: dict[str, Any] = {"model": "kling-2-5-turbo-pro", "mode": "text-to-video"}
        if self.scenario.provider == "apikley":
            fields = {"model": "kling-2-6", "mode": "text-to-video", "sound": False, "aspect_ratio": "16:9"}
        order = Order(provider=self.scenario.provider, prompt=prompt, duration_seconds=5, **fields)
        ordering.place([OrderRequest(order, delivery=self.scenario.delivery)], at=self.now())

    def task(self) -> GenerationTask:
        return GenerationTask.objects.order_by("id")[0]

    def remember(self) -> None:
        """Somebody has the task's page open."""
        self.held["task"] = self.task()

    def cancel(self) -> None:
        ordering.cancel(self.held.get("task") or self.task(), at=self.now(), by=None)

    def confirm(self) -> None:
        known = [
            name
            for name, task in self.place.ask_witness("truth")["tasks"].items()
            if task["prompt"] == self.task().prompt_text
        ]
        if known:
            submitting.attach_remote_id(self.task(), known[0], "in the provider's list", at=self.now(), by=None)

    def abandon(self) -> None:
        submitting.mark_not_accepted(self.task(), "not in the provider's list", at=self.now(), by=None)

    def again(self) -> None:
        ordering.place([retries.retry(self.task())], at=self.now(), by=None)

    def take(self) -> None:
        ordering.place([retries.another_take(self.task())], at=self.now(), by=None)

    def poke(self) -> None:
        polling.poll_now(self.task(), at=self.now(), by=None)

    def resume_orderss(self) -> None:
        accounts.resume_provider(self.scenario.provider)

    def open_door(self) -> None:
        """The provider can be reached again."""
        point_at(self.place, self.place.witness)

    def sixteen_days(self) -> None:
        self.advance(16 * 86400.0)

    def cleanup(self) -> None:
        jobs.cleanup()

    # -- callbacks --

    def callback(self) -> None:
        """What the provider has to report comes in, through the real URL and view."""
        with self.effects.mute():
            due = self.place.ask_witness("callbacks")
        for one in due:
            self._hear(urlsplit(one["url"]).path, one["body"])

    def callback_twice(self) -> None:
        self.callback()
        self.callback()

    def forged_callback(self) -> None:
        """With a token that is not ours, and with ours under another provider's name."""
        path = urlsplit(self.task().callback_url()).path
        body = {"code": 200, "data": {"taskId": "forged", "state": "failed", "failCode": "x", "failMsg": "x"}}
        self._hear(f"{path[:-2]}x/", body, expected=404)
        self._hear(path.replace("apixo", "apikley"), body, expected=404)

    def _hear(self, path: str, body: Any, *, expected: int = 200) -> None:
        answer = Client().post(path, json.dumps(body), content_type="application/json")
        if answer.status_code != expected:
            self.effects.note("unhandled", f"a callback was answered {answer.status_code}")

    # -- sleepers: what a process does that was stopped, and is woken after others went on --

    def send_and_sleep(self) -> None:
        """Claim the order and send it; the answer stays in this process's memory."""
        ask = submitting.claim_submission(self.task(), at=self.now())
        if ask:
            self.held.setdefault("answers", []).append((ask, ask()))

    def settle_first(self) -> None:
        self._settle(0)

    def settle_last(self) -> None:
        self._settle(-1)

    def _settle(self, which: int) -> None:
        if self.held.get("answers"):
            ask, outcome = self.held["answers"][which]
            submitting.apply_submit_answer(ask.task_id, outcome, at=self.now(), attempt=ask.attempt)

    def late_success(self) -> None:
        """An answer to an old question, from before the task ended."""
        polling.apply_poll_answer(self.task().pk, self._old_success(), at=self.now())

    def late_write(self) -> None:
        """The same, by a process that had read the row before it ended, and was stopped before it wrote."""
        task = self.held.get("task") or self.task()
        if task.status == Status.RUNNING:
            polling.APPLY[RemoteState.DONE](task, self._old_success(), at=self.now(), pace_seconds=0.0)

    def _old_success(self) -> RemoteTask:
        url = f"{self.place.witness}/{self.place.name}/elsewhere/clip.mp4"
        return RemoteTask(state=RemoteState.DONE, raw_state="success", result_urls=(url,))

    def forget_balances(self) -> None:
        """A new site: nothing was ever read, so orders wait for a reading."""
        with self.effects.mute():
            BalanceReading.objects.all().delete()
            Account.objects.all().delete()

    def two_minutes(self) -> None:
        self.advance(200.0)

    def two_savers(self) -> None:
        """Two rings for one clip reach two workers at the same time."""
        connections.close_all()
        pid = os.fork()
        if pid == 0:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            self.effects.kill_at = "0"
            try:
                self._run("generations.worker.jobs.save", 1)
            finally:
                os._exit(0)
        self._run("generations.worker.jobs.save", 1)
        os.waitpid(pid, 0)


def point_at(place: Place, address: str) -> None:
    for name in ADAPTERS:
        configure(settings, name, base_url=f"{address}/{place.name}/{name}")


def settle_in(place: Place, *, hasty: bool = False) -> None:
    """Settings of a case: its database, its files, its provider; short waits and no real time."""
    connections.databases["default"]["NAME"] = place.database
    connections.close_all()
    settings.MEDIA_ROOT = place.media
    settings.SANDBOX_URL = place.witness
    settings.RESULT_ORIGINS = [place.witness]
    settings.PUBLIC_URL = place.public
    settings.WAIT_SCALE = 0.001
    settings.DOWNLOAD_DEADLINE_SECONDS = 20
    configure(settings, requests_per_minute=600_000)
    conductor.THREADS = conductor.POSTS_AT_ONCE = 1  # so that effects come in one order
    conductor.SLICE_SECONDS, conductor.IDLE_SECONDS, conductor.TICK_SECONDS = 0.25, 0.0, 0.1
    conductor.time = SimpleNamespace(monotonic=time.monotonic, sleep=lambda seconds: time.sleep(0.001))  # type: ignore[attr-defined,assignment]
    conductor.SOON = timedelta(0)
    provider_http.READ_SECONDS, provider_http.EXCHANGE_SECONDS = (0.3, 1) if hasty else (10, 20)  # type: ignore[assignment]
    downloads.PAUSES_SECONDS = (0.0, 0.01, 0.01, 0.01)


def _studio(place: Place, case: Case, effects: Effects, *, seed: str, began: float) -> Studio:
    random.seed(seed)
    settle_in(place, hasty="hang" in "".join(case.scenario.prompts))
    point_at(place, "http://127.0.0.1:9" if case.scenario.shut_at_first else place.witness)
    studio = Studio(place, case.scenario, effects, began=began)
    clock.now = studio.now
    return studio


def warm_up(place: Place, case: Case) -> None:
    """Run a scenario in the process that children are forked from: what loads lazily is loaded once."""
    studio = _studio(place, case, Effects(place.trace), seed="warm", began=0.0)
    for step in case.scenario.steps:
        studio.take_step(step)
    get_provider.cache_clear()
    connections.close_all()
    assert threading.active_count() == 1, threading.enumerate()  # a fork takes only one along


def live(place: Place, case: Case, *, seed: str, plant: Callable[[], None] | None) -> None:
    """The child that is to die: the scenario's steps, until the kill or the end."""
    effects = Effects(place.trace, kill_at=case.kill_at)
    studio = _studio(place, case, effects, seed=f"{seed} {case}", began=0.0)
    if plant:
        plant()
    install(effects)
    for step in case.scenario.steps:
        studio.take_step(step)
    effects.note("completed", str(effects.count))


def recover(place: Place, case: Case, *, seed: str, plant: Callable[[], None] | None) -> None:
    """The unharmed child: time has moved on, the product runs until nothing moves, and then once more for nothing."""
    lines = [json.loads(line) for line in place.trace.read_text().splitlines()]
    passed = max([0.0, *(float(detail) for *__, kind, detail in lines if kind == "clock")])
    effects = Effects(place.folder / "recovery.jsonl")
    studio = _studio(place, case, effects, seed=f"{seed} {case} recovery", began=passed)
    studio.open_door()
    if plant:
        plant()
    install(effects)
    with effects.mute():
        Lease.objects.exclude(token=None).update(expires_at=datetime(2000, 1, 1, tzinfo=UTC))  # they run out
        for part in place.media.rglob("*.part"):
            os.utime(part, (BEGAN.timestamp(), BEGAN.timestamp()))  # they are as old as they would be
        _trouble_queue(studio)
    for step in ("work", *case.scenario.recovery, "work"):
        studio.take_step(step)
    _once_more(studio, effects)
    studio.advance(2 * 3600.0)
    studio.cleanup()
    effects.note("clock", str(studio.passed))


def _trouble_queue(studio: Studio) -> None:
    """The queue is as it was left, or lost, or each of its jobs is there twice."""
    fortune = random.choice(["kept", "lost", "doubled"])
    if fortune == "lost":
        OrmQ.objects.all().delete()
    elif fortune == "doubled":
        studio.double()


def _once_more(studio: Studio, effects: Effects) -> None:
    """Late and doubled jobs and callbacks: nothing that has ended changes."""
    effects.note("step", "once more")
    with effects.mute():
        ended = GenerationTask.objects.filter(status__in=ENDED).order_by("id")
        effects.note("ended", json.dumps(list(ended.values_list("id", "status")), default=str))
    for task in GenerationTask.objects.order_by("id"):
        studio._run("generations.worker.jobs.save", task.pk)
    if studio.scenario.delivery == "callback":
        studio.callback()
    studio.work()


def serve(place: Place, server: Any) -> None:
    """The site, for callbacks; it is not what is killed, and lives until its parent ends it."""
    settle_in(place)
    clock.now = lambda: BEGAN + timedelta(seconds=0.5)
    server.serve_forever(0.05)


def make_template() -> None:
    """Make the database that every case starts from a copy of: with a budget, and balances that were just read."""
    call_command("migrate", verbosity=0)
    Budget.objects.create(period="total", limit_usd=Decimal(100), hard=False, practice=True)
    for provider in ADAPTERS:
        Account.objects.create(provider=provider, practice=True, balance_due_at=BEGAN + timedelta(days=1))
        BalanceReading.objects.create(provider=provider, practice=True, at=BEGAN, amount=Decimal(100), unit="USD")
    connections.close_all()

"""Runs cases: a child that is killed, a child that recovers, a judge; on as many lanes as there are cores."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from tests.crash.cases import SCENARIOS, Case, Scenario
from tests.crash.faulty_provider.server import start
from tests.crash.harness import live, recover, serve, warm_up
from tests.crash.judge.cases import Evidence, Line, read_trace, violations
from tests.crash.judge.database import Database
from tests.crash.studio import Place
from tests.processes.proc import die_with_parent

CHILD_SECONDS = 60  # a child that takes longer hangs
CATCH_UP_SECONDS = 20  # for the provider to read what a killed process had sent
MAX_POINTS = 2000
SPREAD = 5  # a run may have so many effects more than the unharmed one had


@dataclass(frozen=True)
class Verdict:
    """What came of a case."""

    case: str
    violations: list[str]
    seconds: float
    died_at: str  # empty: it was not killed
    points: int  # that it reached; MAX_POINTS without a verdict


@dataclass
class Lane:
    """One process that runs cases one after the other, with a provider of its own."""

    template: str
    folder: Path
    seed: str = "1"
    server: str = ""  # of PostgreSQL; empty for SQLite
    mutate: Callable[[], object] = lambda: None
    keep: bool = False  # the folder of a case that failed
    number: int = 0
    provider_pid: int = 0
    provider_url: str = ""

    def open(self) -> None:
        self.provider_pid, self.provider_url = start()
        for name in ("callback", "two-savers"):
            place = self._place()
            warm_up(place, Case(SCENARIOS[name], "0"))
            self._clear(place, keep=False)
            self.number += 1
        gc.collect()
        gc.freeze()  # so that children share what is here

    def close(self) -> None:
        os.kill(self.provider_pid, signal.SIGKILL)
        os.waitpid(self.provider_pid, 0)

    def run(self, case: Case) -> Verdict:
        began = time.monotonic()
        self.number += 1
        place = self._place()
        web_pid = 0
        try:
            if case.scenario.web:
                place, web_pid = self._site(place)
            died = self._child(lambda: live(place, case, seed=self.seed, mutate=self.mutate), may_die=True)
            found, trace = self._judge(place, case, died=died)
        except Broken as error:
            found, trace = [f"harness: {error}"], []
        finally:
            if web_pid:
                os.kill(web_pid, signal.SIGKILL)
                os.waitpid(web_pid, 0)
            self._clear(place, keep=self.keep)
        died_at = "".join(detail for *__, effect, detail in trace if effect == "died at")
        points = max((line[1] for line in trace), default=MAX_POINTS)
        return Verdict(str(case), found, time.monotonic() - began, died_at, points)

    def _judge(self, place: Place, case: Case, *, died: bool) -> tuple[list[str], list[Line]]:
        trace = read_trace(place.trace)
        at_death, truth_at_death = Database.at(place.url), self._catch_up(place, trace)
        self._child(lambda: recover(place, case, seed=self.seed, mutate=self.mutate), may_die=False)
        recovery, at_end = read_trace(place.folder / "recovery.jsonl"), Database.at(place.url)
        truth = place.ask_provider("truth")
        seen = Evidence(case, died, trace, recovery, at_death, at_end, truth_at_death, truth, place.media)
        return violations(seen), trace

    # -- where a case happens --

    def _place(self) -> Place:
        folder = Path(tempfile.mkdtemp(prefix="case-", dir=self.folder))
        name, url = f"crash_{os.getpid()}_{self.number}", f"sqlite:///{folder}/db.sqlite3"
        if self.server:
            url = f"{self.server}/{name}"
            self.administer(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')
        else:
            shutil.copyfile(self.template, folder / "db.sqlite3")
        return Place(folder, url, self.provider_url, name)

    def _clear(self, place: Place, *, keep: bool) -> None:
        with suppress(OSError):
            place.ask_provider("forget")
        if keep:
            return
        shutil.rmtree(place.folder)
        if self.server:
            self.administer(f'DROP DATABASE "{place.database}" WITH (FORCE)')

    def administer(self, statement: str) -> None:
        with psycopg.connect(f"{self.server}/postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _catch_up(self, place: Place, trace: list[Any]) -> dict[str, Any]:
        """The provider's journal, once it has read what the dead process had sent, and has nothing in hand."""
        sent = sum(effect == "send" and detail.startswith("POST ") for *__, effect, detail in trace)
        ends = time.monotonic() + CATCH_UP_SECONDS
        while time.monotonic() < ends:
            truth: dict[str, Any] = place.ask_provider("truth")
            if len(truth["posts"]) >= sent and not truth["fetching"]:
                return truth
            time.sleep(0.005)
        raise Broken(f"the provider has {len(truth['posts'])} POSTs of {sent}")

    def _site(self, place: Place) -> tuple[Place, int]:
        """The site itself, up for callbacks, in a process of its own that is not killed."""
        server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
        place = replace(place, public=f"http://127.0.0.1:{server.server_port}")
        server.set_app(get_wsgi_application())
        pid = os.fork()
        if pid == 0:
            die_with_parent()
            serve(place, server)
            os._exit(0)
        server.socket.close()
        return place, pid

    # -- children --

    def _child(self, work: Callable[[], None], *, may_die: bool) -> bool:
        """Fork, and wait; whether it died of SIGKILL. Raise Broken when it ended in any other way."""
        log = self.folder / f"error-{os.getpid()}"
        pid = os.fork()
        if pid == 0:
            die_with_parent()
            signal.alarm(CHILD_SECONDS)
            gc.disable()
            status = 1
            try:
                work()
                status = 0
            except BaseException:
                log.write_text(traceback.format_exc())
            finally:
                os._exit(status)
        died_of = -os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if died_of and not (may_die and died_of == signal.SIGKILL):
            raise Broken(log.read_text() if log.exists() else f"a child ended by signal {died_of}; 14: too slow")
        return bool(died_of)


class Broken(Exception):
    """The harness, or a verb that it called, failed: no verdict."""


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def run_all(scenarios: list[Scenario], lanes: list[Lane], *, every: int = 1) -> Iterator[Verdict]:
    """Each scenario unharmed, then killed at point 1, 2, 3 ... (or at every k-th), on all lanes side by side."""
    context = get_context("fork")
    turn, verdicts = context.Value("i", 0), context.SimpleQueue()
    for lane in lanes:
        context.Process(target=_walk, args=(lane, scenarios, turn, verdicts, every)).start()
    working = len(lanes)
    while working:
        verdict = verdicts.get()
        working -= verdict is None
        if verdict:
            yield verdict


def _walk(lane: Lane, scenarios: list[Scenario], turn: Any, verdicts: Any, every: int) -> None:
    die_with_parent()
    try:
        lane.open()
        while True:
            with turn.get_lock():
                mine, turn.value = turn.value, turn.value + 1
            if mine >= len(scenarios):
                return
            verdicts.put(unharmed := lane.run(Case(scenarios[mine], "0")))
            # Not all begin at point 1: so that a subset has cases of all kinds.
            for point in range(1 + mine % every, unharmed.points + SPREAD, every):
                verdict = lane.run(Case(scenarios[mine], str(point)))
                if not verdict.died_at and not verdict.violations:
                    break  # it was over before: this run has been tried already
                verdicts.put(verdict)
    finally:
        verdicts.put(None)
        lane.close()

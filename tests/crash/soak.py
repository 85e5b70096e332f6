"""Hundreds of orders at a faulty provider, while the worker's processes are killed and stopped all the while.

    python -m tests.crash.soak --orders 300 --seed 1 --minutes 3 [--postgres]

In the end everybody is left alone, and what is there is judged by the provider's journal, the files and the database.
The exit code is 0 when nothing is wrong.
"""

from __future__ import annotations

import argparse
import random
import signal
import threading
import time
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from tests.crash.cases import ORDERS
from tests.crash.faulty_provider.server import FaultyProvider
from tests.crash.judge import rules
from tests.crash.judge.database import Database
from tests.processes import proc
from tests.processes.postgres import Postgres, own_server
from tests.processes.site import Site
from tests.processes.web import Web
from tests.processes.worker import Worker

BATCHES = 10
QUIET_SECONDS = 420.0  # in which everything comes to its end once it is left alone
ENDS = ("stored", "failed", "unconfirmed", "canceled")
PRICE = "--provider apikley --model kling-2-6 --mode text-to-video --duration 5 --usd 0.4 --source soak"
SET_ASIDE = "SELECT count(*) FROM generations_generationtask WHERE error_kind = 'set aside' AND status = 'ready'"
PERSON = """
from generations import clock
from generations.lifecycle import ordering, polling
from generations.models import GenerationTask
"""
# A person takes some back that were not sent yet.
CANCEL = f"""{PERSON}
for task in GenerationTask.objects.filter(status="queued")[:2]:
    ordering.cancel(task, at=clock.now(), by=None)
"""
# What a person does with a clip that was set aside: "Check now".
POLL_NOW = f"""{PERSON}
for task in GenerationTask.objects.filter(status="ready", error_kind="set aside"):
    polling.poll_now(task, at=clock.now(), by=None)
"""


@dataclass
class Chaos:
    """Somebody who kills and stops processes, at random."""

    site: Site
    dice: random.Random
    server: Postgres | None
    worker: Worker
    done: Counter[str] = field(default_factory=Counter)
    sleeping: dict[int, float] = field(default_factory=dict)  # pid -> when it is woken

    def strike(self) -> None:
        """Do one thing; wake who has slept for long enough."""
        now = time.monotonic()
        self.wake([pid for pid, at in self.sleeping.items() if at < now])
        if self.worker.process.poll() is not None:
            self.again()
            return
        what = self.dice.choices(["kill", "stop", "all", "supervisor", "database"], [60, 30, 4, 3, 3])[0]
        inner = [pid for pid in self.worker.processes() if pid != self.worker.process.pid]
        if what == "kill" and inner:
            proc.send(signal.SIGKILL, [self.dice.choice(inner)])
        elif what == "stop" and inner:
            pid = self.dice.choice(inner)
            proc.send(signal.SIGSTOP, [pid])
            self.sleeping[pid] = now + self.dice.choice([0.5, 2.0, 12.0, 25.0])
        elif what == "all":
            self.again()
        elif what == "supervisor":
            proc.send(signal.SIGKILL, [self.worker.process.pid])
        elif what == "database" and self.server:
            self.server.die()
            time.sleep(2)
            self.server.start()
        else:
            return
        self.done[what] += 1

    def again(self) -> None:
        self.worker.kill_all()
        self.sleeping.clear()
        self.worker.start()

    def wake(self, pids: list[int]) -> None:
        proc.send(signal.SIGCONT, pids)
        for pid in pids:
            del self.sleeping[pid]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=3.0, help="of chaos; then everything is left alone")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--postgres", action="store_true", help="on a server of its own, which dies now and then too")
    options = parser.parse_args()
    say(f"seed {options.seed}")
    with own_server() if options.postgres else nullcontext() as server, TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        wrong = run(folder, server, options.orders, options.minutes * 60, options.seed)
        for line in wrong:
            say(f"WRONG: {line}")
        if wrong:
            kept = Path(mkdtemp(prefix="studio-soak-log-")) / "worker.log"
            kept.write_bytes((folder / "worker.log").read_bytes())
            say(f"the worker's log: {kept}")
    raise SystemExit(1 if wrong else 0)


say = partial(print, flush=True)


def run(folder: Path, server: Postgres | None, orders: int, seconds: float, seed: int) -> list[str]:
    """The whole of it; what is wrong in the end."""
    with FaultyProvider(seed=seed, slow_seconds=6.0, hang_seconds=4.0) as provider:
        more = {"APIKLEY_REQUESTS_PER_MINUTE": "6000", "APIKLEY_CONCURRENT_TASKS": "1000", "WAIT_SCALE": "0.02"}
        site = Site(folder, database_url=server.new_database("soak") if server else "", **provider.env, **more)
        site.migrate()
        site.manage("prices", "add", *PRICE.split())
        site.manage("budgets", "set", "site", "total", "1000")
        with Web(site) as web:
            site.env["PUBLIC_URL"] = f"http://127.0.0.1:{web.port}"
            chaos = Chaos(site, random.Random(seed), server, Worker(site, patience=6).start())
            try:
                rage(chaos, orders, seconds)
                return [*quiet(chaos), *verdict(site, provider, orders)]
            finally:
                proc.send(signal.SIGKILL, chaos.worker.processes())
                chaos.worker.process.wait()


def rage(chaos: Chaos, orders: int, seconds: float) -> None:
    """Orders come in batches while the blows fall."""
    ends = time.monotonic() + seconds
    buyer = threading.Thread(target=buy, args=[chaos.site, orders, seconds])
    buyer.start()
    while time.monotonic() < ends or buyer.is_alive():
        time.sleep(chaos.dice.uniform(0.5, 4.0))
        chaos.strike()
    say(f"blows: {dict(chaos.done)}; then: {dict(Counter(chaos.site.statuses()))}")


def buy(site: Site, orders: int, seconds: float) -> None:
    for batch in range(BATCHES):
        numbers = range(orders * batch // BATCHES // 4, orders * (batch + 1) // BATCHES // 4)
        for provider in ORDERS if numbers else ():
            for delivery in ("polling", "callback"):
                prompts = [f"gull {number} {provider} {delivery}" for number in numbers]
                while True:
                    with suppress(AssertionError):  # the database is away: nothing was written
                        site.order(*prompts, delivery=delivery, **ORDERS[provider])
                        break
        with suppress(AssertionError):
            site.manage("shell", "-v0", "-c", CANCEL)
        time.sleep(seconds / BATCHES / 2)


def quiet(chaos: Chaos) -> list[str]:
    """Nobody is killed any more: everything comes to an end."""
    site, began = chaos.site, time.monotonic()
    chaos.wake(list(chaos.sleeping))
    if chaos.worker.process.poll() is not None:
        chaos.again()
    aside = 0
    while time.monotonic() - began < QUIET_SECONDS and not site.all_are(*ENDS):
        if found := site.sql(SET_ASIDE)[0][0]:
            aside += found
            site.manage("shell", "-v0", "-c", POLL_NOW)
        time.sleep(1)
    say(f"quiet after {time.monotonic() - began:.0f} s; a person polled {aside} that were set aside")
    return list(rules.at_rest(Database.at(site.database_url)))


def verdict(site: Site, provider: FaultyProvider, orders: int) -> list[str]:
    """What the journal, the files and the database say."""
    url, journal, truth = site.database_url, provider.journal, provider.journal.truth()
    posts = Counter(post["fault"] or "honest" for post in journal.posts)
    say(f"in the end: {dict(Counter(site.statuses()))}; accepted {provider.accepted} of {orders}")
    orphans = len(rules.orphans(url, site.media))
    say(f"orders: {dict(posts)}; callbacks: {dict(journal.callbacks)}; orphans: {orphans}")
    return [*rules.broken(url, truth, site.media), *rules.no_needless_doubt(Database.at(url), truth)]


if __name__ == "__main__":
    main()

"""Hundreds of orders at a lying provider, while the worker's processes are killed and stopped all the while.

    python -m tests.crash.soak --orders 300 --seed 1 --minutes 3 [--postgres]

In the end everybody is left alone, and what is there is judged by the provider's journal, the files and the database.
The exit code is 0 when nothing is wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.crash import judge, processes
from tests.crash.liar import UNHEARD, Liar
from tests.crash.postgres import Postgres, own_server
from tests.crash.web import Web
from tests.crash.worker import Site, Worker

BATCHES = 10
QUIET_SECONDS = 420.0  # in which everything comes to its end once it is left alone
ENDS = ("stored", "failed", "unconfirmed", "canceled")
PRICE = [
    "--provider",
    "apikley",
    "--model",
    "kling-2-6",
    "--mode",
    "text-to-video",
    "--duration",
    "5",
    "--usd",
    "0.4",
    "--source",
    "soak",
]
APIKLEY = {"provider": "apikley", "model": "kling-2-6", "aspect_ratio": "16:9", "sound": False}
WAITS = "SELECT id, status, error_kind, error_message FROM generations_generationtask WHERE status NOT IN (?, ?, ?, ?)"
SET_ASIDE = "SELECT count(*) FROM generations_generationtask WHERE error_kind = 'set aside' AND status = 'ready'"
# A person takes some back that were not sent yet.
CANCEL = """
from generations import clock
from generations.lifecycle import ordering
from generations.models import GenerationTask
for task in GenerationTask.objects.filter(status="queued")[:2]:
    ordering.cancel(task, at=clock.now(), by=None)
"""
# What a person does with a clip that was set aside: "look now".
LOOK_NOW = """
from generations import clock
from generations.lifecycle import polling
from generations.models import GenerationTask
for task in GenerationTask.objects.filter(status="ready", error_kind="set aside"):
    polling.poll_now(task, at=clock.now(), by=None)
"""


@dataclass
class Chaos:
    """Somebody who kills and stops processes, at random."""

    site: Site
    dice: random.Random
    server: Postgres | None
    worker: Worker = field(init=False)
    done: Counter[str] = field(default_factory=Counter)
    sleeping: dict[int, float] = field(default_factory=dict)  # pid -> when it is woken

    def __post_init__(self) -> None:
        self.worker = Worker(self.site, patience=6).start()

    def strike(self) -> None:
        """Do one thing; wake who has slept for long enough."""
        now = time.monotonic()
        self.wake([pid for pid, at in self.sleeping.items() if at < now])
        all_of_them = self.worker.processes()
        if self.worker.process.poll() is not None or not all_of_them:
            self.again()
            return
        what = self.dice.choices(["kill", "stop", "all", "supervisor", "database"], [60, 30, 4, 3, 3])[0]
        inner = [pid for pid in all_of_them if pid != self.worker.process.pid]
        if what == "kill" and inner:
            processes.send(signal.SIGKILL, [self.dice.choice(inner)])
        elif what == "stop" and inner:
            pid = self.dice.choice(inner)
            processes.send(signal.SIGSTOP, [pid])
            self.sleeping[pid] = now + self.dice.choice([0.5, 2.0, 12.0, 25.0])
        elif what == "all":
            self.again()
        elif what == "supervisor":
            processes.send(signal.SIGKILL, [self.worker.process.pid])
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
        processes.send(signal.SIGCONT, pids)
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
    with ExitStack() as stack:
        server = stack.enter_context(own_server()) if options.postgres else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-soak-")))
        wrong = run(folder, server, options.orders, options.minutes * 60, options.seed)
        for line in wrong:
            say(f"WRONG: {line}")
        if wrong:
            kept = Path(tempfile.mkdtemp(prefix="studio-soak-log-")) / "worker.log"
            kept.write_bytes((folder / "worker.log").read_bytes())
            say(f"the worker's log: {kept}")
    raise SystemExit(1 if wrong else 0)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(folder: Path, server: Postgres | None, orders: int, seconds: float, seed: int) -> list[str]:
    """The whole of it; what is wrong in the end."""
    dice = random.Random(seed)
    with Liar(seed=seed) as liar:
        more = {
            "APIXO_BASE_URL": f"{liar.url}/api/v1", "APIKLEY_BASE_URL": f"{liar.url}/api/v1",
            "APIKLEY_REQUESTS_PER_MINUTE": "6000", "APIKLEY_CONCURRENT_TASKS": "1000", "WAIT_SCALE": "0.02",
        }  # fmt: skip
        site = Site(folder, liar.url, database_url=server.new_database("soak") if server else "", **more)
        site.migrate()
        site.manage("prices", "add", *PRICE)
        site.manage("budgets", "set", "site", "total", "1000")
        with Web(site) as web:
            site.env["PUBLIC_URL"] = f"http://127.0.0.1:{web.port}"
            chaos = Chaos(site, dice, server)
            try:
                rage(chaos, orders, seconds)
                return [*quiet(chaos), *verdict(site, liar, orders)]
            finally:
                processes.send(signal.SIGKILL, chaos.worker.processes())
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
        for provider in ({}, APIKLEY):
            for delivery in ("polling", "callback"):
                numbers = range(orders * batch // BATCHES // 4, orders * (batch + 1) // BATCHES // 4)
                kind = f"{provider.get('provider', 'apixo')} {delivery}"
                prompts = [f"gull {number} {kind}" for number in numbers]
                while prompts:
                    with suppress(AssertionError):  # the database is away: nothing was written
                        site.order(*prompts, delivery=delivery, **provider)
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
            site.manage("shell", "-v0", "-c", LOOK_NOW)
        time.sleep(1)
    say(f"quiet after {time.monotonic() - began:.0f} s; a person looked again at {aside} that were set aside")
    return [f"not at its end: {row}" for row in site.sql(WAITS, *ENDS)]


def verdict(site: Site, liar: Liar, orders: int) -> list[str]:
    """What the journal, the files and the database say."""
    clips = {hashlib.sha256(task.file).hexdigest() for task in liar.tasks.values()}
    say(f"in the end: {dict(Counter(site.statuses()))}; accepted {len(liar.tasks)} of {orders}")
    posts = Counter(entry["word"] for entry in liar.journal if entry["kind"] == "POST")
    heard = Counter((entry["how"], entry["status"]) for entry in liar.journal if entry["kind"] == "callback")
    say(f"orders at the provider: {dict(posts)}; callbacks: {dict(heard)}; orphans: {len(judge.orphans(site))}")
    return [
        *(liar.paid_again()),
        *judge.broken_promises(site, liar.truth(), clips=clips),
        *wrong_clips(site, liar),
        *wrong_sums(site, liar),
        *needless_doubt(site, liar),
    ]


def wrong_clips(site: Site, liar: Liar) -> list[str]:
    """Each row has the clip of its own order, and no failed or refused order has one."""
    of = {task.id: task for task in liar.tasks.values()}
    rows = site.sql(
        "SELECT t.id, t.prompt_text, t.remote_id, v.sha256 FROM generations_generationtask t"
        " JOIN generations_video v ON v.task_id = t.id"
    )
    return [
        f"task {pk} ({prompt!r}) has the clip of another order"
        for pk, prompt, remote_id, sha256 in rows
        if of[remote_id].prompt != prompt or hashlib.sha256(of[remote_id].file).hexdigest() != sha256
    ]


def wrong_sums(site: Site, liar: Liar) -> list[str]:
    """What the ledger says, what the budget counts, and what the provider made for us: all the same."""
    made = {task.id for task in liar.tasks.values() if not task.fails}
    priced = site.sql("SELECT remote_id, status, price_usd FROM generations_generationtask")
    billed = total(price for remote_id, __, price in priced if remote_id in made)
    open_ = total(price for __, status, price in priced if status == "unconfirmed")
    spent = total(amount for __, kind, amount in site.sql(judge.LEDGER) if kind == "charge")
    settled = {task for task, kind, __ in site.sql(judge.LEDGER) if kind != "hold"}
    held = total(amount for task, __, amount in site.sql(judge.LEDGER) if task not in settled)
    ((counted_held, counted_spent),) = site.sql("SELECT held_usd, spent_usd FROM generations_budgetperiod")
    counted = total([counted_held]), total([counted_spent])
    say(f"money: {spent} spent and {held} held by the ledger; {billed} for clips that the provider made")
    if spent == billed and held == open_ and counted == (held, spent):
        return []
    return [
        f"money: the ledger {spent} + {held}, the budget {counted[1]} + {counted[0]}, the journal {billed} + {open_}"
    ]


def total(amounts: Iterable[Any]) -> Decimal:
    """SQLite gives numbers in binary."""
    return sum((Decimal(str(amount)).quantize(Decimal("0.0001")) for amount in amounts), Decimal(0))


def needless_doubt(site: Site, liar: Liar) -> list[str]:
    """An order that the provider called back about honestly is not left to a person."""
    undecided = {
        row[0] for row in site.sql("SELECT prompt_text FROM generations_generationtask WHERE status = 'unconfirmed'")
    }
    return [
        f"{task.prompt!r} is unconfirmed, and its callback was taken ({task.word}, {task.word in UNHEARD})"
        for task in liar.tasks.values()
        if task.called_back and task.prompt in undecided
    ]


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[2])
    main()

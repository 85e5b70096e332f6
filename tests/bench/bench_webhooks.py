"""Callbacks under load: `python -m tests.bench.bench_webhooks [--postgres] [--orders N]`.

First 10,000 mixed deliveries, 20 at a time, to the web server as `manage.py up` starts it: every answer and every row
is compared with what it must be. Then 10,000 to one task, which keeps 20. Then the time from a callback to the stored
clip, with the real worker. `--postgres` uses a server of its own, from the installed binaries.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generations.sandbox import Sandbox
from tests.processes.postgres import Postgres, own_server
from tests.processes.site import Site
from tests.processes.web import Web
from tests.processes.worker import Worker

AT_ONCE = 20
BODY_MAX = 64 * 1024
MOST_KEPT = 20  # as in lifecycle/callbacks.py, which cannot be imported without a site
# What comes, of 10,000: (kind, how often).
MIX = {
    "first": 2000, "again": 3000, "forged": 1000, "other id": 1000, "garbage": 800, "too large": 400, "GET": 400,
    "to a sending": 700, "to an unconfirmed": 700,
}  # fmt: skip
ANSWERS = {"forged": 404, "garbage": 400, "too large": 413, "GET": 405}

SEED = """
import json, sys, datetime
from generations import clock
from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.models import GenerationTask, Status
from generations.providers.base import Order
chosen = {"prompt": "gulls", "duration": 5}
order = Order(provider="apixo", model="kling-2-5-turbo-pro", mode="text-to-video", parameters=chosen)
at, later, made = clock.now(), clock.now() + datetime.timedelta(hours=9), []
for __ in range(%d):
    made += ordering.place([OrderRequest(order, delivery="callback", takes=100)], at=at)
kinds = [Status.RUNNING] * %d + [Status.SUBMITTING] * %d + [Status.UNCONFIRMED] * %d
for number, (task, status) in enumerate(zip(made, kinds)):
    known = {"remote_id": f"remote-{task.pk}"} if status == Status.RUNNING else {}
    GenerationTask.objects.filter(pk=task.pk).update(**{"status": status, "due_at": later, **known})
sys.stdout.write(json.dumps([[task.pk, task.callback_url(), status] for task, status in zip(made, kinds)]))
"""


@dataclass
class Call:
    """One delivery: what is sent, and what must be answered."""

    kind: str
    path: str
    body: bytes
    method: str = "POST"
    status: int = 0
    seconds: float = 0.0

    @property
    def expected(self) -> int:
        return ANSWERS.get(self.kind, 200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--orders", type=int, default=60, help="of the second part")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-bench-")))
        server = stack.enter_context(own_server()) if options.postgres else None
        broken = deliveries(new_site(folder / "mixed", "http://127.0.0.1:9", server), random.Random(options.seed))
        broken += to_one(new_site(folder / "one", "http://127.0.0.1:9", server))
        sandbox = stack.enter_context(Sandbox(directory=folder / "sandbox", wait_scale=0.05))
        broken += to_stored(new_site(folder / "stored", sandbox.url, server), sandbox, options.orders)
    for line in broken:
        say(f"WRONG: {line}")
    raise SystemExit(1 if broken else 0)


def new_site(folder: Path, sandbox_url: str, server: Postgres | None) -> Site:
    folder.mkdir()
    url = server.new_database(folder.name) if server else ""
    site = Site(folder, database_url=url, SANDBOX_URL=sandbox_url)
    site.migrate()
    return site


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


# -- the mixed deliveries --


def deliveries(site: Site, dice: random.Random) -> list[str]:
    """Send them all and compare what is there afterwards, to the row."""
    counts = [MIX[kind] for kind in ("first", "to a sending", "to an unconfirmed")]
    rows = json.loads(site.manage("shell", "-v0", "-c", SEED % (sum(counts) // 100, *counts)))
    calls = mixed(rows, dice)
    with Web(site) as web:
        before = web.memory_mb()
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda call: send(web, call), calls))
        took = time.perf_counter() - began
        after = web.memory_mb()
        flood = [web.status("POST", calls[0].path, b"x" * 50_000_000) for __ in range(3)]
        flooded = web.memory_mb()
    say(f"{len(calls)} deliveries, {AT_ONCE} at a time, in {took:.1f} s: {len(calls) / took:.0f} a second")
    for kind in MIX:
        say(f"  {kind:>18}: {percentiles([call.seconds for call in calls if call.kind == kind])}")
    say(f"  {'all':>18}: {percentiles([call.seconds for call in calls])}")
    say(f"memory: {before:.0f} MB before, {after:.0f} MB after, {flooded:.0f} MB after 3 bodies of 50 MB ({flood})")
    wrong = Counter((call.kind, call.status) for call in calls if call.status != call.expected)
    found = [f"{count} x {kind!r} was answered {status}" for (kind, status), count in wrong.items()]
    if flooded - after > 20:
        found.append(f"three bodies of 50 MB cost {flooded - after:.0f} MB")
    return (
        found
        + [f"answered {status} to a body of 50 MB" for status in flood if status not in (413, 0)]
        + compare(site, rows, calls)
    )


def mixed(rows: list[list[Any]], dice: random.Random) -> list[Call]:
    """Every kind, shuffled; what comes again may come before the first time, as it does in life."""
    paths = {pk: url[url.index("/webhooks/") :] for pk, url, __ in rows}
    of = {status: [pk for pk, __, now in rows if now == status] for status in ("running", "submitting", "unconfirmed")}
    first = [Call("first", paths[pk], callback(f"remote-{pk}")) for pk in of["running"]]
    calls = list(first)
    calls += [Call("again", call.path, call.body) for call in dice.choices(first, k=MIX["again"])]
    calls += [
        Call("forged", f"/webhooks/apixo/{pk}:{dice.randbytes(32).hex()}/", callback(f"remote-{pk}"))
        for pk in dice.choices(of["running"], k=MIX["forged"])
    ]
    for pk in dice.choices(of["running"], k=MIX["other id"]):
        calls.append(Call("other id", paths[pk], callback(f"remote-{dice.choice(of['running'])}", note="other")))
    garbage = (b"", b"{", b"<html>", b"\xff\xfe\x00", b'{"a":' * 10_000, b"nonsense" * 100, dice.randbytes(300))
    any_path = [paths[pk] for pk in dice.choices(of["running"], k=3000)]
    calls += [Call("garbage", path, dice.choice(garbage)) for path in any_path[: MIX["garbage"]]]
    large = b'"' + b"x" * BODY_MAX + b'"'
    calls += [Call("too large", path, large) for path in any_path[800 : 800 + MIX["too large"]]]
    calls += [Call("GET", path, b"", "GET") for path in any_path[1200 : 1200 + MIX["GET"]]]
    for kind, status in (("to a sending", "submitting"), ("to an unconfirmed", "unconfirmed")):
        calls += [Call(kind, paths[pk], callback(f"early-{pk}")) for pk in of[status]]
    dice.shuffle(calls)
    return calls


def callback(remote_id: str, *, note: str = "") -> bytes:
    data = {"taskId": remote_id, "state": "success", "resultJson": '{"resultUrls":["https://evil.example/a.mp4"]}'}
    return json.dumps({"code": 200, "message": "success", "data": data, "note": note, "padding": "x" * 600}).encode()


def send(web: Web, call: Call) -> None:
    began = time.perf_counter()
    call.status = web.status(call.method, call.path, call.body)
    call.seconds = time.perf_counter() - began


def compare(site: Site, rows: list[list[Any]], calls: list[Call]) -> list[str]:
    """The rows that must be there, and no others."""
    by_path = {url[url.index("/webhooks/") :]: (pk, status) for pk, url, status in rows}
    kept = {(by_path[call.path][0], hashlib.sha256(call.body).hexdigest()) for call in calls if call.expected == 200}
    there = site.sql("SELECT task_id, digest FROM generations_delivery")
    found = (
        [f"{len(there)} deliveries are kept, {len(kept)} are right"]
        if set(there) != kept or len(there) != len(kept)
        else []
    )
    heard = {by_path[call.path][0] for call in calls if call.expected == 200 and by_path[call.path][1] != "submitting"}
    columns = "id, status, remote_id, candidate_id, CASE WHEN due_at < ? THEN 1 ELSE 0 END"
    soon = time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime(time.time() + 3600))
    now = {row[0]: row[1:] for row in site.sql(f"SELECT {columns} FROM generations_generationtask", soon)}
    for pk, __, status in rows:
        remote, named = (f"remote-{pk}", "") if status == "running" else (None, f"early-{pk}")
        if now[pk] != (right := (status, remote, named, int(pk in heard))):
            found.append(f"task {pk} is {now[pk]}, not {right}")
    entries = site.sql("SELECT kind, count(*) FROM generations_ledgerentry GROUP BY kind")
    if entries != [("hold", len(rows))]:
        found.append(f"the ledger has {entries}")
    return found[:20]


def to_one(site: Site) -> list[str]:
    """Send different bodies to one task."""
    rows = json.loads(site.manage("shell", "-v0", "-c", SEED % (1, 1, 0, 0)))
    path = rows[0][1][rows[0][1].index("/webhooks/") :]
    calls = [Call("first", path, callback("remote", note=str(number))) for number in range(10_000)]
    with Web(site) as web:
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda call: send(web, call), calls))
        took = time.perf_counter() - began
    ((kept,),) = site.sql("SELECT count(*) FROM generations_delivery")
    answers = Counter(call.status for call in calls)
    say(f"{len(calls)} deliveries to one task in {took:.1f} s: {kept} kept, answered {dict(answers)}")
    return [] if kept == MOST_KEPT and set(answers) == {200} else [f"{kept} of one task are kept, answered {answers}"]


def percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p50, p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 for share in (0.5, 0.95, 0.99))
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, most {ordered[-1] * 1000:.0f} ms"


# -- from the callback to the stored clip --


def to_stored(site: Site, sandbox: Sandbox, orders: int) -> list[str]:
    """Order with callbacks, and compare the time of each delivery with that of its stored clip."""
    with Web(site) as web:
        site.env["PUBLIC_URL"] = f"http://127.0.0.1:{web.port}"
        worker = Worker(site, patience=30).start()
        try:
            worker.wait_for(worker.is_up, "worker")
            site.order(*["gulls"] * orders, delivery="callback")
            worker.wait_for(lambda: site.all_are("stored"), "clips", seconds=60 + 3 * orders, every=1)
        finally:
            worker.process.terminate()
            worker.process.wait(60)
    moment = "(strftime('%s', {0}) + strftime('%f', {0}) - strftime('%S', {0}))"
    if not site.database_url.startswith("sqlite"):
        moment = "extract(epoch FROM {0})::float"
    rows = site.sql(
        f"SELECT {moment.format('t.stored_at')} - {moment.format('d.received_at')} FROM generations_generationtask t"
        " JOIN generations_delivery d ON d.task_id = t.id"
    )
    seconds = [float(row[0]) for row in rows]
    say(f"{len(seconds)} of {orders} callbacks, from delivered to stored: {percentiles(seconds)}")
    posts = sum(request["method"] == "POST" for request in sandbox.truth()["requests"])
    return [] if posts == orders else [f"{posts} POSTs for {orders} orders"]


if __name__ == "__main__":
    main()

"""The product's own run of a case: a site in a scratch folder, and its real worker."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.pipeline import usage
from tests.bench.pipeline.runs import Provider, Run
from tests.processes.postgres import Postgres
from tests.processes.site import Site
from tests.processes.worker import Worker

TAKES = 100  # of one request, at most
PATIENCE_SECONDS = 30.0  # the supervisor's default

# Queues the orders in one transaction; says when it began and when all were committed.
QUEUE = f"""
import sys, time
from generations import clock
from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.providers.base import Order
began, number, left, requests = time.time(), 0, int(sys.stdin.read()), []
while left:
    takes = min(left, {TAKES})
    number, left = number + 1, left - takes
    chosen = {{"prompt": f"gulls over the harbour {{number}}", "duration": 5}}
    order = Order(provider="apixo", model="kling-2-5-turbo-pro", mode="text-to-video", parameters=chosen)
    requests.append(OrderRequest(order, takes=takes))
ordering.place(requests, at=clock.now())
sys.stdout.write(f"{{began}} {{time.time()}}")
"""
STORED = "SELECT count(*) FROM generations_generationtask WHERE status = 'stored'"
DECODED = "SELECT count(*) FROM generations_video WHERE decoded_at IS NOT NULL"
PREVIEWS = "SELECT count(*) FROM generations_video WHERE preview <> ''"  # the CPU of a run counts those made in it
TIMES = """
SELECT t.remote_id AS id, t.stored_at, e.at AS ready_at FROM generations_generationtask t
JOIN generations_taskevent e ON e.task_id = t.id AND e.now = 'ready' AND e.was <> 'ready' WHERE t.stored_at IS NOT NULL
"""


def run(
    folder: Path,
    provider: Provider,
    server: Postgres | None,
    tasks: int,
    *,
    seconds: float,
    env: dict[str, str],
    decoded: bool = False,
) -> Run:
    """Order, wait until every clip is stored or the time is over, and compare with the provider's journal.

    `decoded`: then wait, as long again, until the background has decoded every clip.
    """
    found = Run(f"this program, {'PostgreSQL' if server else 'SQLite'}", tasks)
    site = new_site(folder, provider, server, env)
    database = server_pids(server)
    worker = Worker(site, patience=PATIENCE_SECONDS).start()
    try:
        worker.wait_for(worker.is_up, "worker")
        with usage.Watch(worker.processes) as watch, usage.Watch(database) if server else nullcontext() as base:
            before = base.cpu_seconds() if base else 0.0
            began, queued = map(float, site.manage("shell", "-v0", "-c", QUEUE, stdin=str(tasks)).split())
            await_clips(site, STORED, tasks, seconds=seconds)
            found.cpu_seconds, found.peak_mb = watch.cpu_seconds(), watch.peak_mb
            found.notes["CPU of"] = usage.cpu_by_name(worker.processes())
            found.database_cpu_seconds = base.cpu_seconds() - before if base else 0.0
            found.notes |= {"decoded by then": site.sql(DECODED)[0][0], "previews by then": site.sql(PREVIEWS)[0][0]}
            if decoded:
                took = await_clips(site, DECODED, tasks, seconds=seconds)
                later = watch.cpu_seconds() - found.cpu_seconds
                found.notes |= {"all decoded after": round(took, 1), "CPU of decoding": round(later, 1)}
        measure(found, site, provider.journal(), queued)
    finally:
        worker.process.terminate()
        worker.process.wait(120)
    found.notes |= {"queued_seconds": round(queued - began, 2), "statuses": dict(Counter(site.statuses()))}
    return found


def new_site(folder: Path, provider: Provider, server: Postgres | None, env: dict[str, str]) -> Site:
    """Return a migrated site whose orders go to the provider, with every wait as documented."""
    folder.mkdir(parents=True)
    url = server.new_database(folder.name) if server else ""
    addresses = {"SANDBOX_URL": provider.url, "APIXO_BASE_URL": f"{provider.url}/api/v1"}
    site = Site(folder, database_url=url, **addresses, WAIT_SCALE="1", **env)
    site.migrate()
    return site


def server_pids(server: Postgres | None) -> Any:
    """Return a function that lists the processes of a database server."""
    if server is None:
        return list
    postmaster = int((server.folder / "postmaster.pid").read_text().split()[0])
    return lambda: usage.family(postmaster)


def await_clips(site: Site, count: str, tasks: int, *, seconds: float) -> float:
    """Wait until so many are counted, or the time is over; return how long it took."""
    began = time.monotonic()
    while site.sql(count)[0][0] < tasks and time.monotonic() < began + seconds:
        time.sleep(1)
    return time.monotonic() - began


def measure(found: Run, site: Site, journal: dict[str, Any], queued: float) -> None:
    """Compare the provider's clock with the database's: it is the same machine's."""
    finished = {task["id"]: task["finishes_at"] for task in journal["tasks"]}
    rows = site.sql(TIMES)
    found.accepted_seconds = max((task["accepted_at"] for task in journal["tasks"]), default=queued) - queued
    found.noticed = [moment(ready) - finished[key] for key, __, ready in rows]
    found.stored = [moment(stored) - finished[key] for key, stored, __ in rows]
    found.answers, found.provider_cpu_seconds = journal["answers"], journal["cpu_seconds"]


def moment(value: str | datetime) -> float:
    """Return seconds since 1970 of a time as a database gives it: SQLite gives text in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.timestamp()

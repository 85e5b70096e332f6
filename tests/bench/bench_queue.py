"""10,000 orders queued by one command and by one form: `python -m tests.bench.bench_queue [--database postgres]`.

A budget counts them all. No worker runs. `--each N` splits them into orders of N takes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from tests.bench.pipeline.runs import end_at_sigterm
from tests.processes.postgres import own_server
from tests.processes.site import Site

CHOSEN = {"provider": "apixo", "model": "kling-2-5-turbo-pro", "mode": "text-to-video", "duration": "5"}
OPTIONS = ["generate", *(f"--{name}={value}" for name, value in CHOSEN.items())]
WORDS = "gulls over the harbour"

# The queries of a command, in this process.
COMMAND = """
import json, sys, time
from django.core.management import call_command
from django.db import connection
queries, options = [], json.loads(sys.stdin.read())
def count(execute, sql, *rest):
    queries.append(sql)
    return execute(sql, *rest)
with connection.execute_wrapper(count):
    began, cpu = time.perf_counter(), time.process_time()
    call_command(*options, stdout=open("/dev/null", "w"), stderr=open("/dev/null", "w"))
sys.stdout.write(json.dumps([time.perf_counter() - began, time.process_time() - cpu, len(queries)]))
"""
# The page Generate, then the button of its receipt, as a browser sends them.
FORM = """
import json, sys, time, uuid
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse
from generations.models import Prompt
queries, chosen = [], json.loads(sys.stdin.read())
def count(execute, sql, *rest):
    queries.append(sql)
    return execute(sql, *rest)
setup_test_environment()  # keeps what a page was made from
user = User.objects.filter(username="bench").first() or User.objects.create_superuser("bench")
client, prompt = Client(), Prompt.objects.create(text=chosen["prompt"])
client.force_login(user)
form = reverse("admin:generations_prompt_generate", args=[prompt.pk])
found = []
def post(data):
    began, cpu, before = time.perf_counter(), time.process_time(), len(queries)
    answer = client.post(form, data)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    found.extend([time.perf_counter() - began, time.process_time() - cpu, len(queries) - before])
    return answer.url
with connection.execute_wrapper(count):
    receipt = client.get(post(chosen | {"batch": str(uuid.uuid4()), "delivery": "polling"})).context
    data = {"receipt": receipt["token"]}
    for name, value in receipt["hidden"]:
        data.setdefault(name, []).append(value)
    post(data)
sys.stdout.write(json.dumps(found))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--each", type=int, help="takes of one order; default: all")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    options = parser.parse_args()
    end_at_sigterm()
    each = options.each or options.orders
    times = options.orders // each
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-bench-")))
        server = stack.enter_context(own_server()) if options.database == "postgres" else None
        site = Site(folder, database_url=server.new_database("queue") if server else "")
        site.migrate()
        site.manage("budgets", "set", "site", "total", "1000000")
        say(f"{times} x {each} orders, {options.database}, a budget that counts them")
        command(site, each, times)
        form(site, each, times)
        found = site.sql("SELECT count(*) FROM generations_ledgerentry WHERE kind = 'hold'")[0][0]
    raise SystemExit(0 if found == 3 * times * each else f"{found} holds")


def command(site: Site, takes: int, times: int) -> None:
    """Time the process, then count the queries of another one."""
    began = time.perf_counter()
    for __ in range(times):
        site.manage(*OPTIONS, f"--prompt={WORDS}", f"--takes={takes}")
    whole = time.perf_counter() - began
    line = json.dumps([*OPTIONS, f"--prompt={WORDS} at dawn", f"--takes={takes}"])
    seconds, cpu, queries = sums(
        json.loads(site.manage("shell", "-v0", "-c", COMMAND, stdin=line)) for __ in range(times)
    )
    say(f"command: {whole:.1f} s as a process; in it {seconds:.1f} s, {cpu:.1f} s CPU, {queries} queries")


def form(site: Site, takes: int, times: int) -> None:
    """Time the two posts: the form, which leads to the receipt, and the receipt's button, which orders."""
    data = json.dumps(CHOSEN | {"prompt": f"{WORDS} at dusk", "takes": str(takes)})
    found = sums(json.loads(site.manage("shell", "-v0", "-c", FORM, stdin=data)) for __ in range(times))
    for post, (seconds, cpu, queries) in (("receipt", found[:3]), ("its button", found[3:])):
        say(f"form, {post}: {seconds:.1f} s, {cpu:.1f} s CPU, {queries} queries")


def sums(runs: Iterable[list[float]]) -> list[float]:
    return [sum(column) for column in zip(*runs, strict=True)]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Fill one database with tasks and open the admin's lists: `bench_admin` starts it and reads its JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from tests.bench.catalog_pages import FIRST, TIMES, fill, opened, run, series  # isort: skip  # sets Django up

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

WORDS = {"a word of a third": "lighthouse", "a word of one in 500": "okapi", "a word of none": "xylophone"}
STATUS = (
    "CASE WHEN id % 20 = 0 THEN 'failed' WHEN id % 97 = 0 THEN 'canceled'"
    " WHEN id % 997 = 0 THEN 'unconfirmed' ELSE 'stored' END"
)


def fill_lists(rows: int) -> None:
    """Write the catalog's clips with their tasks, four statuses, two ledger entries a task, a fifth as many prompts.

    No statistics are left behind: a site on SQLite has none.
    """
    fill(rows)
    run(
        "UPDATE generations_generationtask SET"
        " prompt_text = (SELECT text FROM generations_prompt p WHERE p.id = prompt_id),"
        f" status = {STATUS}, due_at = CASE WHEN {STATUS} = 'unconfirmed' THEN created_at END"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(id) FROM generations_prompt")
        have, last = cursor.fetchone()
    moment = f"datetime({FIRST} + i * 300, 'unixepoch')"
    run(
        "INSERT INTO generations_prompt"
        " (id, title, text, negative_prompt, notes, archived, defaults, words, created_at, updated_at)"
        f" {series(rows // 5 - have)} SELECT {last} + i, 'Idea ' || i, 'a fox in the rain, number ' || i, '', '', 0,"
        f" '{{}}', 'a fox in the rain number ' || i, {moment}, {moment} FROM n"
    )
    settled = "CASE WHEN status IN ('failed', 'canceled') THEN 'release' ELSE 'charge' END"
    for kind, seconds in (("'hold'", 0), (settled, 75)):
        run(
            "INSERT INTO generations_ledgerentry (task_id, kind, amount_usd, at, day, note, practice)"
            f" SELECT id, {kind}, 0.35, datetime(created_at, '+{seconds} seconds'), date(created_at),"
            " 'the clip was made', practice FROM generations_generationtask WHERE id > 9"
        )
    run("DROP TABLE IF EXISTS sqlite_stat4")
    run("DELETE FROM sqlite_stat1")


def pages() -> Iterator[tuple[str, str, str]]:
    """Yield what is opened: the list, what of it, and the address."""
    month = "created_at__year=2020&created_at__month=10"
    for model, queries in {
        "generationtask": {
            "page 50": "p=50", "failed": "status=failed", "stored": "status=stored", "needs a person": "status=person",
            "a campaign": "campaign=campaign-7", "an old campaign": "campaign=campaign-1",
            "a provider": "provider=apixo",
            "a model": "model=kling-2-1", "a rare model": "model=kling-3-0-std", "practice": "practice__exact=1",
            "a month": month, "a day": f"{month}&created_at__day=7", "by price": "o=5", "by status": "o=3",
            **{name: f"q={word}" for name, word in WORDS.items()}, "a task's number": "q=777", "an id": "q=remote-777",
            "a word and a filter": "q=okapi&status=failed",
        },
        "video": {
            "page 50": "p=50", "approved": "state=approved", "published": "state=published", "damaged": "damaged=yes",
            "a campaign": "campaign=campaign-7", "a model": "model=kling-2-1",
            "a rare model": "model=kling-3-0-std", "with sound": "has_audio__exact=1",
            "practice": "practice__exact=1", "a month": month, "by title": "o=2",
            **{name: f"q={word}" for name, word in WORDS.items()},
        },
        "prompt": {
            "page 50": "p=50", "all": "archived=all", "a tag": "tags__id__exact=1", "by clips": "o=5",
            "by spend": "o=6",
            **{name: f"q={word}" for name, word in WORDS.items()},
        },
        "ledgerentry": {
            "page 50": "p=50", "charges": "kind__exact=charge", "unpriced": "unpriced=yes",
            "a campaign": "campaign=campaign-7", "a provider": "task__provider=apixo",
            "a rare model": "task__model=kling-3-0-std", "practice": "practice__exact=1",
            "a month": month.replace("created_at", "at"), "a task's number": "q=777", "by amount": "o=3",
        },
        "campaign": {}, "collection": {}, "tag": {}, "budget": {}, "price": {}, "referenceimage": {}, "share": {},
        "balancereading": {},
    }.items():  # fmt: skip
        address = reverse(f"admin:generations_{model}_changelist")
        for name, query in {"first page": "", **queries}.items():
            yield model, name, f"{address}?{query}"
    yield "first page", "", reverse("admin:index")


def measure(*, explain: bool, only: str) -> dict[str, tuple[int, list[float], list[float]]]:
    """Return each page's queries, its milliseconds and those of the processor, with nothing kept in the cache."""
    client, found = Client(), {}
    root, _ = User.objects.get_or_create(username="root", is_superuser=True, is_staff=True)
    client.force_login(root)
    for model, name, path in pages():
        if not model.startswith(only):
            continue
        asked: list[tuple[float, str, Any]] = []
        client.get(path)
        took, busy = [], []
        for _ in range(TIMES):
            began = time.process_time()
            took.append(opened(client, path, asked, forget=True))
            busy.append((time.process_time() - began) * 1000)
        found[f"{model}: {name}" if name else model] = len(asked), took, busy
        for seconds, sql, params in sorted(asked, key=lambda each: each[0])[-2:] if explain else ():
            sys.stderr.write(f"{model} {name}: {seconds * 1000:.1f} ms of {took[-1]:.1f}: {sql % params}\n")
    return found


def main() -> None:
    rows, only = int(sys.argv[1]), sys.argv[2]
    call_command("migrate", verbosity=0)
    if not User.objects.filter(username="bench").exists():
        with transaction.atomic():
            fill_lists(rows)
        connection.close()  # the statistics are read when it opens
    sys.stdout.write(json.dumps({"times": TIMES, "pages": measure(explain="explain" in sys.argv, only=only)}))


if __name__ == "__main__":
    main()

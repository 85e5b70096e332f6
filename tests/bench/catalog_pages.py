"""Fill one database with clips and open the catalog's pages: `bench_catalog` starts it and reads its JSON."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402

from generations.catalog.paging import PAGE_SIZE, Cursor  # noqa: E402
from generations.library.search import stacked  # noqa: E402
from generations.library.sorting import ordered  # noqa: E402
from generations.models import GenerationTask, Status, Tag, Video  # noqa: E402
from tests.factories import a_campaign, a_task, a_video  # noqa: E402

TIMES = 7
FIRST = 1_600_000_000  # the oldest clip, in seconds; one each minute
CAMPAIGNS = 40
VOCABULARY = 3_000
POSTGRESQL = connection.vendor == "postgresql"
MOMENT = "to_timestamp({})" if POSTGRESQL else "datetime({}, 'unixepoch')"
JOINED = "string_agg" if POSTGRESQL else "group_concat"
BATCH = "gen_random_uuid()" if POSTGRESQL else "lower(hex(randomblob(16)))"
# A clip's number is i; h is as good as random. 2 of 5 clips are of one shot, 8 shots of one prompt.
SHOT, PROMPT = "(1 + (i - 1) * 2 / 5)", "(1 + (i - 1) / 20)"
MODEL = "CASE WHEN h % 1000 = 0 THEN 'kling-3-0-std' WHEN h % 10 < 6 THEN 'kling-2-6' ELSE 'kling-2-1' END"
MODE = "CASE WHEN h / 7 % 3 = 0 THEN 'image-to-video' ELSE 'text-to-video' END"
RATIO = "CASE WHEN h / 11 % 4 = 0 THEN '9:16' WHEN h / 11 % 50 = 1 THEN '1:1' ELSE '16:9' END"
PERSON = "CASE WHEN h / 13 % 12 = 0 THEN {me} ELSE {other} END"
APPROVED = "h / 17 % 4 = 0"
PUBLISHED = "h / 17 % 40 = 0"


def fill(rows: int) -> None:
    """Write so many clips by SQL, each with its task; every column that is not named here is a real clip's."""
    me, other = User.objects.create_user("bench"), User.objects.create_user("other")
    for number in range(1, CAMPAIGNS + 1):
        a_campaign(f"Campaign {number}")
    for name in ("frequent", "rare", "old"):
        Tag.objects.create(name=name)
    first = a_video(a_task(Status.STORED))
    old = {"generations_video": first.pk, "generations_generationtask": first.task_id}
    people = PERSON.format(me=me.pk, other=other.pk)
    moment = MOMENT.format(f"{FIRST} + i * 60")
    copied = {
        "prompt_id": f"9 + {PROMPT}", "shot_id": f"9 + {SHOT}", "model": MODEL, "mode": MODE, "aspect_ratio": RATIO,
        "provider": "CASE WHEN h / 3 % 2 = 0 THEN 'apixo' ELSE 'apikley' END", "practice": "(h / 19 % 9 = 0)",
        "campaign_id": f"CASE WHEN i <= {rows} / 20 THEN 1 WHEN h % 10 > 0 THEN 2 + h / 23 % {CAMPAIGNS - 1} END",
        "ordered_by_id": people, "created_at": moment,
    }  # fmt: skip
    task = {"id": "9 + i", "remote_id": "'remote-' || i", "batch": BATCH, **copied}
    video = {
        "id": "9 + i", "task_id": "9 + i", "title": f"'Prompt ' || {PROMPT}", "file": "'videos/' || i || '.mp4'",
        "poster": "'posters/' || i || '.jpg'", "poster_small": "'posters/' || i || '-320.jpg'",
        "words": f"(SELECT text FROM generations_prompt p WHERE p.id = 9 + {PROMPT})",
        "duration_seconds": "CASE WHEN h / 29 % 3 = 0 THEN 10.04 ELSE 5.04 END", "has_audio": "(h / 31 % 2 = 0)",
        "rating": "CASE WHEN h / 37 % 3 = 0 THEN h / 41 % 6 ELSE 0 END", **copied,
        "review": f"CASE WHEN {APPROVED} THEN 'approved' WHEN h / 17 % 50 = 1 THEN 'in_review' ELSE '' END",
        "reviewed_at": f"CASE WHEN {APPROVED} THEN {moment} END",
        "published_at": f"CASE WHEN {PUBLISHED} THEN {moment} END",
        "published_by_id": f"CASE WHEN {PUBLISHED} THEN {other.pk} END",
    }  # fmt: skip
    numbers = f"{series(rows)}, made AS (SELECT i, i * 7919 % 999983 AS h FROM n)"
    run(f"INSERT INTO generations_shot (id) {series(rows * 2 // 5 + 1)} SELECT 9 + i FROM n")
    prompts(rows // 20 + 1, rows)
    copy(GenerationTask, old, numbers, task)
    copy(Video, old, numbers, video)
    run("ANALYZE")  # else the next one reads all clips for each shot
    run(
        "UPDATE generations_shot SET chosen_id = (SELECT min(id) FROM generations_video v"
        " WHERE v.shot_id = generations_shot.id) WHERE id % 10 = 0"
    )
    run(
        "INSERT INTO generations_collection (id, name, slug, description, is_restricted, created_at)"
        f" VALUES (1, 'Chosen', 'chosen', '', {'false' if POSTGRESQL else 0}, {MOMENT.format(FIRST)})"
    )
    run(
        f"INSERT INTO generations_collectionitem (collection_id, video_id, position) {series(200)}"
        f" SELECT 1, 9 + i * {rows // 200}, i FROM n"
    )
    first.delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if POSTGRESQL else "ANALYZE")


def prompts(count: int, rows: int) -> None:
    """Write prompts of 24 words of a vocabulary, low numbers often; and words that tell something to searches."""
    draw = random.Random(1)
    sounds = [a + b for a in "bdfgklmnprstvw" for b in "aeiou"]
    known = {"".join(draw.choices(sounds, k=draw.randint(2, 4))) for _ in range(VOCABULARY * 2)}
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE vocabulary (id int PRIMARY KEY, word text)")
        cursor.executemany("INSERT INTO vocabulary VALUES (%s, %s)", list(enumerate(sorted(known)[:VOCABULARY])))
    r = f"((i * 31 + k * k * 17 + k * i * 7) % {VOCABULARY})"
    text = f"(SELECT {JOINED}(word, ' ') FROM ks JOIN vocabulary v ON v.id = {r} * {r} / {VOCABULARY})"
    special = (
        "CASE WHEN i % 3 = 0 THEN ' lighthouse' ELSE '' END || CASE WHEN i % 500 = 7 THEN ' okapi' ELSE '' END"
        f" || CASE WHEN i <= {count} / 50 AND i % 2 = 0 THEN ' zeppelin' ELSE '' END"
    )
    run(
        "INSERT INTO generations_prompt"
        " (id, title, text, negative_prompt, notes, archived, defaults, words, created_at, updated_at)"
        f" {series(count)}, ks AS (SELECT i AS k FROM n WHERE i <= 24)"
        f" SELECT 9 + i, '', {text} || {special}, '', '', {'false' if POSTGRESQL else 0},"
        f" '{{}}', '', {MOMENT.format(FIRST)}, {MOMENT.format(FIRST)} FROM n"
    )
    run("UPDATE generations_prompt SET words = text")  # folded as it is
    for tag, chosen in ((1, "i % 4 = 0"), (2, "i % 1000 = 5"), (3, f"i <= {count} / 100")):
        run(
            f"INSERT INTO generations_prompt_tags (prompt_id, tag_id) {series(count)}"
            f" SELECT 9 + i, {tag} FROM n WHERE {chosen}"
        )


def series(count: int) -> str:
    return f"WITH RECURSIVE n(i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < {count})"


def copy(model: Any, old: dict[str, int], numbers: str, changes: dict[str, str]) -> None:
    """Write the first row again for each number, with these columns changed."""
    table, columns = (
        model._meta.db_table,
        [field.column for field in model._meta.concrete_fields if not field.generated],
    )
    values = ", ".join(changes.get(column, f't."{column}"') for column in columns)
    run(
        f"INSERT INTO {table} ({', '.join(columns)}) {numbers} SELECT {values} FROM made"
        f" CROSS JOIN (SELECT * FROM {table} WHERE id = {old[table]}) t"
    )


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def pages(rows: int) -> Iterator[tuple[str, str]]:
    cards = ordered(stacked(Video.objects.all()))
    number = min(5_000, rows // 5 // PAGE_SIZE)  # the middle one of a small catalog
    deep = Cursor.of(cards[number * PAGE_SIZE])
    middle = Video.objects.order_by("created_at")[rows // 2]
    yield "first page", "/"
    yield "page 5,000", f"/?before={deep}"
    for name, query in {
        "model": "model=kling-2-6", "rare model": "model=kling-3-0-std", "mode": "mode=image-to-video",
        "provider": "provider=apikley", "ratio": "ratio=1:1", "duration": "duration=10", "sound": "sound=yes",
        "campaign": "campaign=campaign-7", "old campaign": "campaign=campaign-1", "collection": "collection=chosen",
        "frequent tag": "tag=frequent", "rare tag": "tag=rare", "old tag": "tag=old", "person": "person=other",
        "mine": "person=mine", "rating": "rating=5", "state": "state=published", "in review": "state=in_review",
        "practice": "practice=yes", "since": f"since={middle.created_at:%Y-%m-%d}",
        "until": f"until={middle.created_at:%Y-%m-%d}", "by rating": "sort=rating", "by length": "sort=duration",
        "three filters": "model=kling-2-1&ratio=9:16&sound=yes",
        "three rare filters": "ratio=1:1&rating=4&state=published",
        "old campaign, filters": "campaign=campaign-1&sound=yes&rating=5", "words, frequent": "q=lighthouse",
        "words, rare": "q=okapi", "words, oldest 2 %": "q=zeppelin", "words, two": "q=lighthouse+okapi",
        "words, none": "q=xylophone", "words and filters": "q=lighthouse&ratio=1:1&rating=5",
    }.items():  # fmt: skip
        yield name, f"/?{query}"
    yield "clip", middle.get_absolute_url()


def measure(rows: int, *, explain: bool) -> dict[str, tuple[int, list[float], list[float]]]:
    """Return each page's queries with nothing kept, its milliseconds then, and its milliseconds with counts kept."""
    client, found = Client(), {}
    client.force_login(User.objects.get(username="bench"))
    for name, path in pages(rows):
        asked: list[tuple[float, str, Any]] = []
        client.get(path)
        fresh = [opened(client, path, asked, forget=True) for _ in range(TIMES)]
        queries, slowest = len(asked), sorted(asked, key=lambda each: each[0])[-2:]
        found[name] = queries, fresh, [opened(client, path, asked, forget=False) for _ in range(TIMES)]
        for seconds, sql, params in slowest if explain else ():
            sys.stderr.write(f"{name}: {seconds * 1000:.1f} ms of {fresh[-1]:.1f}: {sql % params}\n")
    return found


def opened(client: Client, path: str, asked: list[tuple[float, str, Any]], *, forget: bool) -> float:
    """Open a page and return its milliseconds; its queries are put into `asked`."""
    if forget:
        cache.clear()
    asked.clear()
    with connection.execute_wrapper(clocked(asked)):
        began = time.perf_counter()
        assert client.get(path).status_code == HTTPStatus.OK, path
        return (time.perf_counter() - began) * 1000


def clocked(asked: list[tuple[float, str, Any]]) -> Any:
    def wrapper(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, *rest)
        finally:
            asked.append((time.perf_counter() - began, sql, params or ()))

    return wrapper


def main() -> None:
    rows = int(sys.argv[1])
    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    if not Video.objects.exists():
        with nullcontext() if POSTGRESQL else transaction.atomic():  # VACUUM runs in none
            fill(rows)
    seconds = time.perf_counter() - began
    found = measure(rows, explain="explain" in sys.argv)
    sys.stdout.write(json.dumps({"seconds": seconds, "times": TIMES, "pages": found}))


if __name__ == "__main__":
    main()

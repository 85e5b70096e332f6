"""What must be true after every step, by SQL of its own and by the providers' truth, never by the program's word."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from tests.crash.truth import NOT_ACCEPTED, World, clip_of

# The picture of a task's life in docs/architecture.md.
WAYS = {
    "queued": {"submitting", "running", "canceled"},
    "submitting": {"running", "queued", "failed", "unconfirmed"},
    "unconfirmed": {"running", "failed"},
    "running": {"ready", "failed", "lost"},
    "ready": {"stored", "lost"},
    "lost": {"ready"},
}
ENDED = {"stored", "failed", "canceled"}
LEDGER = {
    "queued": ["hold"], "submitting": ["hold"], "unconfirmed": ["hold"], "running": ["hold"],
    "ready": ["charge", "hold"], "stored": ["charge", "hold"], "lost": ["charge", "hold"],
    "failed": ["hold", "release"], "canceled": ["hold", "release"],
}  # fmt: skip
LONGEST_WAIT = timedelta(hours=25)  # a person may leave an order undecided for a day
POSTS_MAX = 3


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def tasks() -> list[dict[str, Any]]:
    columns = (
        "id",
        "status",
        "due_at",
        "provider",
        "remote_id",
        "price_usd",
        "send_count",
        "submitted_at",
        "result_urls",
    )
    columns += ("source_expires_at", "delivery", "retry_of_id")
    found = rows(f"SELECT {', '.join(columns)} FROM generations_generationtask ORDER BY id")
    return [dict(zip(columns, values, strict=True)) for values in found]


def moment(value: Any) -> datetime | None:
    """A time as SQLite and PostgreSQL give it to raw SQL."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Promises:
    """Remembers what it saw, so that it notices what is changed later."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.status: dict[int, str] = {}
        self.last_event = 0
        self.ledger: dict[int, tuple[Any, ...]] = {}

    def check(self) -> None:
        """Every promise that holds at every moment."""
        found = {task["id"]: task for task in tasks()}
        self._every_move_is_allowed_and_true(found)
        self._every_row_that_waits_has_a_time(found)
        self._money_is_right_and_never_rewritten(found)
        self._budgets_say_what_the_ledger_says()
        self._every_video_is_whole(found)
        self._providers_are_stopped_when_they_must_be()

    def _every_move_is_allowed_and_true(self, found: dict[int, dict[str, Any]]) -> None:
        """P12: by the timeline, which has a line for each move, and whose last line is where the row stands."""
        events = rows(
            "SELECT id, task_id, was, now, by_id FROM generations_taskevent WHERE id > %s ORDER BY id", self.last_event
        )
        for event, pk, was, now, by in events:
            self.last_event = event
            before = self.status.setdefault(pk, "queued")
            assert was == before, f"task {pk} was {before}, and its timeline says {was} -> {now}"
            if was != now:
                assert now in WAYS.get(was, set()), f"task {pk}: {was} -> {now}"
                self._is_true(found[pk], was, now, by)
            self.status[pk] = now
        for pk, task in found.items():
            assert task["status"] == self.status.get(pk), f"task {pk} is {task['status']}, and no event says so"

    def _is_true(self, task: dict[str, Any], was: str, now: str, by: int | None) -> None:
        """Whether the provider's truth gives the reason for a move that nobody made by hand."""
        world, pk, remote_id = self.world, task["id"], task["remote_id"]
        claims, said = world.claims[pk], world.said[remote_id or ""]
        last = claims[-1] if claims else None
        what = f"task {pk}: {was} -> {now}"
        if now == "canceled":
            assert by and all(claim.settled and claim.told in NOT_ACCEPTED for claim in claims), what
        elif (was, now) == ("submitting", "queued"):
            forgiven = NOT_ACCEPTED | ({"own 5xx"} if world.retry_on_5xx else set())
            assert last and last.settled and last.told in forgiven, what
        elif (was, now) == ("submitting", "failed"):
            assert last and last.settled and last.told.startswith("refused"), what
            assert all(claim.told in NOT_ACCEPTED for claim in claims), what
        elif (was, now) == ("submitting", "running"):
            assert last and last.outcome == remote_id, what
        elif (was, now) == ("queued", "running"):
            assert (pk, remote_id) in world.asked_for, what
        elif (was, now) == ("unconfirmed", "running"):
            assert by or last and last.outcome == remote_id or (pk, remote_id) in world.asked_for, what
        elif (was, now) == ("unconfirmed", "failed"):
            assert by, what
        elif now == "ready":
            assert "done" in said, what
        elif (was, now) == ("running", "failed"):
            assert "failed" in said, what
        elif now == "lost":
            over = moment(task["source_expires_at"])
            unseen = world.unseen[pk]
            gone = len(unseen) >= 5 and unseen[-1] - unseen[0] >= timedelta(seconds=90)
            assert gone or (was == "ready" and over and over <= world.latest), what

    def _every_row_that_waits_has_a_time(self, found: dict[int, dict[str, Any]]) -> None:
        """P10."""
        for pk, task in found.items():
            due_at = moment(task["due_at"])
            if task["status"] in ENDED:
                assert due_at is None, f"task {pk} is {task['status']} and due"
            elif task["status"] != "lost":
                assert due_at, f"task {pk} is {task['status']} and never due"
            if due_at:
                assert due_at <= self.world.latest + LONGEST_WAIT, f"task {pk} is left alone until {due_at}"

    def _money_is_right_and_never_rewritten(self, found: dict[int, dict[str, Any]]) -> None:
        """P5."""
        entries = {row[0]: row[1:] for row in rows("SELECT id, task_id, kind, amount_usd FROM generations_ledgerentry")}
        for pk, entry in self.ledger.items():
            assert entries.get(pk) == entry, f"the ledger's {entry} became {entries.get(pk)}"
        self.ledger = entries
        mine: dict[int, list[tuple[str, Any]]] = defaultdict(list)
        for task, kind, amount in entries.values():
            mine[task].append((kind, amount))
        for pk, task in found.items():
            kinds = sorted(kind for kind, __ in mine[pk])
            assert kinds == LEDGER[task["status"]], f"task {pk} is {task['status']}, and its ledger says {kinds}"
            assert {amount for __, amount in mine[pk]} == {task["price_usd"]}

    def _budgets_say_what_the_ledger_says(self) -> None:
        """P4."""
        kinds = {pk: sorted(kind for task, kind, __ in self.ledger.values() if task == pk) for pk in self.status}
        held = sum(amount for task, kind, amount in self.ledger.values() if kinds[task] == ["hold"])
        spent = sum(amount for __, kind, amount in self.ledger.values() if kind == "charge")
        for limit, says_held, says_spent in rows("SELECT limit_usd, held_usd, spent_usd FROM generations_budgetperiod"):
            assert (round(says_held, 4), round(says_spent, 4)) == (round(held, 4), round(spent, 4))
            assert round(held + spent, 4) <= limit, f"{held} held and {spent} spent of {limit}"

    def _every_video_is_whole(self, found: dict[int, dict[str, Any]]) -> None:
        """P7."""
        kept: dict[int, list[int]] = defaultdict(list)
        sql = "SELECT task_id, position, file, sha256, size_bytes, source_url FROM generations_video ORDER BY position"
        for task, position, file, sha256, size, url in rows(sql):
            kept[task].append(position)
            content = Path(settings.MEDIA_ROOT, file).read_bytes()
            assert (hashlib.sha256(content).hexdigest(), len(content)) == (sha256, size), f"task {task}: {file}"
            assert not url or content == clip_of(url), f"task {task}: {file} is not what {url} was"
        for pk, positions in kept.items():
            assert len(set(positions)) == len(positions)
            assert found[pk]["status"] in ("ready", "stored", "lost")
        for pk, task in found.items():
            assert task["status"] != "stored" or kept[pk], f"task {pk} is stored without a video"

    def _providers_are_stopped_when_they_must_be(self) -> None:
        stopped = {provider for (provider,) in rows("SELECT provider FROM generations_pause")}
        assert stopped == {provider for provider, is_so in self.world.stopped.items() if is_so}

    def check_rest(self) -> None:
        """What must be true when everything has come to rest: P3, and the sums of P5."""
        world, found = self.world, {task["id"]: task for task in tasks()}
        for pk, task in found.items():
            at_rest = task["status"] in ENDED | {"unconfirmed"} or (task["status"] == "lost" and not task["due_at"])
            assert at_rest, f"task {pk} is still {task['status']} when all is well"
            if task["status"] == "unconfirmed":
                claims = world.claims[pk]
                doubt = any(not claim.settled or claim.told not in NOT_ACCEPTED for claim in claims)
                assert doubt, f"task {pk} is unconfirmed, though its provider said what became of it"
        known = {(task["provider"], task["remote_id"]) for task in found.values()}
        for remote in world.remotes.values():
            task = found[remote.task]
            provider = task["provider"]
            owners = [
                id for id, other in found.items() if (other["provider"], other["remote_id"]) == (provider, remote.id)
            ]
            assert len(owners) <= 1
            if (provider, remote.id) in known or remote.task in world.erred or world.is_deceived(remote.task):
                continue
            if world.retry_on_5xx and any(claim.told == "own 5xx" for claim in world.claims[remote.task]):
                continue  # the operator chose to risk it
            assert task["status"] == "unconfirmed", f"{remote.id} was paid for task {remote.task}, which forgot it"
            heard = task["delivery"] == "callback" and remote.state != "forgotten"
            assert not heard, f"{remote.id} called back, and task {remote.task} is still unconfirmed"
        for pk in found:
            accepted = 0 if world.is_deceived(pk) else len(world.accepted_of(pk))
            assert accepted <= (POSTS_MAX if world.retry_on_5xx else 1), f"task {pk} was paid {accepted} times"

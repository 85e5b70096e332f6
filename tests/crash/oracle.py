"""The judge of a case: the provider's journal, SQL, the files' own bytes and the trace. Never the product's word.

Nothing of the product is imported here: what an MP4 is, what a hold is and which file belongs to which order is written
down once more, as the judge understands it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

MOVING = {"queued", "submitting", "running", "ready"}
ENDED = {"stored", "failed", "canceled"}
# What the ledger holds beside the hold, by the row's status.
SETTLED = {
    **dict.fromkeys(("ready", "stored", "lost"), {"charge": 1}),
    **dict.fromkeys(("failed", "canceled"), {"release": 1}),
    **dict.fromkeys(("queued", "submitting", "running", "unconfirmed"), {}),
}
OVERDUE = timedelta(minutes=5)
Row = dict[str, Any]
Line = tuple[int, int, str, str]  # process, count, effect, detail


@dataclass(frozen=True)
class Database:
    """What SQL says, at one moment."""

    tasks: list[Row]
    entries: list[Row]
    videos: list[Row]
    periods: list[Row]  # of the site's budget

    @classmethod
    def read(cls, name: str, *, server: str = "") -> Database:
        """From a file, or from a database of the PostgreSQL server at this address."""
        tables = ("generationtask", "ledgerentry", "video", "budgetperiod")
        if server:
            with psycopg.connect(f"{server}/{name}", row_factory=dict_row) as connection:
                return cls(*([dict(row) for row in connection.execute(_all(table))] for table in tables))
        plain = sqlite3.connect(name)
        plain.row_factory = sqlite3.Row
        try:
            return cls(*([dict(row) for row in plain.execute(_all(table))] for table in tables))
        finally:
            plain.close()

    def of(self, prompt: str) -> list[Row]:
        return [row for row in self.tasks if row["prompt_text"] == prompt]


def _all(table: str) -> Any:
    return f"SELECT * FROM generations_{table} ORDER BY id"


@dataclass(frozen=True)
class Evidence:
    """All that is known of a case that is over."""

    case: Any  # cases.Case
    died: bool
    trace: list[Line]  # of the process that was killed
    recovery: list[Line]
    at_death: Database
    at_end: Database
    truth_at_death: dict[str, Any]
    truth: dict[str, Any]
    media: Path

    @property
    def in_the_air(self) -> set[str]:
        """Prompts whose POST had begun to leave when the process died, and nothing was written of its outcome."""
        if not self.died:
            return set()
        flying: set[str] = set()
        for __, ___, effect, detail in self.trace:
            if effect in ("send", "died at") and "prompt " in detail:
                if effect == "send" or detail.startswith("half send"):
                    flying.add(detail.split("prompt ", 1)[1])
            elif effect == "commit" and "generations_generationtask" in detail and "ormq" not in detail:
                flying.clear()
        return flying

    @property
    def in_doubt(self) -> set[str]:
        """Besides these: whose row said that its POST was under way."""
        return self.in_the_air | {
            row["prompt_text"] for row in self.at_death.tasks if self.died and row["status"] == "submitting"
        }

    @property
    def ended_at(self) -> datetime:
        """The studio's clock at the end of the recovery."""
        passed = max([0.0, *(float(detail) for *__, effect, detail in self.recovery if effect == "clock")])
        return datetime(2026, 11, 20, 12, 0, tzinfo=UTC) + timedelta(seconds=passed)


def read_trace(path: Path) -> list[Line]:
    return [tuple(json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def violations(evidence: Evidence) -> list[str]:
    """Every broken promise, each beginning with its kind; empty when all were kept."""
    rules = (_paid_once, _nothing_forgotten, _ends, _moves, _money, _files, _ended_stays, _durable, _manners)
    return [text for rule in rules for text in rule(evidence)]


def _paid_once(seen: Evidence) -> Iterator[str]:
    """No second POST of an order that may have been accepted; no POST without a row."""
    before = len(seen.truth_at_death["posts"])
    for prompt in {post["prompt"] for post in seen.truth["posts"] if post["prompt"]}:
        rows, posts = seen.at_end.of(prompt), [post for post in seen.truth["posts"] if post["prompt"] == prompt]
        open_ = [post for post in posts if not post["refused"]]
        if len(open_) > len(rows):
            yield f"paid twice: {len(open_)} POSTs of {prompt!r} that may be accepted, for {len(rows)} rows"
        later = [post for post in seen.truth["posts"][before:] if post["prompt"] == prompt]
        if prompt in seen.in_the_air and later and seen.case.scenario.rows == 1:
            yield f"paid twice: {prompt!r} was on its way when its process died, and was sent again"


def _nothing_forgotten(seen: Evidence) -> Iterator[str]:
    """What the provider accepted is one row's, or waits for a person with its hold."""
    unattached: Counter[str] = Counter()
    for name, task in seen.truth["tasks"].items():
        rows = [row for row in seen.at_end.tasks if (row["provider"], row["remote_id"]) == (task["api"], name)]
        if not rows:
            unattached[task["prompt"]] += 1
        elif rows[0]["prompt_text"] != task["prompt"]:
            yield f"forgotten: {name} is the id of another order's row"
        elif rows[0]["status"] in ENDED - {"stored"} and not task["fails"]:
            yield f"forgotten: {name} was made, and its row is {rows[0]['status']}"
    for prompt, count in unattached.items():
        waiting = [row for row in seen.at_end.of(prompt) if row["status"] == "unconfirmed" and not row["remote_id"]]
        if len(waiting) < count:
            states = [row["status"] for row in seen.at_end.of(prompt)]
            yield f"forgotten: {prompt!r} was accepted, and no row has its id or waits for a person: {states}"


def _ends(seen: Evidence) -> Iterator[str]:
    """Each order ends where its provider's answers lead, or waits for a person where nobody can know."""
    scenario = seen.case.scenario
    for prompt, where in zip(scenario.prompts, scenario.ends, strict=True):
        rows = seen.at_end.of(prompt)
        allowed = set(where)
        if seen.died:
            allowed |= scenario.if_killed | ({"unconfirmed"} if prompt in seen.in_doubt else set())
        for row in rows:
            if row["status"] not in allowed | MOVING:
                yield f"wrong end: {prompt!r} is {row['status']}, not one of {sorted(allowed)}"
        if len(rows) > scenario.rows or (len(rows) < scenario.rows and not seen.died):
            yield f"wrong end: {len(rows)} rows of {prompt!r}"
        if not seen.died and {row["status"] for row in rows} < set(where):
            yield f"wrong end: {prompt!r} is only {[row['status'] for row in rows]}"


def _moves(seen: Evidence) -> Iterator[str]:
    """What has not ended goes on by itself, or has a time at which it comes up again."""
    for row in seen.at_end.tasks:
        if row["status"] in MOVING:
            yield f"does not move: task {row['id']} is still {row['status']}, due {row['due_at']}"
        elif row["status"] == "unconfirmed" and (due := _time(row["due_at"])) is None:
            yield f"does not move: task {row['id']} is unconfirmed and never due"
        elif row["status"] == "unconfirmed" and due and due < seen.ended_at - OVERDUE - timedelta(hours=2):
            yield f"does not move: task {row['id']} was due at {due}"


def _money(seen: Evidence) -> Iterator[str]:
    """One hold for each row, settled at most once, as its status says and in the amount that was held."""
    for row in seen.at_end.tasks:
        entries = [entry for entry in seen.at_end.entries if entry["task_id"] == row["id"]]
        counts = Counter(entry["kind"] for entry in entries)
        if counts != Counter({"hold": 1, **SETTLED[row["status"]]}):
            yield f"money: task {row['id']} is {row['status']} and has {dict(counts)}"
        amounts = {_usd(entry["amount_usd"]) for entry in entries}
        if amounts - {_usd(row["price_usd"])}:
            yield f"money: task {row['id']} costs {row['price_usd']}, and the ledger has {amounts}"
        if counts["charge"] and row["prompt_text"] not in {t["prompt"] for t in seen.truth["tasks"].values()}:
            yield f"money: task {row['id']} is charged, and the provider accepted nothing"
    settled = {entry["task_id"] for entry in seen.at_end.entries if entry["kind"] != "hold"}
    held = sum((_usd(e["amount_usd"]) or 0 for e in seen.at_end.entries if e["task_id"] not in settled), Decimal(0))
    spent = sum((_usd(e["amount_usd"]) or 0 for e in seen.at_end.entries if e["kind"] == "charge"), Decimal(0))
    for period in seen.at_end.periods:
        if (counted := (_usd(period["held_usd"]), _usd(period["spent_usd"]))) != (held, spent):
            yield f"money: the budget counts {counted} as held and spent, the ledger has {(held, spent)}"
    kept = {entry["id"]: entry for entry in seen.at_end.entries}
    if any(kept.get(entry["id"]) != entry for entry in seen.at_death.entries):
        yield "money: a line of the ledger was changed or deleted"


def _files(seen: Evidence) -> Iterator[str]:
    """No row without its whole file, no other bytes under a public name, no part file left."""
    made = {name: task["sha256"] for name, task in seen.truth["tasks"].items()}
    for row in seen.at_end.tasks:
        videos = [video for video in seen.at_end.videos if video["task_id"] == row["id"]]
        wanted = made.get(row["remote_id"] or "", [])
        if row["status"] == "stored" and sorted(v["position"] for v in videos) != list(range(len(wanted))):
            yield f"bad file: task {row['id']} is stored with {len(videos)} of {len(wanted)} clips"
        for video in videos:
            yield from _file(seen.media, video, wanted)
    whole = {sha for shas in made.values() for sha in shas}
    for path in seen.media.rglob("*"):
        if path.is_file() and path.suffix == ".part":
            yield f"part file left: {path.relative_to(seen.media)}"
        elif path.is_file() and "videos" in path.parts and _sha256(path) not in whole:
            yield f"bad file: {path.relative_to(seen.media)} is no whole clip of ours, under a public name"


def _file(media: Path, video: Row, wanted: list[str]) -> Iterator[str]:
    path = media / video["file"]
    if not path.is_file():
        yield f"bad file: video {video['id']} has none"
        return
    sha = _sha256(path)
    if (sha, path.stat().st_size) != (video["sha256"], video["size_bytes"]):
        yield f"bad file: video {video['id']} is not what its row says"
    if sha not in wanted[video["position"] : video["position"] + 1]:
        yield f"bad file: video {video['id']} is not the clip that the provider made"
    if text := broken(path.read_bytes()):
        yield f"bad file: video {video['id']}: {text}"
    poster = media / video["poster"]
    if video["poster"] and not (poster.is_file() and poster.read_bytes()[-2:] == b"\xff\xd9"):
        yield f"bad file: the poster of video {video['id']} is not whole"


def broken(data: bytes) -> str:
    """What is wrong with an MP4 as a row of boxes; empty when nothing is."""
    at, kinds = 0, []
    while at < len(data):
        if at + 8 > len(data):
            return "bytes after its last box"
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, at + 8)
        if size < 8 or at + size > len(data):
            return f"its box {kind!r} goes beyond its end"
        kinds.append(kind)
        at += size
    missing = {b"moov", b"mdat"} - set(kinds)
    return "it does not begin with ftyp" if kinds[:1] != [b"ftyp"] else f"without {missing}" if missing else ""


def _ended_stays(seen: Evidence) -> Iterator[str]:
    """What had ended when the process died, or before everything came once more, is as it was."""
    now = {row["id"]: row for row in seen.at_end.tasks}
    frozen = ("status", "remote_id", "finished_at", "stored_at", "submitted_at", "price_usd", "attempts", "send_count")
    for row in seen.at_death.tasks:
        if row["status"] in ENDED and any(now[row["id"]][name] != row[name] for name in frozen):
            yield f"ended row changed: task {row['id']} was {row['status']} when the process died"
    for *__, effect, detail in seen.recovery:
        if effect == "ended":
            for number, status in json.loads(detail):
                if now[number]["status"] != status:
                    yield f"ended row changed: task {number} was {status}, and is {now[number]['status']}"
    videos = {video["id"]: video for video in seen.at_end.videos}
    for video in seen.at_death.videos:
        same = videos.get(video["id"], {})
        if any(same.get(name) != video[name] for name in ("file", "sha256", "size_bytes", "task_id", "position")):
            yield f"ended row changed: video {video['id']}"


def _durable(seen: Evidence) -> Iterator[str]:
    """Each video's row is committed after write*, fsync of the part file, rename, fsync of the folder."""
    for trace in (seen.trace, seen.recovery):
        for process in {line[0] for line in trace}:
            yield from _order_of_effects([line[2:] for line in trace if line[0] == process])


def _order_of_effects(effects: list[tuple[str, str]]) -> Iterator[str]:
    synced: set[str] = set()  # files whose every written byte is on the disk
    named: dict[str, bool] = {}  # final name -> whether the folder knows it for good
    for effect, detail in effects:
        if effect == "write":
            synced.discard(detail)
        elif effect == "fsync":
            synced.add(detail)
            named |= {name: True for name in named if str(Path(name).parent) == detail}
        elif effect == "rename" and detail.endswith(".mp4"):
            source, target = detail.split(" ")
            named[target] = False
            if source not in synced:
                yield "order of effects: a clip got its name before its bytes were synced"
        elif effect == "commit" and "+generations_video" in detail.split(" "):
            if not named or not all(named.values()):
                yield "order of effects: a row was committed before its clip's name was synced"
            named.clear()


def _manners(seen: Evidence) -> Iterator[str]:
    """No address that a payload or a redirect named was asked, no clip fetched twice at once, no exception let out."""
    if seen.truth["canary"]:
        yield f"led astray: {seen.truth['canary'][0]}"
    if seen.truth["overlaps"]:
        yield "two at once: two workers fetched one clip at the same time"
    for *__, effect, detail in [*seen.trace, *seen.recovery]:
        if effect == "unhandled":
            yield f"unhandled: {detail}"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _usd(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.0001"))


def _time(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).replace(tzinfo=UTC)

"""What must be true of every site: each rule yields what breaks it, beginning with the kind of promise.

`provider` is a provider's journal: its `posts` (`prompt`, and whether it was `refused`) in the order in which they
came, and its `tasks` by id (`api`, `prompt`, whether it `fails`, whether it has `called_back`, the `sha256` of each
of its clips, and of files that it served `damaged` so that they may be kept; `excused`: it may be forgotten).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.clips import boxes
from tests.crash.judge.database import Database, moment, usd
from tests.processes.site import Row

Truth = dict[str, Any]
MOVES = {
    "queued": {"submitting", "running", "canceled"},
    "submitting": {"running", "queued", "failed", "unconfirmed"},
    "unconfirmed": {"running", "failed"},
    "running": {"ready", "failed", "lost"},
    "ready": {"stored", "lost"},
    "lost": {"ready"},
}
ENDED = {"stored", "failed", "canceled"}
MOVING = {"queued", "submitting", "running", "ready"}
# What the ledger holds beside the reservation, by the row's status.
ENTRIES = {"charge": ("ready", "stored", "lost"), "release": ("failed", "canceled")}
LONGEST_WAIT = timedelta(hours=25)  # a person may leave an order undecided for a day
FOLDERS = ("videos", "posters", "previews")
FROZEN = ("status", "remote_id", "finished_at", "stored_at", "submitted_at", "price_usd", "attempts", "send_count")


def always(db: Database, provider: Truth, media: Path, *, now: datetime, before: Database | None = None) -> list[str]:
    """All that is broken of what must be true at every moment, and since an earlier one."""
    found = [*timeline(db), *has_its_time(db, now), *money(db, provider), *budgets(db), *files(db, provider, media)]
    return found + (list(unchanged(before, db)) if before else [])


def broken(url: str, provider: Truth, media: Path) -> list[str]:
    """All that is broken at a site that works, or is at rest."""
    db = Database.at(url)
    found = always(db, provider, media, now=datetime.now(UTC))
    return [*paid_once(db, provider), *nothing_forgotten(db, provider), *public_names(provider, media), *found]


def paid_once(db: Database, provider: Truth) -> Iterator[str]:
    """No POST of an order beyond its rows unless each one before was refused; no POST without a row."""
    unrefused: Counter[Any] = Counter()
    for post in provider["posts"]:
        if (order := post["prompt"]) and unrefused[order] >= len(db.of(order)):
            yield f"paid twice: {order!r} was sent again after {unrefused[order]} that may be accepted"
        unrefused[order] += not post["refused"]


def nothing_forgotten(db: Database, provider: Truth) -> Iterator[str]:
    """What the provider accepted is one row's, or waits for a person."""
    unattached: Counter[Any] = Counter()
    for name, task in provider["tasks"].items():
        rows = [row for row in db.tasks if (row["provider"], row["remote_id"]) == (task["api"], name)]
        if task.get("excused"):
            continue
        if not rows:
            unattached[task["prompt"]] += 1
        elif rows[0][db.order_key] != task["prompt"]:
            yield f"forgotten: {name} is the id of another order's row"
        elif rows[0]["status"] in ("failed", "canceled") and task["fails"] is False:
            yield f"forgotten: {name} was made, and its row is {rows[0]['status']}"
    for order, count in unattached.items():
        states = [row["status"] for row in db.of(order) if not row["remote_id"]]
        if sum(state in ("submitting", "unconfirmed") for state in states) < count:
            yield f"forgotten: {order!r} was accepted, and no row has its id or waits for a person: {states}"


def no_needless_doubt(db: Database, provider: Truth) -> Iterator[str]:
    """At rest, an order that the provider called back about truly is not left to a person."""
    for task in provider["tasks"].values():
        rows = [] if task.get("excused") else db.of(task["prompt"])
        if task["called_back"] and any(row["status"] == "unconfirmed" for row in rows):
            yield f"does not move: {task['prompt']!r} is unconfirmed, and its callback was taken"


def timeline(db: Database) -> Iterator[str]:
    """Each row came by allowed moves to where it stands, each with an event."""
    events = db.of_task(db.events)
    for row in db.tasks:
        status = "queued"
        for event in events[row["id"]]:
            was, now = event["was"], event["now"]
            if was != status or (was != now and now not in MOVES.get(was, ())):
                yield f"timeline: task {row['id']} was {status}, and an event says {was} -> {now}"
            status = now
        if row["status"] != status:
            yield f"timeline: task {row['id']} is {row['status']}, and its last event says {status}"


def has_its_time(db: Database, now: datetime) -> Iterator[str]:
    """What has not ended comes up again, within a day."""
    for row in db.tasks:
        due_at, status = moment(row["due_at"]), row["status"]
        if status in ENDED and due_at:
            yield f"does not move: task {row['id']} is {status} and due"
        elif status not in ENDED | {"lost"} and not due_at:
            yield f"does not move: task {row['id']} is {status} and never due"
        elif due_at and due_at > now + LONGEST_WAIT:
            yield f"does not move: task {row['id']} is {status}, and left alone until {due_at}"


def at_rest(db: Database) -> Iterator[str]:
    """When all is well and time has passed, nothing is left but what only a person can decide."""
    for row in db.tasks:
        if row["status"] in MOVING:
            yield f"does not move: task {row['id']} is still {row['status']}, due {row['due_at']}"


def late_decodes(db: Database) -> Iterator[str]:
    """At rest, every clip was decoded to its last frame, and none waits to be fetched again."""
    for video in db.videos:
        if not video["decoded_at"] or video["decode_due_at"]:
            yield f"forgotten: video {video['id']} was not decoded to its end"


def money(db: Database, provider: Truth) -> Iterator[str]:
    """One reservation for each row, ended at most once, as its status says and in the same amount; a charge is for a
    clip that the provider made."""
    entries = db.of_task(db.entries)
    for row in db.tasks:
        counts = Counter(entry["kind"] for entry in entries[row["id"]])
        wanted = Counter(["hold", *(kind for kind, statuses in ENTRIES.items() if row["status"] in statuses)])
        if counts != wanted:
            yield f"money: task {row['id']} is {row['status']} and has {dict(counts)}"
        if amounts := {usd(entry["amount_usd"]) for entry in entries[row["id"]]} - {usd(row["price_usd"])}:
            yield f"money: task {row['id']} costs {row['price_usd']}, and the ledger has {amounts}"
        made = provider["tasks"].get(row["remote_id"])
        if counts["charge"] and row["status"] != "lost" and (made is None or made["fails"]):
            yield f"money: task {row['id']} is charged, and the provider made nothing"


def budgets(db: Database) -> Iterator[str]:
    """The site's budget says what the ledger says, and keeps its limit."""
    ended = {entry["task_id"] for entry in db.entries if entry["kind"] != "hold"}
    held = _total(entry for entry in db.entries if entry["task_id"] not in ended)
    spent = _total(entry for entry in db.entries if entry["kind"] == "charge")
    for period in db.periods:
        if (counted := (usd(period["held_usd"]), usd(period["spent_usd"]))) != (held, spent):
            yield f"money: the budget counts {counted} as held and spent, the ledger has {(held, spent)}"
        if held + spent > (usd(period["limit_usd"]) or 0):
            yield f"money: {held} held and {spent} spent of {period['limit_usd']}"


def _total(entries: Iterator[Row]) -> Decimal:
    return sum((usd(entry["amount_usd"]) or Decimal(0) for entry in entries), Decimal(0))


def files(db: Database, provider: Truth, media: Path) -> Iterator[str]:
    """No row without its whole file, and that is the clip that the provider made for it."""
    videos = db.of_task(db.videos)
    for row in db.tasks:
        wanted = provider["tasks"].get(row["remote_id"], {}).get("sha256", [])
        if row["status"] == "stored" and sorted(v["position"] for v in videos[row["id"]]) != list(range(len(wanted))):
            yield f"bad file: task {row['id']} is stored with {len(videos[row['id']])} of {len(wanted)} clips"
        damaged = provider["tasks"].get(row["remote_id"], {}).get("damaged", [])
        for video in videos[row["id"]]:
            yield from _file(media, video, wanted, damaged)


def _file(media: Path, video: Row, wanted: list[str], damaged: list[str]) -> Iterator[str]:
    path = media / video["file"]
    if not path.is_file():
        yield f"bad file: video {video['id']} has none"
        return
    sha = sha256_of(path)
    if (sha, path.stat().st_size) != (video["sha256"], video["size_bytes"]):
        yield f"bad file: video {video['id']} is not what its row says"
    if sha in damaged:
        if not (video["arrived_damaged"] or video["decode_due_at"]):
            yield f"bad file: video {video['id']} arrived damaged, and nobody is told"
    elif sha not in wanted[video["position"] : video["position"] + 1]:
        yield f"bad file: video {video['id']} is not the clip that the provider made"
    for poster in (media / video[name] for name in ("poster", "poster_small") if video[name]):
        if not (poster.is_file() and poster.read_bytes()[-2:] == b"\xff\xd9"):
            yield f"bad file: the poster {poster.name} of video {video['id']} is not whole"
    if video.get("preview") and not _is_whole(media / video["preview"]):
        yield f"bad file: the preview of video {video['id']} is not whole"


def _is_whole(mp4: Path) -> bool:
    """Whether the last box of a file ends where the file does."""
    data = mp4.read_bytes() if mp4.is_file() else b""
    return bool(data) and max(end for *_, end in boxes(data)) == len(data)


def public_names(provider: Truth, media: Path) -> Iterator[str]:
    """No other bytes than whole clips of ours under a public name."""
    whole = {sha for task in provider["tasks"].values() for sha in (*task["sha256"], *task.get("damaged", ()))}
    for path in (media / "videos").rglob("*.*"):
        if sha256_of(path) not in whole:
            yield f"bad file: {path.relative_to(media)} is no whole clip of ours, under a public name"


def orphans(url: str, media: Path) -> list[str]:
    """Files under a public name that no row knows: allowed after a kill, never after a pause."""
    known = {video[name] for video in Database.at(url).videos for name in ("file", "poster", "poster_small", "preview")}
    there = {str(path.relative_to(media)) for kind in FOLDERS for path in (media / kind).rglob("*.*")}
    return sorted(there - known)


def unchanged(before: Database, now: Database) -> Iterator[str]:
    """The ledger only grows; what had ended, and each video, is as it was."""
    entries = {entry["id"]: entry for entry in now.entries}
    if any(entries.get(entry["id"]) != entry for entry in before.entries):
        yield "money: a line of the ledger was changed or deleted"
    tasks = {row["id"]: row for row in now.tasks}
    for row in before.tasks:
        if row["status"] in ENDED and any(tasks[row["id"]][name] != row[name] for name in FROZEN):
            yield f"ended row changed: task {row['id']} was {row['status']}"
    videos = {video["id"]: video for video in now.videos}
    for video in before.videos:
        if video["decode_due_at"] and video["id"] in videos:  # its file may be replaced; `files` judges it
            continue
        same = videos.get(video["id"], {})
        if any(same.get(name) != video[name] for name in ("file", "sha256", "size_bytes", "task_id", "position")):
            yield f"ended row changed: video {video['id']}"


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

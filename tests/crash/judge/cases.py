"""What must be true after a case: where its orders end, what its dead process left, and in which order it acted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.crash.cases import BEGAN, Case
from tests.crash.judge import rules
from tests.crash.judge.database import Database, moment
from tests.crash.judge.rules import MOVING, Truth

OVERDUE = timedelta(hours=2, minutes=5)
Line = tuple[int, int, str, str]  # process, count, effect, detail


@dataclass(frozen=True)
class Evidence:
    """All that is known of a case that is over."""

    case: Case
    died: bool
    trace: list[Line]  # of the process that was killed
    recovery: list[Line]
    at_death: Database
    at_end: Database
    truth_at_death: Truth
    truth: Truth
    media: Path

    @property
    def in_flight(self) -> set[str]:
        """Prompts whose POST had begun to leave when the process died, and nothing was written of its outcome."""
        found: set[str] = set()
        for __, ___, effect, detail in self.trace if self.died else []:
            if effect in ("send", "died at") and "prompt " in detail:
                if effect == "send" or detail.startswith("half send"):
                    found.add(detail.split("prompt ", 1)[1])
            elif effect == "commit" and "generations_generationtask" in detail and "ormq" not in detail:
                found.clear()
        return found

    @property
    def undecided(self) -> set[str]:
        """Besides these: whose row said that its POST was under way."""
        return self.in_flight | {
            row["prompt_text"] for row in self.at_death.tasks if self.died and row["status"] == "submitting"
        }

    @property
    def ended_at(self) -> datetime:
        """The studio's clock at the end of the recovery."""
        return BEGAN + timedelta(seconds=seconds_passed(self.recovery))


def seconds_passed(trace: list[Line]) -> float:
    """By the studio's clock."""
    return max([0.0, *(float(detail) for *__, effect, detail in trace if effect == "clock")])


def read_trace(path: Path) -> list[Line]:
    return [tuple(json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def violations(seen: Evidence) -> list[str]:
    """Every broken promise, each beginning with its kind; empty when all were kept."""
    return [
        *rules.paid_once(seen.at_end, seen.truth), *_sent_once_after_death(seen),
        *rules.nothing_forgotten(seen.at_end, seen.truth), *_ends(seen), *rules.at_rest(seen.at_end), *_overdue(seen),
        *rules.always(seen.at_end, seen.truth, seen.media, now=seen.ended_at, before=seen.at_death),
        *rules.public_names(seen.truth, seen.media), *_ended_stays(seen), *_durable(seen), *_manners(seen),
        *rules.late_decodes(seen.at_end),
    ]  # fmt: skip


def _sent_once_after_death(seen: Evidence) -> Iterator[str]:
    """An order that was on its way when its process died is not sent again."""
    for post in seen.truth["posts"][len(seen.truth_at_death["posts"]) :]:
        if post["prompt"] in seen.in_flight and seen.case.scenario.rows == 1:
            yield f"paid twice: {post['prompt']!r} was on its way when its process died, and was sent again"


def _ends(seen: Evidence) -> Iterator[str]:
    """Each order ends where its provider's answers lead, or waits for a person where nobody can know."""
    scenario = seen.case.scenario
    for prompt, where in zip(scenario.prompts, scenario.ends, strict=True):
        rows, allowed = seen.at_end.of(prompt), set(where)
        if seen.died:
            allowed |= scenario.if_killed | ({"unconfirmed"} if prompt in seen.undecided else set())
        for row in rows:
            if row["status"] not in allowed | MOVING:
                yield f"wrong end: {prompt!r} is {row['status']}, not one of {sorted(allowed)}"
        if len(rows) > scenario.rows or (len(rows) < scenario.rows and not seen.died):
            yield f"wrong end: {len(rows)} rows of {prompt!r}"
        if not seen.died and {row["status"] for row in rows} < set(where):
            yield f"wrong end: {prompt!r} is only {[row['status'] for row in rows]}"


def _overdue(seen: Evidence) -> Iterator[str]:
    for row in seen.at_end.tasks:
        due_at = moment(row["due_at"])
        if row["status"] == "unconfirmed" and due_at and due_at < seen.ended_at - OVERDUE:
            yield f"does not move: task {row['id']} was due at {due_at}"


def _ended_stays(seen: Evidence) -> Iterator[str]:
    """What had ended before everything came once more is as it was; no part file is left."""
    now = {row["id"]: row["status"] for row in seen.at_end.tasks}
    for *__, effect, detail in seen.recovery:
        for number, status in json.loads(detail) if effect == "ended" else []:
            if now[number] != status:
                yield f"ended row changed: task {number} was {status}, and is {now[number]}"
    for path in seen.media.rglob("*.part"):
        yield f"part file left: {path.relative_to(seen.media)}"


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

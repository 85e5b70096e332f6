"""Providers in memory: what they know, what they told the program, and why each move of a task was right."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

from generations.lifecycle import callbacks
from generations.lifecycle.calls import Outcome, ProviderCall
from generations.media import clips, downloads
from generations.media.clips import Clip, Stills, Verified
from generations.models import GenerationTask
from generations.providers.base import Order, RemoteState, RemoteTask
from generations.providers.errors import (
    AccountProblem,
    Busy,
    FailureKind,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    ServerTrouble,
)
from tests.factories import NOW
from tests.processes.site import Row

# What an answer to an order says, by the table in docs/architecture.md: only these prove that nothing was accepted.
NOT_ACCEPTED = {"busy", "busy, and a lie", "stopped", "unsent", "refused", "refused with all others"}


class OrderFate(NamedTuple):
    told: str
    error: Callable[[], ProviderError] | None = None  # the answer, instead of an id
    accepted: bool = False
    calls_back: bool = False  # before the answer


LOST = partial(OutcomeUnknown, "the answer was lost")
TROUBLE, BUSY = partial(ServerTrouble, "oops", code="500"), partial(Busy, "slow down", code="429")
ANOTHERS_ID = "accepted, and another task's id is given"
ORDER_FATES = {
    "accepted": OrderFate("accepted", accepted=True),
    "accepted, and the callback comes first": OrderFate("accepted", None, True, True),
    "accepted, and the answer is lost": OrderFate("unknown", LOST, True),
    "accepted, the callback comes first, the answer is lost": OrderFate("unknown", LOST, True, True),
    ANOTHERS_ID: OrderFate("unknown", accepted=True),
    "accepted, and said to be a server's trouble": OrderFate("own 5xx", TROUBLE, True),
    "accepted, the callback comes first, and said to be busy": OrderFate("busy, and a lie", BUSY, True, True),
    "lost on its way": OrderFate("unknown", LOST),
    "a server's trouble": OrderFate("own 5xx", TROUBLE),
    "refused": OrderFate("refused", partial(Rejected, "no", code="400", kind=FailureKind.INPUT)),
    "refused with all others": OrderFate(
        "refused with all others", partial(Rejected, "no permission", code="403", kind=FailureKind.ACCESS)
    ),
    "busy": OrderFate("busy", BUSY),
    "busy, and a time is named": OrderFate("busy", partial(BUSY, retry_after_seconds=40)),
    "stopped": OrderFate("stopped", partial(AccountProblem, "no money", code="402")),
    "unsent": OrderFate("unsent", partial(NotSent, "no connection")),
}
STATE_FATES = ["as it is", "as it is", "as it is", "no answer", "busy", "stopped", "an unknown word", "unseen"]
STATE_ERRORS: dict[str, Callable[[], ProviderError]] = {
    "no answer": partial(OutcomeUnknown, "HTTP 502"),
    "busy": BUSY,
    "stopped": partial(AccountProblem, "no such key", code="401"),
}
FILE_FATES = ["cut", "whole", "gone", "try again", "no room"]


class Crashed(BaseException):
    """The process dies here."""


@dataclass
class Remote:
    """A task at a provider, which costs money from here on."""

    id: str
    task: int
    state: str = "working"  # done, failed, forgotten
    results: int = 1
    renewals: int = 0  # of its URLs
    called_back: bool = False  # at the end, when everybody behaves

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(f"https://r2.apixo.ai/{self.renewals}/{self.id}/{number}.mp4" for number in range(self.results))

    @property
    def sha256(self) -> list[str]:
        return [hashlib.sha256(clip_of(url)).hexdigest() for url in self.urls]


@dataclass
class Claim:
    """An order on its way: what the program was told of it, and whether it could write that down."""

    task: int
    attempt: int
    call: ProviderCall
    told: str = ""
    applied: bool = False
    outcome: Outcome | None = None


@dataclass
class Providers:
    """Providers, clock and storage of one example."""

    retry_on_5xx: bool
    now: datetime = NOW
    latest: datetime = NOW  # the clock may be set back
    monotonic: float = 0.0
    remotes: dict[str, Remote] = field(default_factory=dict)
    claims: dict[int, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # id -> what a poll was told
    known_by_poll: set[tuple[int, str]] = field(default_factory=set)  # (task, id) that a poll found to be known
    unseen: dict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))  # in a row, as it was written
    dead_urls: set[str] = field(default_factory=set)
    paused: dict[str, bool] = field(default_factory=dict)  # provider -> whether it must not be sent orders
    balances: dict[str, Decimal] = field(default_factory=lambda: {"apixo": Decimal(50), "apikley": Decimal(50)})
    erred: set[int] = field(default_factory=set)  # tasks that a person decided wrongly
    misled: set[int] = field(default_factory=set)  # tasks that a callback named falsely
    fate: str = "accepted"
    file_fates: list[str] = field(default_factory=list)
    sending: Claim | None = None
    polling_task: int = 0
    while_fetching: Callable[[], None] | None = None

    # -- the providers --

    def accepted_of(self, task: int) -> list[Remote]:
        return [remote for remote in self.remotes.values() if remote.task == task]

    def may_be_sent(self, claim: Claim) -> bool:
        """Whether every earlier sending of an order is known not to have been accepted (or is retried on purpose)."""
        forgiven = NOT_ACCEPTED | ({"own 5xx"} if self.retry_on_5xx else set())
        earlier = self.claims[claim.task][: self.claims[claim.task].index(claim)]
        return all(before.applied and before.told in forgiven for before in earlier)

    def take_order(self, provider: str, order: Order) -> str:
        claim = self.sending
        assert claim is not None and not connection.in_atomic_block, "a transaction is open while an order is sent"
        assert self.may_be_sent(claim), f"task {claim.task} is sent again, and may have been accepted before"
        status, attempts, holds = row_of(claim.task)
        assert (attempts, holds) == (claim.attempt, 1), "an order is sent without a row that says so"
        fate = ORDER_FATES[self.fate]
        known = select("SELECT remote_id FROM generations_generationtask WHERE provider = %s", provider)
        taken = sorted({row["remote_id"] for row in known} & set(self.remotes))
        claim.told = "accepted" if self.fate == ANOTHERS_ID and not taken else fate.told
        remote = Remote(f"{provider}-{len(self.remotes) + 1}", claim.task)
        if fate.accepted:
            self.remotes[remote.id] = remote
        if fate.calls_back:
            self.call_back(remote.task, remote.id)
        if fate.error:
            raise fate.error()
        return taken[0] if self.fate == ANOTHERS_ID and taken else remote.id

    def is_deceived(self, task: int) -> bool:
        """Whether a provider said that it refused an order that it took, and then took back what could tell of it."""
        if all(claim.told != "busy, and a lie" for claim in self.claims[task]):
            return False
        return task in self.misled or any("unseen" in self.said[remote.id] for remote in self.accepted_of(task))

    def poll(self, provider: str, remote_id: str) -> RemoteTask:
        assert not connection.in_atomic_block, "a transaction is open while a poll is sent"
        remote = self.remotes.get(remote_id) if remote_id.startswith(provider) else None
        if self.fate in STATE_ERRORS:
            raise STATE_ERRORS[self.fate]()
        if remote is None or remote.state == "forgotten" or self.fate == "unseen":
            self.said[remote_id].append("unseen")
            return RemoteTask(state=RemoteState.UNSEEN, raw_state="404")
        self.known_by_poll.add((self.polling_task, remote_id))
        if self.fate == "an unknown word" or remote.state == "working":
            self.said[remote_id].append("working")
            return RemoteTask(state=RemoteState.WORKING, raw_state="processing_r2")
        self.said[remote_id].append(remote.state)
        if remote.state == "failed":
            return RemoteTask(
                state=RemoteState.FAILED, raw_state="failed", error_kind=FailureKind.CONTENT, error_code="NSFW"
            )
        if self.dead_urls & set(remote.urls):
            remote.renewals += 1
        return RemoteTask(state=RemoteState.DONE, raw_state="success", result_urls=remote.urls)

    def call_back(self, task: int, named: str, *, body: str = "") -> None:
        body = body or f'{{"code": 200, "data": {{"taskId": "{named}"}}}}'
        digest = hashlib.sha256(body.encode()).hexdigest()
        callbacks.record_callback(GenerationTask.objects.get(pk=task), body, digest=digest, named=named, at=self.now)

    # -- for the judge --

    def truth(self) -> dict[str, Any]:
        """What the judge reads: an order is known by its task's number."""
        tasks = {
            remote.id: {
                "api": remote.id.partition("-")[0], "prompt": remote.task, "fails": None, "sha256": remote.sha256,
                "called_back": remote.called_back and remote.state != "forgotten",
                "excused": self.is_excused(remote.task),
            }
            for remote in self.remotes.values()
        }  # fmt: skip
        return {"posts": [], "tasks": tasks}

    def is_excused(self, task: int) -> bool:
        """Whether a person, a provider's lie or a retry that the operator chose lets a paid task be forgotten."""
        risked = self.retry_on_5xx and any(claim.told == "own 5xx" for claim in self.claims[task])
        return task in self.erred or self.is_deceived(task) or risked

    # -- the storage --

    def fetch(self, url: str, part: Path, **limits: Any) -> downloads.Download:
        assert not connection.in_atomic_block, "a transaction is open while a file is fetched"
        if self.while_fetching:
            then, self.while_fetching = self.while_fetching, None
            then()
        fate = self.file_fates.pop(0) if self.file_fates else "whole"
        if fate == "gone" or url in self.dead_urls:
            self.dead_urls.add(url)
            raise downloads.Gone("HTTP 403")
        if fate == "try again":
            raise downloads.TryAgain("it broke off")
        if fate == "no room":
            raise OSError(28, "No space left on device")
        content = clip_of(url) if fate == "whole" else clip_of(url)[:20]
        part.write_bytes(content)
        return downloads.Download(part, hashlib.sha256(content).hexdigest(), len(content), "video/mp4")


def clip_of(url: str) -> bytes:
    """What a provider serves, the same at each of a clip's URLs: its end tells that it is whole."""
    return f"the clip {url.split('/', 4)[4]}, and here is its end".encode()


def verify(path: Path) -> Verified:
    """Stands for the decoding, which has tests of its own."""
    if not path.read_bytes().endswith(b"its end"):
        raise clips.NotAVideo("it is cut")
    still = b"\xff\xd8\xff\xd9"
    return Verified(Clip(5.0, 1280, 720, 24.0, False, "h264", ""), Stills(still, still), is_decoded=False)


def select(sql: str, *values: Any) -> list[Row]:
    """Rows as they are, without the program's models."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


HOLDS = "(SELECT count(*) FROM generations_ledgerentry WHERE task_id = t.id AND kind = 'hold') AS holds"


def row_of(task: int) -> tuple[str, int, int]:
    """Its status, its attempts and its reservations."""
    (row,) = select(f"SELECT status, attempts, {HOLDS} FROM generations_generationtask t WHERE id = %s", task)
    return row["status"], row["attempts"], row["holds"]


@dataclass
class ModelProvider:
    """What the program talks to in the place of an adapter."""

    name: str
    providers: Providers
    unit: str = "USD"

    def submit(self, order: Order) -> str:
        return self.providers.take_order(self.name, order)

    def fetch(self, *, model: str, remote_id: str) -> RemoteTask:
        return self.providers.poll(self.name, remote_id)

    def balance(self) -> Decimal:
        if self.providers.fate in ("stopped", "no answer"):
            raise STATE_ERRORS[self.providers.fate]()
        return self.providers.balances[self.name]

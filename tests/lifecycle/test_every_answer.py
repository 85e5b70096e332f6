"""Every answer has its row: whatever a provider says, over real HTTP, its row, money and texts come out right."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from pytest_django import Settings

from generations.lifecycle import polling, submitting
from generations.lifecycle.calls import Outcome
from generations.models import GenerationTask, Pause, Status
from tests import answers
from tests.answers import KEY, Made
from tests.factories import NOW, a_prompt, a_task, configure
from tests.servers import PreparedServer

pytestmark = pytest.mark.django_db

PROVIDERS = ("apixo", "apikley")
# What a database adds is what it does not store; what an answer means has been tried on SQLite.
FEW = 510 if connection.vendor == "sqlite" else 110
EXAMPLES = max(FEW, settings.default.max_examples if settings.default else 0)  # 5,000 with --hypothesis-profile=long
MANY = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
LATER = NOW + timedelta(seconds=40)
MOST = timedelta(seconds=3700)  # an hour is the longest wait of all; jitter and a lease come on top
TEXT_MAX = 4096  # characters; what is longer is no help to a person
REMOTE_ID = "task_12345678"
KEYS = re.compile(r"sk-SECRET\\*[/u]")  # however it is written

# What an order's answer makes of its row, and the entries of its ledger: the table in docs/architecture.md.
ORDERS = {
    "accepted": ("running", ["hold"]),
    "refused": ("failed", ["hold", "release"]),
    "refused with all others": ("failed", ["hold", "release"]),
    "busy": ("queued", ["hold"]),
    "stopped": ("queued", ["hold"]),
    "unknown": ("unconfirmed", ["hold"]),
}
# What a task's answer makes of a row, by where that row stands.
FREE, HELD, PAID = ["hold", "release"], ["hold"], ["hold", "charge"]
ROWS: dict[str, dict[str, tuple[str, list[str]]]] = {
    "running": {
        "working": ("running", HELD), "done": ("ready", PAID), "failed": ("failed", FREE),
        "unseen": ("running", HELD), "nothing": ("running", HELD),
    },
    "long unseen": {
        "working": ("running", HELD), "done": ("ready", PAID), "failed": ("failed", FREE),
        "unseen": ("lost", PAID), "nothing": ("running", HELD),
    },
    "its urls died": dict.fromkeys(("working", "done", "failed", "unseen", "nothing"), ("ready", PAID)),
    "lost and asked for": {
        "working": ("lost", PAID), "done": ("ready", PAID), "failed": ("lost", PAID),
        "unseen": ("lost", PAID), "nothing": ("lost", PAID),
    },
    "named by a callback": {
        "working": ("running", HELD), "done": ("running", HELD), "failed": ("running", HELD),
        "unseen": ("unconfirmed", HELD), "nothing": ("unconfirmed", HELD),
    },
}  # fmt: skip
OFFER: dict[str, dict[str, Any]] = {
    "apixo": {"provider": "apixo", "model": "kling-2-5-turbo-pro"},
    "apikley": {"provider": "apikley", "model": "kling-2-6", "sound": True, "aspect_ratio": "16:9"},
}


@dataclass
class Stage:
    """A provider that answers what it is told to, and the site pointed at it."""

    server: PreparedServer

    def hear(self, ask: Any, wire: bytes) -> Outcome:
        """What an Ask brings when these bytes are the answer; it was one request."""
        assert ask is not None
        self.server.answers = iter([wire])
        before = len(self.server.requests)
        outcome: Outcome = ask()
        assert len(self.server.requests) == before + 1
        return outcome


@pytest.fixture
def stage(settings: Settings) -> Iterator[Stage]:
    server = PreparedServer()
    settings.WAIT_SCALE = 1
    configure(settings, api_key=KEY, base_url=server.url)
    yield Stage(server)
    server.stop()


class Listener(logging.Handler):
    """Hears what the program logs, and objects to the key."""

    def emit(self, record: logging.LogRecord) -> None:
        assert not KEYS.search(record.getMessage())


@pytest.fixture(autouse=True)
def key_in_no_log() -> Iterator[None]:
    logger, listener = logging.getLogger("generations"), Listener()
    logger.addHandler(listener)
    logger.propagate = False  # thousands of lines, which pytest would collect
    yield
    logger.propagate = True
    logger.removeHandler(listener)


def on_the_wire(status: int, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} {KEY}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def row(provider: str, where: str) -> GenerationTask:
    """A task that an answer finds, 40 s after it was ordered; one that waits, an answer to its order."""
    fields: dict[str, Any] = {**OFFER[provider], "prompt": a_prompt(text="a lighthouse"), "remote_id": REMOTE_ID}
    if where == "waiting":
        return a_task(Status.QUEUED, **(fields | {"remote_id": None}))
    if where == "running":
        return a_task(Status.RUNNING, **fields)
    if where == "long unseen":
        long_ago = NOW - timedelta(minutes=5)
        return a_task(Status.RUNNING, **fields, submitted_at=long_ago, unseen_since=long_ago, failures=9)
    if where == "its urls died":
        return a_task(Status.READY, **fields, urls_died=True)
    if where == "lost and asked for":
        return a_task(Status.LOST, **fields, due_at=NOW)
    return a_task(Status.UNCONFIRMED, **(fields | {"remote_id": None, "candidate_id": REMOTE_ID}))


@contextmanager
def undone() -> Iterator[None]:
    """What is written in here is gone afterwards: a row serves many examples."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def check_row(task: GenerationTask, status: str, ledger: list[str]) -> None:
    """The row is in this status with these entries; it will be looked at, and its texts can be shown to anybody."""
    entries = list(task.entries.order_by("id"))
    assert task.status == status
    assert [entry.kind for entry in entries] == ledger
    assert {entry.amount_usd for entry in entries} == {task.price_usd}
    if task.due_at is None:
        assert status in ("failed", "lost")
    else:
        assert LATER <= task.due_at <= LATER + MOST
        assert task.due_at > LATER or status in ("ready", "running")
    assert all(url.startswith(("https://", "http://")) for url in task.result_urls) and len(task.result_urls) <= 20
    check_texts()


def check_texts() -> None:
    """No text of any row is long, has a NUL or half a pair, or repeats the key."""
    for table in ("generationtask", "taskevent", "ledgerentry", "pause"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM generations_{table}")
            names = [column[0] for column in cursor.description]
            for values in cursor.fetchall():
                for name, text in zip(names, values, strict=True):
                    if isinstance(text, str):
                        assert not KEYS.search(text), (name, text)
                        assert "\x00" not in text
                        assert len(text.encode()) >= len(text)
                        assert len(text) <= TEXT_MAX or name == "result_urls", (name, len(text))


def order_is(stage: Stage, task: GenerationTask, wire: bytes, means: str) -> GenerationTask:
    ask = submitting.claim_submission(task, at=NOW)
    outcome = stage.hear(ask, wire)
    submitting.apply_submit_answer(task.pk, outcome, at=LATER, attempt=1)
    task.refresh_from_db()
    check_row(task, *ORDERS[means])
    assert (task.remote_id is not None) == (means == "accepted")
    assert task.send_count == 1
    assert Pause.objects.exists() == (means in ("stopped", "refused with all others"))
    return task


def task_is(stage: Stage, task: GenerationTask, wire: bytes, expected: tuple[str, list[str]]) -> GenerationTask:
    ask = polling.claim_poll(task, at=NOW)
    outcome = stage.hear(ask, wire)
    polling.apply_poll_answer(task.pk, outcome, at=LATER)
    task.refresh_from_db()
    check_row(task, *expected)
    return task


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_order_is_in_the_right_row_whatever_was_answered(stage: Stage, provider: str) -> None:
    waiting = row(provider, "waiting")

    @MANY
    @given(answers.answers(provider, answers.order_data(provider)))
    def check(answer: Made) -> None:
        with undone():
            means = answers.an_order_was(provider, answer)
            order_is(stage, copy(waiting), on_the_wire(answer.status, answer.raw), means)

    check()


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("where", ROWS)
def test_a_task_is_in_the_right_row_whatever_was_said_of_it(stage: Stage, provider: str, where: str) -> None:
    task = row(provider, where)

    @settings(MANY, max_examples=EXAMPLES // 5)
    @given(answers.answers(provider, answers.task_data(provider, REMOTE_ID)))
    def check(answer: Made) -> None:
        means = answers.a_task_is(provider, answer)
        with undone():
            task_is(stage, copy(task), on_the_wire(answer.status, answer.raw), ROWS[where][means])
            refused_all = answers.verdict(provider, answer) in ("stopped", "refused with all others")
            assert Pause.objects.exists() == (means == "nothing" and refused_all)

    check()


YES = '{"code": 200, "msg": "%s", "message": "", "data": {"taskId": "task_12345678", "state": "success"}}'
# Bytes that no well-behaved server sends, and whether an order was accepted by them.
BYTES = {
    "nothing": (b"", False),
    "no head": (b"\x00\x01\x02 hello\r\n\r\n", False),
    "a head without an end": (b"HTTP/1.1 200 OK\r\nContent-Length: 5", False),
    "a status that is no number": (b"HTTP/1.1 twohundred OK\r\n\r\n", False),
    "only an interim answer": (b"HTTP/1.1 100 Continue\r\n\r\n", False),
    "a length of less than nothing": (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + YES.encode(), True),
    "a body that breaks off": (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + YES.encode(), False),
    "chunks that break off": (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"cod\r\n', False),
    "no gzip, said to be one": (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + YES.encode(), False),
    "no body": (b"HTTP/1.1 204 No Content\r\n\r\n", False),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\n\r\n", False),
    "a redirect to a yes": (on_the_wire(307, YES.encode(), "Location: http://127.0.0.1:9/\r\n"), False),
    "a redirect to nowhere": (on_the_wire(302, b"", "Location: http://[/\r\n"), False),
    "a long yes": (on_the_wire(200, (YES % ("x" * 900_000)).encode()), True),
    "a yes that is too long": (on_the_wire(200, (YES % ("x" * 1_100_000)).encode()), False),
    "a yes after a mark": (on_the_wire(200, b"\xef\xbb\xbf" + YES.encode()), True),
    "a yes in UTF-16": (on_the_wire(200, YES.encode("utf-16")), False),
    "a yes with a broken letter": (on_the_wire(200, (YES % "\xff").encode("latin-1")), False),
    "two codes, the last one a no": (on_the_wire(200, YES.encode()[:-1] + b', "code": 400}'), False),
    "a body nested without an end": (on_the_wire(200, (YES % "")[:-1].encode() + b', "x": ' + b"[" * 100_000), False),
}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", BYTES)
def test_an_order_is_accepted_by_a_whole_plain_yes_only(stage: Stage, provider: str, name: str) -> None:
    wire, yes = BYTES[name]
    order_is(stage, row(provider, "waiting"), wire, "accepted" if yes else "unknown")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_answer_end_no_task(stage: Stage, provider: str, name: str) -> None:
    """A yes here is a success without a result: not finished."""
    for where in ("running", "long unseen"):
        with undone():
            task_is(stage, row(provider, where), BYTES[name][0], ("running", HELD))


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("0", 0, 2), ("17", 17, 19), ("1.5", 1.5, 3.5), ("-5", 0, 2), ("3600", 3600, 3602), ("86400", 3600, 3602),
        ("1e400", 3600, 3602), ("inf", 3600, 3602), ("nan", 1.5, 2.5), ("", 1.5, 2.5), ("soon", 1.5, 2.5),
        ("Sat, 21 Nov 2026 12:00:00 GMT", 1.5, 2.5), ("9" * 400, 3600, 3602), (KEY, 1.5, 2.5),
    ],
)  # fmt: skip
@pytest.mark.parametrize("body", [b'{"code": 429, "data": null}', b"<html>slow down</html>"], ids=["api", "page"])
def test_the_time_that_a_busy_provider_names_is_kept_within_an_hour(
    stage: Stage, header: str, least: float, most: float, body: bytes
) -> None:
    wire = on_the_wire(429, body, f"Retry-After: {header}\r\n")
    task = order_is(stage, row("apixo", "waiting"), wire, "busy")
    assert task.due_at and least <= (task.due_at - LATER).total_seconds() <= most


def test_a_failcode_that_speaks_of_money_stops_the_provider(stage: Stage) -> None:
    body = b'{"code": 200, "data": {"state": "failed", "failCode": "INSUFFICIENT_CREDITS"}}'
    task_is(stage, row("apixo", "running"), on_the_wire(200, body), ("failed", FREE))
    assert Pause.objects.exists()

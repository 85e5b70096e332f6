"""Bugs that the product does not have, each put into a case's child by a few lines, to see that the case finds it."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import starmap
from pathlib import Path
from typing import Any

import requests
from django.db import connection, transaction

from generations import webhooks
from generations.lifecycle import callbacks, polling, saving, submitting
from generations.media import clips, downloads, nal
from generations.media.store import LocalStore, store
from generations.models import EntryKind, GenerationTask, Status, Video
from generations.models.leases import LeaseQuerySet
from generations.models.statuses import MOVES
from generations.money import ledger
from generations.providers import http as provider_http
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import NotSent, OutcomeUnknown, ProviderError
from generations.worker import background, conductor, due, lane


@dataclass(frozen=True)
class Mutation:
    """A bug: what it says, the kind of promise that it breaks, the first case that sees it, and how it is put in."""

    name: str
    says: str
    caught: str
    case: str
    put_in: Callable[[], object]


MUTATIONS: list[Mutation] = []


def mutation(caught: str, case: str) -> Callable[[Callable[[], None]], None]:
    def plant(put_in: Callable[[], None]) -> None:
        name, says = put_in.__name__.replace("_", "-"), (put_in.__doc__ or "").rstrip(".")
        MUTATIONS.append(Mutation(name, says, caught, case, put_in))

    return plant


@mutation("wrong end", "write-after-the-end/0")
def guard_dropped() -> None:
    """`move()` writes without comparing the status."""

    def move(self: GenerationTask, to: Status, reason: str, *, at: datetime, by: Any = None, **changes: Any) -> bool:
        changes = {"crash_count": 0, "due_at": None, **changes, "status": to}
        with transaction.atomic():
            GenerationTask.objects.filter(pk=self.pk).update(**changes)
            self.events.create(at=at, by=by, was=self.status, now=to, reason=reason)
        vars(self).update(changes)
        return True

    GenerationTask.move = move  # type: ignore[method-assign]


@mutation("paid twice", "claim-after-the-answer/0")
def claim_without_compare() -> None:
    """An order is claimed without comparing that it is still queued."""
    move = GenerationTask.move

    def claim(self: GenerationTask, to: Status, *args: Any, **more: Any) -> bool:
        if to == Status.SUBMITTING:
            GenerationTask.objects.filter(pk=self.pk).update(status=self.status)
        return move(self, to, *args, **more)

    GenerationTask.move = claim  # type: ignore[method-assign]


@mutation("paid twice", "apixo-accepted/half send:prompt")
def post_in_transaction() -> None:
    """The order is sent inside the transaction that claims it."""
    claim = lane.Lane.claim_orders

    def claim_and_send(self: Any, *more: Any) -> list[Any]:
        return [replace(call, call=partial(_answer, call())) for call in claim(self, *more)]

    lane.Lane.claim_orders = claim_and_send  # type: ignore[method-assign,assignment]


def _answer(outcome: Any) -> Any:
    if isinstance(outcome, ProviderError):
        raise outcome
    return outcome


@mutation("paid twice", "apixo-accepted/half send:prompt")
def intent_not_committed() -> None:
    """SUBMITTING is written only with the answer."""
    start, apply = submitting.claim_submission, submitting.apply_submit_answer
    claimed: dict[int, datetime] = {}

    def start_without_writing(task: GenerationTask, *, at: datetime) -> Any:
        if task.pk in claimed:
            return None
        with transaction.atomic():
            ask = start(task, at=at)
            transaction.set_rollback(True)
        claimed[task.pk] = at
        return ask

    def write_then_apply(task_id: int, outcome: Any, *, at: datetime, attempt: int, task: Any = None) -> None:
        start(GenerationTask.objects.get(pk=task_id), at=claimed.pop(task_id))
        apply(task_id, outcome, at=at, attempt=attempt)

    lane.claim_submission, conductor.apply_submit_answer = start_without_writing, write_then_apply  # type: ignore[attr-defined]


def _not_sent_if(wrongly: Callable[[ProviderError], bool]) -> None:
    """Take these unknown outcomes for orders that were never sent."""

    def change(task_id: int, outcome: Any, attempt: int) -> tuple[Any, int]:
        unknown = attempt == 1 and isinstance(outcome, OutcomeUnknown) and wrongly(outcome)
        return NotSent(str(outcome)) if unknown else outcome, attempt

    _apply_changed(change)


def _apply_changed(change: Callable[[int, Any, int], tuple[Any, int]]) -> None:
    """Write another outcome of an order, or the outcome of another sending."""
    apply = submitting.apply_submit_answer

    def apply_changed(task_id: int, outcome: Any, *, at: datetime, attempt: int, task: Any = None) -> None:
        outcome, attempt = change(task_id, outcome, attempt)
        apply(task_id, outcome, at=at, attempt=attempt, task=task)

    submitting.apply_submit_answer = conductor.apply_submit_answer = apply_changed  # type: ignore[attr-defined]


@mutation("paid twice", "apixo-accepted/half send:prompt")
def unconfirmed_sends_again() -> None:
    """An order that its worker died with is queued again."""

    def send_again(task: GenerationTask, *, at: datetime) -> None:
        task.move(Status.QUEUED, "its worker died", at=at, due_at=at)

    submitting.mark_unconfirmed = due.mark_unconfirmed = send_again  # type: ignore[attr-defined]


@mutation("paid twice", "apixo-redirect/0")
def redirect_followed() -> None:
    """A 307 repeats the order elsewhere."""
    send = requests.Session.send

    def follow(self: Any, request: Any, **options: Any) -> Any:
        answer = send(self, request, **options)
        if answer.status_code not in (307, 308):
            return answer
        request.url = answer.headers["Location"]
        return send(self, request, **options)

    provider_http._Session.send = follow  # type: ignore[method-assign]


def _put_off(name: str) -> None:
    """Write these entries after the commit that they belong to."""
    write = getattr(ledger, name)
    setattr(ledger, name, lambda *args, **more: transaction.on_commit(partial(write, *args, **more)))


@mutation("money", "apixo-accepted/0")
def charged_twice() -> None:
    """Finished and stored are charged each, without constraints."""
    with connection.cursor() as cursor:
        for name in ("ledger_once_per_task_and_kind", "ledger_settled_once"):
            cursor.execute(f'DROP INDEX IF EXISTS "{name}"')

    def charge(task: GenerationTask, at: datetime) -> None:
        ledger._entry(task, EntryKind.CHARGE, task.price_usd, at=at, by=None, note="stored").save()

    _after_moves_to(Status.STORED, charge)


def _after_moves_to(status: Status, act: Callable[[GenerationTask, datetime], None]) -> None:
    move = GenerationTask.move

    def move_and_act(self: GenerationTask, to: Status, *args: Any, **more: Any) -> bool:
        moved = move(self, to, *args, **more)
        if moved and to == status:
            act(self, more["at"])
        return moved

    GenerationTask.move = move_and_act  # type: ignore[method-assign]


def _believe(read: Callable[[dict[str, Any]], RemoteTask | None]) -> None:
    """Take what a callback says of a running task for what the provider says."""
    record = callbacks.record_callback

    def record_and_believe(task: GenerationTask, body: str, *, at: datetime, **more: Any) -> None:
        record(task, body, at=at, **more)
        task.refresh_from_db()
        said = read(json.loads(body)["data"])
        if said and task.status == Status.RUNNING:
            polling.apply_poll_answer(task.pk, said, at=at)

    callbacks.record_callback = record_and_believe


@mutation("bad file", "callback-lies-about-success/0")
def callback_url_trusted() -> None:
    """A callback's URL is fetched."""

    def read(data: dict[str, Any]) -> RemoteTask | None:
        urls = json.loads(data.get("resultJson", "{}")).get("resultUrls")
        return RemoteTask(state=RemoteState.DONE, result_urls=tuple(urls)) if urls else None

    _believe(read)


@mutation("wrong end", "success-after-the-end/0")
def ended_is_not_the_end() -> None:
    """A failed task may become READY."""
    MOVES[Status.FAILED].add(Status.READY)
    polling.POLLED = (*polling.POLLED, Status.FAILED)  # type: ignore[assignment]


@mutation("bad file", "apixo-truncated-once/0")
def truncated_accepted() -> None:
    """Neither length nor content of a file is checked."""

    def receive(self: Any, answer: Any) -> None:
        with contextlib.suppress(downloads._BrokeOff):
            while chunk := self._next(answer):
                self.part.write(chunk)

    downloads._Transfer._receive = receive  # type: ignore[method-assign]
    _verify_nothing()


def _verify_nothing() -> None:
    clip = clips.Clip(5.0, 64, 64, 24.0, True, "h264", "aac")
    saving.clips.verify = lambda path: clips.Verified(clip, None, is_decoded=True)  # type: ignore[attr-defined]


@mutation("bad file", "apixo-short-once/fsync:/videos/")
def name_before_verifying() -> None:
    """The file gets its name before it is verified."""
    publish, verify = LocalStore.publish, clips.verify

    def publish_then_verify(self: LocalStore, part: Path, name: str) -> None:
        publish(self, part, name)
        verify(self.root / name)

    _verify_nothing()
    LocalStore.publish = publish_then_verify  # type: ignore[method-assign]


@mutation("bad file", "apixo-accepted/rename:.mp4")
def row_before_file() -> None:
    """The row is committed before the file has its name."""
    publish, create = LocalStore.publish, Video.objects.create
    waiting: list[tuple[Path, str]] = []

    def create_then_publish(**columns: Any) -> Video:
        while waiting:
            transaction.on_commit(partial(publish, store, *waiting.pop()))
        return create(**columns)

    def wait(self: LocalStore, part: Path, name: str) -> None:
        waiting.append((part.rename(part.with_suffix(".waiting.part")), name))

    LocalStore.publish = wait  # type: ignore[method-assign]
    Video.objects.create = create_then_publish  # type: ignore[method-assign]


@mutation("order of effects", "apixo-accepted/0")
def bytes_not_synced() -> None:
    """The part file is not synced."""

    def finish(self: Any, content_type: str) -> downloads.Download:
        return downloads.Download(self.path, self.sha256.hexdigest(), self.size, content_type)

    downloads._Part.finish = finish  # type: ignore[method-assign]


@mutation("order of effects", "apixo-accepted/0")
def folder_not_synced() -> None:
    """The folder is not synced after the rename."""

    def publish(self: LocalStore, part: Path, name: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        part.replace(file)

    LocalStore.publish = publish  # type: ignore[method-assign]


@mutation("two at once", "two-savers/0")
def lease_ignored() -> None:
    """A clip is saved without its lease."""

    LeaseQuerySet.take = lambda self, name, **how: uuid.uuid4()  # type: ignore[method-assign]
    LeaseQuerySet.renew = lambda self, name, token, **how: True  # type: ignore[method-assign]
    LeaseQuerySet.release = lambda self, name, token: True  # type: ignore[method-assign]


@mutation("bad file", "apixo-hole-once/0")
def units_not_walked() -> None:
    """The NAL walk is left out."""
    check = nal.SampleCheck.check

    def find_keys_only(self: nal.SampleCheck, sample: bytes) -> bool:
        with contextlib.suppress(clips.NotAVideo):
            return check(self, sample)
        return False

    nal.SampleCheck.check = find_keys_only  # type: ignore[method-assign]


MUTATIONS += starmap(Mutation, [
    ("retry-on-5xx", "A 500, 502 or 503 sends the order again", "paid twice", "apixo-gateway/0",
     lambda: _not_sent_if(lambda error: error.code in ("500", "502", "503"))),
    ("lost-answer-not-sent", "A lost answer counts as not sent", "paid twice", "apixo-lost-answer/0",
     lambda: _not_sent_if(lambda error: error.message.startswith("the answer was lost"))),
    ("fence-dropped", "An answer to an earlier sending is taken for this one's", "paid twice",
     "answer-of-an-earlier-sending/0",
     lambda: _apply_changed(lambda pk, outcome, attempt: (outcome, GenerationTask.objects.get(pk=pk).attempts))),
    ("claim-for-ever", "A dead poll's claim never runs out", "does not move", "apixo-accepted/send:/statusTask/",
     lambda: setattr(polling, "POLL_LEASE", timedelta(days=36500))),
    ("hold-after-commit", "The hold is written after the order's commit", "money",
     "apixo-accepted/committed:+generations_generationtask", lambda: _put_off("hold_all")),
    ("charge-after-commit", "The charge is written after the commit of READY", "money",
     "apixo-accepted/commit:^+generations_ledgerentry", lambda: _put_off("charge")),
    ("released-when-unconfirmed", "An unconfirmed order's hold is released", "money", "apixo-lost-answer/0",
     lambda: _after_moves_to(Status.UNCONFIRMED, lambda task, at: ledger.release(task, at=at, note="no answer"))),
    ("callback-state-believed", "A callback's state is believed", "forgotten", "callback-lies-about-failure/0",
     lambda: _believe(lambda data: RemoteTask(state=RemoteState.FAILED) if data["state"][:4] == "fail" else None)),
    ("late-decode-forgotten", "The late decoding is forgotten", "forgotten", "apixo-damaged/0",
     lambda: setattr(background, "WORK", ())),
    ("token-not-checked", "Any token lets a callback in", "unhandled", "callback-forged/0",
     lambda: setattr(webhooks, "_task_of", lambda provider, token: GenerationTask.objects.first())),
])  # fmt: skip

"""Bugs that the product does not have, each put into it by a few lines, to see that the cases find it.

A plant is called in the child, before its effects are wrapped. `case` is the first case of its scenario that fails with
it, and `caught` the kind of promise that is broken there.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import requests
from django.db import connection, transaction

from generations import webhooks
from generations.lifecycle import callbacks, polling, saving, submitting
from generations.media import clips, downloads
from generations.media.store import LocalStore, store
from generations.models import EntryKind, GenerationTask, Status, Video
from generations.models import tasks as task_rows
from generations.models.leases import LeaseHolder
from generations.money import ledger
from generations.providers import http as provider_http
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import NotSent, OutcomeUnknown, ProviderError
from generations.worker import conductor, due


@dataclass(frozen=True)
class Plant:
    """A bug: what was done, how it is put in, and what finds it."""

    name: str
    bug: str
    put_in: Callable[[], None]
    caught: str
    case: str

    def as_row(self) -> str:
        """Its line of the table in docs/reliability.md."""
        return f"| {self.bug} | {self.caught} | `{self.case}` |"


# -- the order --


def guard_dropped() -> None:
    def move(
        self: GenerationTask, to: Status, reason: str, *, at: datetime, by: Any = None,
        due_at: datetime | None = None, **changes: Any,
    ) -> bool:  # fmt: skip
        changes = {"crash_count": 0, **changes, "status": to, "due_at": due_at}
        with transaction.atomic():
            GenerationTask.objects.filter(pk=self.pk).update(**changes)
            self.events.create(at=at, by=by, was=self.status, now=to, reason=reason)
        for name, value in changes.items():
            setattr(self, name, value)
        return True

    GenerationTask.move = move  # type: ignore[method-assign]


def post_in_transaction() -> None:
    claim = conductor.Conductor._claim_orders

    def claim_and_send(self: Any, provider: str, *more: Any) -> list[Any]:
        asks = claim(self, provider, *more)
        return [_answered(ask, ask()) for ask in asks]

    conductor.Conductor._claim_orders = claim_and_send  # type: ignore[method-assign,assignment]


def _answered(ask: Any, outcome: Any) -> Any:
    def answer() -> Any:
        if isinstance(outcome, ProviderError):
            raise outcome
        return outcome

    return replace(ask, call=answer)


def intent_not_committed() -> None:
    start, settle = submitting.claim_submission, submitting.apply_submit_answer
    claimed: dict[int, datetime] = {}

    def start_without_writing(task: GenerationTask, *, at: datetime) -> Any:
        if task.pk in claimed:
            return None
        with transaction.atomic():
            ask = start(task, at=at)
            transaction.set_rollback(True)
        claimed[task.pk] = at
        return ask

    def write_then_settle(task_id: int, outcome: Any, *, at: datetime, attempt: int) -> None:
        start(GenerationTask.objects.get(pk=task_id), at=claimed.pop(task_id))
        settle(task_id, outcome, at=at, attempt=attempt)

    conductor.claim_submission, conductor.apply_submit_answer = start_without_writing, write_then_settle  # type: ignore[attr-defined]


def retry_on_5xx() -> None:
    _mean_otherwise(lambda error: error.code in ("500", "502", "503"))


def lost_answer_not_sent() -> None:
    _mean_otherwise(lambda error: error.message.startswith("the answer was lost"))


def _mean_otherwise(wrongly: Callable[[ProviderError], bool]) -> None:
    """Take these unknown outcomes for orders that were never sent."""
    settle = submitting.apply_submit_answer

    def settle_wrongly(task_id: int, outcome: Any, *, at: datetime, attempt: int) -> None:
        unknown = attempt == 1 and isinstance(outcome, OutcomeUnknown) and wrongly(outcome)
        settle(task_id, NotSent(str(outcome)) if unknown else outcome, at=at, attempt=attempt)

    submitting.apply_submit_answer = conductor.apply_submit_answer = settle_wrongly  # type: ignore[attr-defined]


def doubt_sends_again() -> None:
    def doubt(task: GenerationTask, *, at: datetime) -> None:
        task.move(Status.QUEUED, "its worker died", at=at, due_at=at)

    submitting.mark_unconfirmed = due.mark_unconfirmed = doubt  # type: ignore[attr-defined]


def fence_dropped() -> None:
    settle = submitting.apply_submit_answer

    def settle_any(task_id: int, outcome: Any, *, at: datetime, attempt: int) -> None:
        settle(task_id, outcome, at=at, attempt=GenerationTask.objects.get(pk=task_id).attempts)

    submitting.apply_submit_answer = conductor.apply_submit_answer = settle_any  # type: ignore[attr-defined]


def redirect_followed() -> None:
    send = requests.Session.send

    def follow(self: Any, request: Any, **options: Any) -> Any:
        answer = send(self, request, **options)
        if answer.status_code in (307, 308):
            request.url = answer.headers["Location"]
            answer.close()
            return send(self, request, **options)
        return answer

    provider_http._Session.send = follow  # type: ignore[method-assign]


def claim_for_ever() -> None:
    polling.POLL_LEASE = timedelta(days=36500)


# -- money --


def hold_after_commit() -> None:
    hold_all = ledger.hold_all

    def hold_later(tasks: list[GenerationTask], **more: Any) -> None:
        transaction.on_commit(partial(hold_all, tasks, **more))

    ledger.hold_all = hold_later


def charge_after_commit() -> None:
    charge = ledger.charge

    def charge_later(task: GenerationTask, **more: Any) -> None:
        transaction.on_commit(partial(charge, task, **more))

    ledger.charge = charge_later


def charged_twice() -> None:
    """Once when it is finished and once when it is stored, where no constraint stops it."""
    with connection.cursor() as cursor:
        for name in ("ledger_once_per_task_and_kind", "ledger_settled_once"):
            cursor.execute(f'DROP INDEX IF EXISTS "{name}"')
    move = GenerationTask.move

    def move_and_charge(self: GenerationTask, to: Status, *args: Any, **more: Any) -> bool:
        moved = move(self, to, *args, **more)
        if moved and to == Status.STORED:
            ledger._entry(self, EntryKind.CHARGE, self.price_usd, at=more["at"], by=None, note="stored").save()
        return moved

    GenerationTask.move = move_and_charge  # type: ignore[method-assign]


def released_in_doubt() -> None:
    move = GenerationTask.move

    def move_and_release(self: GenerationTask, to: Status, *args: Any, **more: Any) -> bool:
        moved = move(self, to, *args, **more)
        if moved and to == Status.UNCONFIRMED:
            ledger.release(self, at=more["at"], note="no answer")
        return moved

    GenerationTask.move = move_and_release  # type: ignore[method-assign]


# -- callbacks --


def _hear_and(believe: Callable[[GenerationTask, dict[str, Any], datetime], None]) -> None:
    hear = callbacks.record_callback

    def hear_and_believe(task: GenerationTask, body: str, *, at: datetime, **more: Any) -> None:
        hear(task, body, at=at, **more)
        task.refresh_from_db()
        data = json.loads(body)["data"]
        if task.status == Status.RUNNING:
            believe(task, data, at)

    callbacks.record_callback = hear_and_believe


def callback_url_trusted() -> None:
    def believe(task: GenerationTask, data: dict[str, Any], at: datetime) -> None:
        if "resultJson" in data:
            urls = json.loads(data["resultJson"])["resultUrls"]
            report = RemoteTask(state=RemoteState.DONE, result_urls=tuple(urls))
            polling.apply_poll_answer(task.pk, report, at=at)

    _hear_and(believe)


def callback_state_believed() -> None:
    def believe(task: GenerationTask, data: dict[str, Any], at: datetime) -> None:
        if data["state"] in ("failed", "fail"):
            polling.apply_poll_answer(task.pk, RemoteTask(state=RemoteState.FAILED), at=at)

    _hear_and(believe)


def token_not_checked() -> None:
    """Whatever the address says, it is the first task that is meant."""
    webhooks._task_of = lambda provider, token: GenerationTask.objects.first()


def ended_is_not_the_end() -> None:
    task_rows.MOVES[Status.FAILED].add(Status.READY)
    polling.POLLED = (*polling.POLLED, Status.FAILED)  # type: ignore[assignment]


# -- files --


def truncated_accepted() -> None:
    def receive(self: Any, answer: Any) -> None:
        with contextlib.suppress(downloads._BrokeOff):
            while chunk := self._next(answer):
                self.part.write(chunk)

    downloads._Transfer._receive = receive  # type: ignore[method-assign]
    saving.clips.verify = lambda path: clips.Clip(5.0, 64, 64, 24.0, True, "h264", "aac")  # type: ignore[attr-defined]
    saving._poster = lambda clip: b""


def name_before_verifying() -> None:
    publish, verify = LocalStore.publish, clips.verify

    def publish_then_verify(store: LocalStore, part: Path, name: str) -> None:
        publish(store, part, name)
        verify(store.root / name)

    saving.clips.verify = lambda path: clips.Clip(5.0, 64, 64, 24.0, True, "h264", "aac")  # type: ignore[attr-defined]
    LocalStore.publish = publish_then_verify  # type: ignore[method-assign]
    saving._poster = lambda clip: b""


def row_before_file() -> None:
    publish, create = LocalStore.publish, Video.objects.create
    waiting: list[tuple[Path, str]] = []

    def create_then_publish(**columns: Any) -> Video:
        for part, name in waiting:
            transaction.on_commit(partial(publish, store, part, name))
        waiting.clear()
        return create(**columns)

    def wait(store: LocalStore, part: Path, name: str) -> None:
        waiting.append((part.rename(part.with_suffix(".waiting.part")), name))

    LocalStore.publish = wait  # type: ignore[method-assign]
    Video.objects.create = create_then_publish  # type: ignore[method-assign]


def bytes_not_synced() -> None:
    def finish(self: Any, content_type: str) -> downloads.Download:
        return downloads.Download(self.path, self.sha256.hexdigest(), self.size, content_type)

    downloads._Part.finish = finish  # type: ignore[method-assign]


def folder_not_synced() -> None:
    def publish(store: LocalStore, part: Path, name: str) -> None:
        file = store.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        part.replace(file)

    LocalStore.publish = publish  # type: ignore[method-assign]


def lease_ignored() -> None:
    @contextlib.contextmanager
    def holding(name: str, *, seconds: float) -> Iterator[LeaseHolder | None]:
        hold = LeaseHolder.__new__(LeaseHolder)
        hold.renew = lambda: True  # type: ignore[method-assign]
        yield hold

    saving.lease_held = holding  # type: ignore[attr-defined]


PLANTS = [
    Plant(
        "guard-dropped",
        "`move()` writes without comparing the status",
        guard_dropped,
        "wrong end",
        "write-after-the-end/0",
    ),
    Plant(
        "post-in-transaction",
        "the order is sent inside the transaction that claims it",
        post_in_transaction,
        "paid twice",
        "apixo-accepted/half send:prompt",
    ),
    Plant(
        "intent-not-committed",
        "SUBMITTING is written only with the answer",
        intent_not_committed,
        "paid twice",
        "apixo-accepted/half send:prompt",
    ),
    Plant("retry-on-5xx", "a 500, 502 or 503 sends the order again", retry_on_5xx, "paid twice", "apixo-gateway/0"),
    Plant(
        "lost-answer-not-sent",
        "a lost answer counts as not sent",
        lost_answer_not_sent,
        "paid twice",
        "apixo-lost-answer/0",
    ),
    Plant(
        "doubt-sends-again",
        "an order that its worker died with is queued again",
        doubt_sends_again,
        "paid twice",
        "apixo-accepted/half send:prompt",
    ),
    Plant(
        "fence-dropped",
        "an answer to an earlier sending is taken for this one's",
        fence_dropped,
        "paid twice",
        "answer-of-an-earlier-sending/0",
    ),
    Plant(
        "redirect-followed", "a 307 repeats the order elsewhere", redirect_followed, "paid twice", "apixo-redirect/0"
    ),
    Plant(
        "claim-for-ever",
        "a dead look's claim never runs out",
        claim_for_ever,
        "does not move",
        "apixo-accepted/send:/statusTask/",
    ),
    Plant(
        "hold-after-commit",
        "the hold is written after the order's commit",
        hold_after_commit,
        "money",
        "apixo-accepted/committed:+generations_generationtask",
    ),
    Plant(
        "charge-after-commit",
        "the charge is written after the commit of READY",
        charge_after_commit,
        "money",
        "apixo-accepted/commit:^+generations_ledgerentry",
    ),
    Plant(
        "charged-twice",
        "finished and stored are charged each, without constraints",
        charged_twice,
        "money",
        "apixo-accepted/0",
    ),
    Plant(
        "released-in-doubt",
        "an unconfirmed order's hold is released",
        released_in_doubt,
        "money",
        "apixo-lost-answer/0",
    ),
    Plant(
        "callback-url-trusted",
        "a callback's URL is fetched",
        callback_url_trusted,
        "bad file",
        "callback-lies-about-success/0",
    ),
    Plant(
        "callback-state-believed",
        "a callback's state is believed",
        callback_state_believed,
        "forgotten",
        "callback-lies-about-failure/0",
    ),
    Plant("token-not-checked", "any token lets a callback in", token_not_checked, "unhandled", "callback-forged/0"),
    Plant(
        "ended-moves-on", "a failed task may become READY", ended_is_not_the_end, "wrong end", "success-after-the-end/0"
    ),
    Plant(
        "truncated-accepted",
        "neither length nor content of a file is checked",
        truncated_accepted,
        "bad file",
        "apixo-truncated-once/0",
    ),
    Plant(
        "name-before-verifying",
        "the file gets its name before it is verified",
        name_before_verifying,
        "bad file",
        "apixo-short-once/fsync:/videos/",
    ),
    Plant(
        "row-before-file",
        "the row is committed before the file has its name",
        row_before_file,
        "bad file",
        "apixo-accepted/rename:.mp4",
    ),
    Plant("bytes-not-synced", "the part file is not synced", bytes_not_synced, "order of effects", "apixo-accepted/0"),
    Plant(
        "folder-not-synced",
        "the folder is not synced after the rename",
        folder_not_synced,
        "order of effects",
        "apixo-accepted/0",
    ),
    Plant("lease-ignored", "a clip is saved without its lease", lease_ignored, "two at once", "two-savers/0"),
]

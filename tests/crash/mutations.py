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

from django.db import connection, transaction

from generations import webhooks
from generations.lifecycle import callbacks, polling, submitting
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

Real = Callable[..., Any]  # what a bug takes the place of
# Places in the product: the owner and the name, wherever it was imported.
MOVE = (GenerationTask, "move")
APPLY = [(submitting, "apply_submit_answer"), (conductor, "apply_submit_answer")]
VERIFY, PUBLISH = (clips, "verify"), (LocalStore, "publish")


@dataclass(frozen=True)
class Mutation:
    """A bug: what it says, the kind of promise that it breaks, the first case that sees it, and how it is put in."""

    name: str
    says: str
    caught: str
    case: str
    put_in: Callable[[], object]


MUTATIONS: list[Mutation] = []


def mutation(caught: str, case: str, *places: tuple[Any, str]) -> Callable[[Callable[..., Any]], None]:
    """The function is the bug, and stands in these places; without any, it puts the bug in itself."""

    def plant(bug: Callable[..., Any]) -> None:
        name, says = bug.__name__.replace("_", "-"), (bug.__doc__ or "").rstrip(".")
        MUTATIONS.append(Mutation(name, says, caught, case, partial(instead, bug, *places) if places else bug))

    return plant


def instead(bug: Callable[..., Any], *places: tuple[Any, str]) -> None:
    """Put the bug in these places; before its other arguments it gets what was there."""
    real = getattr(*places[0])
    for place in places:
        setattr(*place, lambda *args, **more: bug(real, *args, **more))


@mutation("wrong end", "write-after-the-end/0", MOVE)
def guard_dropped(
    move: Real, self: GenerationTask, to: Status, reason: str, *, at: datetime, by: Any = None, **changes: Any
) -> bool:
    """`move()` writes without comparing the status."""
    changes = {"crash_count": 0, "due_at": None, **changes, "status": to}
    with transaction.atomic():
        GenerationTask.objects.filter(pk=self.pk).update(**changes)
        self.events.create(at=at, by=by, was=self.status, now=to, reason=reason)
    vars(self).update(changes)
    return True


@mutation("paid twice", "claim-after-the-answer/0", MOVE)
def claim_without_compare(move: Real, self: GenerationTask, to: Status, *args: Any, **more: Any) -> Any:
    """An order is claimed without comparing that it is still queued."""
    if to == Status.SUBMITTING:
        GenerationTask.objects.filter(pk=self.pk).update(status=self.status)
    return move(self, to, *args, **more)


@mutation("paid twice", "apixo-accepted/half send:prompt", (lane.Lane, "claim_orders"))
def post_in_transaction(claim: Real, self: Any, *more: Any) -> list[Any]:
    """The order is sent inside the transaction that claims it."""
    return [replace(call, call=partial(lambda told: told, call())) for call in claim(self, *more)]


@mutation("paid twice", "apixo-accepted/half send:prompt")
def intent_not_committed() -> None:
    """SUBMITTING is written only with the answer."""
    start = submitting.claim_submission
    claimed: dict[int, datetime] = {}

    def start_without_writing(start: Real, task: GenerationTask, *, at: datetime) -> Any:
        if task.pk in claimed:
            return None
        with transaction.atomic():
            ask = start(task, at=at)
            transaction.set_rollback(True)
        claimed[task.pk] = at
        return ask

    def write_then_apply(apply: Real, task_id: int, outcome: Any, *, at: datetime, attempt: int, **old: Any) -> None:
        start(GenerationTask.objects.get(pk=task_id), at=claimed.pop(task_id))
        apply(task_id, outcome, at=at, attempt=attempt)

    instead(start_without_writing, (lane, "claim_submission"))
    instead(write_then_apply, (conductor, "apply_submit_answer"))


def _not_sent_if(wrongly: Callable[[ProviderError], bool]) -> None:
    """Take these unknown outcomes for orders that were never sent."""

    def apply_changed(apply: Real, task_id: int, outcome: Any, *, attempt: int, **more: Any) -> None:
        if attempt == 1 and isinstance(outcome, OutcomeUnknown) and wrongly(outcome):
            outcome = NotSent(str(outcome))
        apply(task_id, outcome, attempt=attempt, **more)

    instead(apply_changed, *APPLY)


@mutation("paid twice", "apixo-accepted/half send:prompt", (submitting, "mark_unconfirmed"), (due, "mark_unconfirmed"))
def unconfirmed_sends_again(mark: Real, task: GenerationTask, *, at: datetime) -> None:
    """An order that its worker died with is queued again."""
    task.move(Status.QUEUED, "its worker died", at=at, due_at=at)


@mutation("paid twice", "apixo-redirect/0", (provider_http._Session, "send"))
def redirect_followed(send: Real, self: Any, request: Any, **options: Any) -> Any:
    """A 307 repeats the order elsewhere."""
    answer = send(self, request, **options)
    if answer.status_code not in (307, 308):
        return answer
    request.url = answer.headers["Location"]
    return send(self, request, **options)


def _put_off(write: Real, *args: Any, **more: Any) -> None:
    """Write these entries after the commit that they belong to."""
    transaction.on_commit(partial(write, *args, **more))


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
    def move_and_act(move: Real, self: GenerationTask, to: Status, *args: Any, **more: Any) -> Any:
        moved = move(self, to, *args, **more)
        if moved and to == status:
            act(self, more["at"])
        return moved

    instead(move_and_act, MOVE)


def _believe(read: Callable[[dict[str, Any]], RemoteTask | None]) -> None:
    """Take what a callback says of a running task for what the provider says."""

    def record_and_believe(record: Real, task: GenerationTask, body: str, *, at: datetime, **more: Any) -> None:
        record(task, body, at=at, **more)
        task.refresh_from_db()
        said = read(json.loads(body)["data"])
        if said and task.status == Status.RUNNING:
            polling.apply_poll_answer(task.pk, said, at=at)

    instead(record_and_believe, (callbacks, "record_callback"))


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

    def receive(real: Real, self: Any, answer: Any) -> None:
        with contextlib.suppress(downloads._BrokeOff):
            while chunk := self._next(answer):
                self.part.write(chunk)

    instead(receive, (downloads._Transfer, "_receive"))
    instead(_verify_nothing, VERIFY)


def _verify_nothing(verify: Real, path: Path) -> clips.Verified:
    return clips.Verified(clips.Clip(5.0, 64, 64, 24.0, True, "h264", "aac"), None, is_decoded=True)


@mutation("bad file", "apixo-short-once/fsync:/videos/")
def name_before_verifying() -> None:
    """The file gets its name before it is verified."""
    verify = clips.verify

    def publish_then_verify(publish: Real, self: LocalStore, part: Path, name: str) -> None:
        publish(self, part, name)
        verify(self.root / name)

    instead(_verify_nothing, VERIFY)
    instead(publish_then_verify, PUBLISH)


@mutation("bad file", "apixo-accepted/rename:.mp4")
def row_before_file() -> None:
    """The row is committed before the file has its name."""
    publish = LocalStore.publish
    waiting: list[tuple[Path, str]] = []

    def create_then_publish(create: Real, **columns: Any) -> Any:
        while waiting:
            transaction.on_commit(partial(publish, store, *waiting.pop()))
        return create(**columns)

    def wait(publish: Real, self: LocalStore, part: Path, name: str) -> None:
        waiting.append((part.rename(part.with_suffix(".waiting.part")), name))

    instead(wait, PUBLISH)
    instead(create_then_publish, (Video.objects, "create"))


@mutation("order of effects", "apixo-accepted/0", (downloads._Part, "finish"))
def bytes_not_synced(finish: Real, self: Any, content_type: str) -> downloads.Download:
    """The part file is not synced."""
    return downloads.Download(self.path, self.sha256.hexdigest(), self.size, content_type)


@mutation("order of effects", "apixo-accepted/0", PUBLISH)
def folder_not_synced(publish: Real, self: LocalStore, part: Path, name: str) -> None:
    """The folder is not synced after the rename."""
    file = self.root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    part.replace(file)


@mutation("two at once", "two-savers/0")
def lease_ignored() -> None:
    """A clip is saved without its lease."""
    instead(lambda take, self, name, **how: uuid.uuid4(), (LeaseQuerySet, "take"))
    instead(lambda real, *args, **how: True, (LeaseQuerySet, "renew"), (LeaseQuerySet, "release"))


@mutation("bad file", "apixo-hole-once/0", (nal.SampleCheck, "check"))
def units_not_walked(check: Real, self: nal.SampleCheck, sample: bytes) -> Any:
    """The NAL walk is left out."""
    with contextlib.suppress(clips.NotAVideo):
        return check(self, sample)
    return False


MUTATIONS += starmap(Mutation, [
    ("retry-on-5xx", "A 500, 502 or 503 sends the order again", "paid twice", "apixo-gateway/0",
     lambda: _not_sent_if(lambda error: error.code in ("500", "502", "503"))),
    ("lost-answer-not-sent", "A lost answer counts as not sent", "paid twice", "apixo-lost-answer/0",
     lambda: _not_sent_if(lambda error: error.message.startswith("the answer was lost"))),
    ("fence-dropped", "An answer to an earlier sending is taken for this one's", "paid twice",
     "answer-of-an-earlier-sending/0",
     lambda: instead(lambda apply, pk, outcome, *, attempt, **more:
                     apply(pk, outcome, attempt=GenerationTask.objects.get(pk=pk).attempts, **more), *APPLY)),
    ("claim-for-ever", "A dead poll's claim never runs out", "does not move", "apixo-accepted/send:/statusTask/",
     lambda: setattr(polling, "POLL_LEASE", timedelta(days=36500))),
    ("hold-after-commit", "The hold is written after the order's commit", "money",
     "apixo-accepted/committed:+generations_generationtask", lambda: instead(_put_off, (ledger, "hold_all"))),
    ("charge-after-commit", "The charge is written after the commit of READY", "money",
     "apixo-accepted/commit:^+generations_ledgerentry", lambda: instead(_put_off, (ledger, "charge"))),
    ("released-when-unconfirmed", "An unconfirmed order's hold is released", "money", "apixo-lost-answer/0",
     lambda: _after_moves_to(Status.UNCONFIRMED, lambda task, at: ledger.release(task, at=at, note="no answer"))),
    ("callback-state-believed", "A callback's state is believed", "forgotten", "callback-lies-about-failure/0",
     lambda: _believe(lambda data: RemoteTask(state=RemoteState.FAILED) if data["state"][:4] == "fail" else None)),
    ("late-decode-forgotten", "The late decoding is forgotten", "forgotten", "apixo-damaged/0",
     lambda: setattr(background, "WORK", ())),
    ("token-not-checked", "Any token lets a callback in", "unhandled", "callback-forged/0",
     lambda: setattr(webhooks, "_task_of", lambda provider, token: GenerationTask.objects.first())),
])  # fmt: skip

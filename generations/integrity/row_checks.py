"""Check each task's row, money and clips; each check yields a line for each breach of its promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery

from generations.lifecycle.submitting import MAX_SENDS
from generations.models import EntryKind, GenerationTask, Status, Video
from generations.models.statuses import ACTIVE, RELEASED

ACCEPTED = (Status.RUNNING, Status.READY, Status.STORED, Status.LOST)
MAYBE_ACCEPTED = (*ACCEPTED, Status.SUBMITTING, Status.UNCONFIRMED)
UNSENT = (Status.QUEUED, Status.SUBMITTING, Status.CANCELED)
CHARGED = (Status.READY, Status.STORED, Status.LOST)
WITH_CLIPS = (Status.READY, Status.STORED, Status.LOST)
LATE = timedelta(hours=1)  # saving is retried every half hour, and the last failure moves the task to lost

HOLD, CHARGE, RELEASE = (Q(entries__kind=kind) for kind in (EntryKind.HOLD, EntryKind.CHARGE, EntryKind.RELEASE))
COLUMNS = (
    "pk", "status", "due_at", "remote_id", "attempts", "send_count", "maybe_accepted", "result_urls", "submitted_at",
    "source_expires_at", "practice", "price_usd", "holds", "charges", "releases", "held_usd", "settled_usd", "held_id",
    "settled_id", "foreign", "clips",
)  # fmt: skip

Row = Any  # a named tuple of COLUMNS
Check = Callable[[Row, datetime], Iterator[str]]


def rows() -> QuerySet[Any, Any]:
    """Select every task with its money and clips in one query, so that a change meanwhile is in all or none of them."""
    clips = Video.objects.filter(task=OuterRef("pk")).order_by().values("task").annotate(n=Count("pk"))
    return (
        GenerationTask.objects.order_by("pk")
        .annotate(
            holds=Count("entries", filter=HOLD),
            charges=Count("entries", filter=CHARGE),
            releases=Count("entries", filter=RELEASE),
            held_usd=Max("entries__amount_usd", filter=HOLD),
            settled_usd=Max("entries__amount_usd", filter=CHARGE | RELEASE),
            held_id=Min("entries__id", filter=HOLD),
            settled_id=Min("entries__id", filter=CHARGE | RELEASE),
            foreign=Count("entries", filter=~Q(entries__practice=F("practice"))),
            clips=Subquery(clips.values("n")),
        )
        .values_list(*COLUMNS, named=True)
    )


def sent_once(row: Row, at: datetime) -> Iterator[str]:
    if row.send_count > row.attempts:
        yield f"{row.send_count} POSTs left, but it was claimed for sending only {row.attempts} times"
    if row.status in UNSENT and row.remote_id:
        yield f"it is {row.status}, which means never accepted, but has the provider's id {row.remote_id}"
    if row.maybe_accepted and row.send_count > MAX_SENDS:
        yield f"{row.send_count} POSTs left though an earlier one may have been accepted; {MAX_SENDS} is the maximum"


def on_record_before(row: Row, at: datetime) -> Iterator[str]:
    if row.status in MAYBE_ACCEPTED and not (row.attempts and row.submitted_at):
        yield f"it is {row.status}, but no sending is recorded"
    if row.status in MAYBE_ACCEPTED and not row.holds:
        yield f"it is {row.status}, but has no hold"


def found_again(row: Row, at: datetime) -> Iterator[str]:
    if row.status in ACCEPTED and not row.remote_id:
        yield f"it is {row.status}, but has no id of the provider"
    if row.status == Status.UNCONFIRMED and (not row.holds or row.charges or row.releases):
        yield "nobody knows whether it was accepted, but its price is not reserved"


def settled_once(row: Row, at: datetime) -> Iterator[str]:
    if row.holds != 1:
        yield f"it has {row.holds} holds"
    if row.charges + row.releases > 1:
        yield f"its hold was settled {row.charges + row.releases} times"
    if bool(row.charges) != (row.status in CHARGED):
        yield f"it is {row.status}, and was {'' if row.charges else 'not '}charged"
    if bool(row.releases) != (row.status in RELEASED):
        yield f"it is {row.status}, and its hold was {'' if row.releases else 'not '}released"
    if row.holds and row.held_usd != row.price_usd:
        yield f"its price is {row.price_usd}, and {row.held_usd} was held"
    if row.settled_id and row.settled_usd != row.price_usd:
        yield f"its price is {row.price_usd}, and {row.settled_usd} was settled"
    if row.settled_id and row.held_id and row.settled_id < row.held_id:
        yield "its hold was settled before it was made"
    if row.foreign:
        yield "it mixes practice money and real money"


def stored(row: Row, at: datetime) -> Iterator[str]:
    clips = row.clips or 0
    if row.status == Status.STORED and clips < max(1, len(row.result_urls)):
        yield f"it is stored, with only {clips} of {max(1, len(row.result_urls))} clips"
    if clips and row.status not in WITH_CLIPS:
        yield f"it is {row.status}, but has {clips} clips"


def stored_in_time(row: Row, at: datetime) -> Iterator[str]:
    if row.status != Status.READY or row.practice != settings.PRACTICE:
        return
    if row.source_expires_at is None:
        yield "it is paid but not stored, and when its URLs expire is unknown"
    elif row.source_expires_at < at - LATE:
        yield "it is paid, its URLs have expired, and it is neither stored nor lost"


def goes_on(row: Row, at: datetime) -> Iterator[str]:
    if row.status in ACTIVE and row.due_at is None:
        yield f"it is {row.status}, but has no due time"


def needs_no_queue(row: Row, at: datetime) -> Iterator[str]:
    if row.status == Status.READY and not row.result_urls:
        yield "it is finished, but its row has no result URL"


CHECKS: dict[str, Check] = {
    "P1": sent_once,
    "P2": on_record_before,
    "P3": found_again,
    "P5": settled_once,
    "P7": stored,
    "P9": stored_in_time,
    "P10": goes_on,
    "P11": needs_no_queue,
}

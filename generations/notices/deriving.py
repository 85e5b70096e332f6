"""Write what happened as notices and as messages of webhooks: each happening once, each person once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from generations.models import (
    BudgetEvent,
    Endpoint,
    Happening,
    Notice,
    NoticeCursor,
    NoticeKind,
    TaskEvent,
    WebhookMessage,
)
from generations.notices import happenings, wording
from generations.notices.audience import Audience
from generations.notices.happenings import Found

# Longer than any transaction is open: none spans an HTTP call. A row that commits later than this is not told.
LATEST_COMMIT = timedelta(minutes=10)
PORTION = 200  # happenings of one transaction
# Cursor -> (the rows that it counts, what reads those after a number).
SOURCES: dict[str, tuple[Any, Callable[[int], Iterable[Found]]]] = {
    "tasks": (TaskEvent, happenings.of_tasks),
    "budgets": (BudgetEvent, happenings.of_budgets),
}


def derive(*, at: datetime) -> int:
    """Write what happened since the last run; return how many happenings are new. Two runs at once do no harm."""
    new = write(happenings.of_pauses(at), at=at)
    for name, (model, read) in SOURCES.items():
        cursor, __ = NoticeCursor.objects.get_or_create(name=name)
        newest = model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0  # before the rows are read
        new += write(read(cursor.settled), at=at)
        _note(cursor, newest, at=at)
    return new


def write(found: Iterable[Found], *, at: datetime) -> int:
    """Write happenings that are not known yet, with their notices and messages; return how many those are."""
    by_key: dict[str, Found] = {}
    for each in found:
        by_key.setdefault(each.happening.key, each)  # a batch may have failed more than once
    new = [by_key[key] for key in _unknown(list(by_key))]
    audience = Audience() if new else None
    for part in _portions(new):
        with transaction.atomic():
            Happening.objects.bulk_create([each.happening for each in part], ignore_conflicts=True)
            rows = Happening.objects.in_bulk([each.happening.key for each in part], field_name="key")
            told = [(rows[each.happening.key], each) for each in part]
            assert audience is not None
            notices = [notice for pair in told for notice in _notices(*pair, audience)]
            Notice.objects.bulk_create(notices, ignore_conflicts=True)
            messages = _messages([happening for happening, __ in told], at=at)
            WebhookMessage.objects.bulk_create(messages, ignore_conflicts=True)
    return len(new)


def _note(cursor: NoticeCursor, newest: int, *, at: datetime) -> None:
    """Move the cursor.

    The number `seen` was given out at `seen_at` or before. After LATEST_COMMIT every row up to it has committed, and
    this run has read it, unless an earlier one has.
    """
    mine = NoticeCursor.objects.filter(pk=cursor.pk, seen_at=cursor.seen_at)
    if cursor.seen_at is None:
        mine.update(seen=newest, seen_at=at)
    elif at - cursor.seen_at >= LATEST_COMMIT:
        mine.update(settled=cursor.seen, seen=newest, seen_at=at)


def _unknown(keys: list[str]) -> list[str]:
    known: set[str] = set()
    for part in _portions(keys):
        known |= set(Happening.objects.filter(key__in=part).values_list("key", flat=True))
    return [key for key in keys if key not in known]


def _notices(happening: Happening, found: Found, audience: Audience) -> Iterator[Notice]:
    kind = NoticeKind(happening.kind)
    for person in audience.concerned(kind, found.people, but=found.by):
        in_admin, by_mail = audience.ways(person, kind)
        if in_admin or by_mail:
            yield Notice(person_id=person, happening=happening, in_admin=in_admin, by_mail=by_mail)


def _messages(rows: list[Happening], *, at: datetime) -> Iterator[WebhookMessage]:
    for endpoint in Endpoint.objects.filter(active=True):
        for happening in rows:
            if happening.kind in endpoint.kinds:
                body = wording.body(happening)
                yield WebhookMessage(endpoint=endpoint, happening=happening, body=body, created_at=at, due_at=at)


def _portions(rows: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(rows), PORTION):
        yield rows[first : first + PORTION]

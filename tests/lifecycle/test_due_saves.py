"""Which downloads are enqueued, and under which key."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from generations import wakeups
from generations.lifecycle import due_saves
from generations.lifecycle.due_saves import RECHECK_AFTER, REENQUEUE_AFTER, URGENT_WITHIN, enqueue_due_saves
from generations.lifecycle.saving import lease_of
from generations.models import GenerationTask, Lease, Status
from tests.factories import a_task

pytestmark = pytest.mark.django_db
AT = timezone.now()
DAY = timedelta(days=1)


def ready(*, expires: timedelta | None = DAY, **changes: object) -> GenerationTask:
    return a_task(Status.READY, due_at=AT, source_expires_at=AT + expires if expires else None, **changes)


def enqueued() -> list[tuple[int, bool]]:
    """Each job's task, and whether it is urgent."""
    return [(job.task["args"][0], job.key == wakeups.URGENT) for job in OrmQ.objects.order_by("id")]


def put_off(*tasks: GenerationTask) -> list[timedelta]:
    return [due - AT for due in (GenerationTask.objects.get(pk=task.pk).due_at for task in tasks) if due]


def test_each_is_enqueued_once_and_again_when_no_worker_takes_it() -> None:
    tasks = [ready(), ready()]
    enqueue_due_saves(tasks, at=AT)
    assert enqueued() == [(task.pk, False) for task in tasks]
    assert put_off(*tasks) == [REENQUEUE_AFTER] * 2


def test_what_ends_soon_is_urgent_and_first() -> None:
    early, late = ready(expires=None), ready(expires=URGENT_WITHIN - timedelta(minutes=1))
    enqueue_due_saves([early, late], at=AT)
    assert enqueued() == [(late.pk, True), (early.pk, False)]


def test_a_long_queue_is_not_made_longer_but_for_what_is_urgent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_saves, "QUEUE_MAX", 2)
    wakeups.enqueue_save(7)
    first, second, urgent = ready(), ready(), ready(expires=timedelta(minutes=5))
    enqueue_due_saves([first, second, urgent], at=AT)
    assert enqueued()[1:] == [(urgent.pk, True), (first.pk, False)]
    assert put_off(first, second, urgent) == [REENQUEUE_AFTER, RECHECK_AFTER, REENQUEUE_AFTER]


def test_what_a_worker_saves_just_now_is_not_enqueued() -> None:
    task = ready()
    Lease.objects.take(lease_of(task.pk), seconds=60)
    enqueue_due_saves([task], at=AT)
    assert enqueued() == []
    assert put_off(task) == [RECHECK_AFTER]


def test_what_was_stored_meanwhile_is_not_put_off() -> None:
    task = ready()
    GenerationTask.objects.filter(pk=task.pk).update(status=Status.STORED, due_at=None)
    enqueue_due_saves([task], at=AT)
    task.refresh_from_db()
    assert (task.status, task.due_at) == (Status.STORED, None)

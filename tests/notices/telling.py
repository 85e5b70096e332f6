"""People who may be told, and things that happen to their orders."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User

from generations.models import Batch, Endpoint, GenerationTask, Notice, NoticeKind, Status
from generations.notices.deriving import derive
from tests.factories import NOW, a_task


def someone(name: str, group: str = "Producer", **changes: Any) -> User:
    """A member of staff in one of the groups, with an e-mail address."""
    person = User.objects.create(**({"username": name, "is_staff": True, "email": f"{name}@example.com"} | changes))
    person.groups.add(Group.objects.get_or_create(name=group)[0])
    return person


def fail(by: User | None, **changes: Any) -> GenerationTask:
    """An order that failed at the provider."""
    task = a_task(Status.RUNNING, ordered_by=by, **changes)
    assert task.move(Status.FAILED, "the provider says so", at=NOW, error_message="the prompt was refused")
    return task


def a_batch(by: User | None, *ends: Status) -> Batch:
    """A batch whose orders have come to these ends; those that were not sent yet are still QUEUED."""
    batch = Batch.objects.create(name="Autumn", created_at=NOW, by=by)
    for end in ends:
        order(batch, end)
    return batch


def order(batch: Batch, end: Status) -> GenerationTask:
    before = {Status.STORED: Status.READY, Status.FAILED: Status.RUNNING, Status.CANCELED: Status.QUEUED}
    task = a_task(before.get(end, end), order_batch=batch, ordered_by=batch.by)
    if end in before:
        assert task.move(end, "it ended", at=NOW)
    return task


def told(person: User) -> list[str]:
    """Derive, and return the kinds of what a person was told, the oldest first."""
    derive(at=NOW)
    return list(Notice.objects.filter(person=person).order_by("pk").values_list("happening__kind", flat=True))


def an_endpoint(address: str, *kinds: NoticeKind, **changes: Any) -> Endpoint:
    return Endpoint.objects.create(address=address, kinds=[*(kinds or NoticeKind)], **changes)

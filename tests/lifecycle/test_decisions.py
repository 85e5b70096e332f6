"""What a person decides about an order whose outcome is unknown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django_q.models import OrmQ

from generations.lifecycle import decisions
from generations.models import EntryKind, Status
from tests.factories import NOW, a_task, kinds_of

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(seconds=5)


def test_a_person_gives_the_id_and_the_task_goes_on(staff: User) -> None:
    task = a_task(Status.UNCONFIRMED)
    assert decisions.attach_remote_id(task, "found-1", "in their list", at=LATER, by=staff)
    assert (task.status, task.remote_id, task.due_at) == (Status.RUNNING, "found-1", LATER)
    assert task.events.filter(by=staff).exists()
    assert OrmQ.objects.exists()


@pytest.mark.parametrize("text", ["", "a b", "../x", "é", "x" * 201])
def test_what_cannot_be_an_id_is_refused(text: str, staff: User) -> None:
    task = a_task(Status.UNCONFIRMED)
    with pytest.raises(ValidationError):
        decisions.attach_remote_id(task, text, "in their list", at=LATER, by=staff)


def test_the_id_of_another_task_is_refused_and_nothing_moves(staff: User) -> None:
    a_task(Status.RUNNING, remote_id="taken")
    task = a_task(Status.UNCONFIRMED)
    with pytest.raises(ValidationError, match="another task"):
        decisions.attach_remote_id(task, "taken", "in their list", at=LATER, by=staff)
    task.refresh_from_db()
    assert task.status == Status.UNCONFIRMED


def test_a_person_finds_that_nothing_was_accepted_and_the_money_is_free(staff: User) -> None:
    task = a_task(Status.UNCONFIRMED)
    assert decisions.mark_not_accepted(task, "the dashboard shows no such task", at=LATER, by=staff)
    assert task.status == Status.FAILED
    assert kinds_of(task) == [EntryKind.HOLD, EntryKind.RELEASE]


def test_decisions_are_for_undecided_orders_only(staff: User) -> None:
    task = a_task(Status.RUNNING)
    assert not decisions.attach_remote_id(task, "found-1", "in their list", at=LATER, by=staff)
    assert not decisions.mark_not_accepted(task, "why not", at=LATER, by=staff)

"""What people change of the orders that wait: the order of sending, and many cancellations."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from generations.lifecycle import queueing
from generations.models import BudgetPeriod, EntryKind, GenerationTask, Status
from generations.models.task_queries import TaskQuerySet
from tests.factories import NOW, a_budget, a_task, kinds_of

pytestmark = pytest.mark.django_db


def queued(count: int) -> list[GenerationTask]:
    return [a_task(Status.QUEUED) for _ in range(count)]


def these(*tasks: GenerationTask) -> TaskQuerySet:
    return GenerationTask.objects.filter(pk__in=[task.pk for task in tasks])


def order() -> list[int]:
    sendable = GenerationTask.objects.due(at=NOW).to_be_sent().in_order_of_sending()
    return list(sendable.values_list("pk", flat=True))


def test_orders_are_sent_as_they_came_until_someone_moves_one() -> None:
    first, second, third = queued(3)
    assert order() == [first.pk, second.pk, third.pk]
    queueing.move_to_front(these(third), at=NOW, by=None)
    assert order() == [third.pk, first.pk, second.pk]
    queueing.move_to_front(these(second), at=NOW, by=None)
    assert order() == [second.pk, third.pk, first.pk]
    queueing.move_to_back(these(second), at=NOW, by=None)
    assert order() == [third.pk, first.pk, second.pk]


def test_several_that_are_moved_together_keep_their_order() -> None:
    first, second, third, fourth = queued(4)
    assert queueing.move_to_front(these(fourth, third), at=NOW, by=None) == 2
    assert order() == [third.pk, fourth.pk, first.pk, second.pk]


def test_a_move_is_on_the_timeline_with_its_person(staff: User) -> None:
    (task,) = queued(1)
    queueing.move_to_front(these(task), at=NOW, by=staff)
    event = task.events.get()
    assert (event.reason, event.by, event.at) == ("moved to the front of the queue", staff, NOW)


def test_what_was_sent_meanwhile_is_not_moved() -> None:
    task = a_task(Status.RUNNING)
    assert queueing.move_to_front(these(task), at=NOW, by=None) == 0
    task.refresh_from_db()
    assert task.priority == 0
    assert not task.events.exists()


def test_an_order_that_waits_after_a_refusal_holds_up_no_other() -> None:
    """A higher priority sends nothing before it is due."""
    refused, other = a_task(Status.QUEUED, due_at=NOW.replace(year=2030)), a_task(Status.QUEUED)
    queueing.move_to_front(these(refused), at=NOW, by=None)
    assert order() == [other.pk]


def test_many_are_canceled_in_portions_and_their_money_is_free(monkeypatch: pytest.MonkeyPatch, staff: User) -> None:
    monkeypatch.setattr(queueing, "PORTION", 2)
    a_budget("100")
    tasks = queued(5)
    assert queueing.cancel_many([task.pk for task in tasks], at=NOW, by=staff) == tasks
    for task in tasks:
        task.refresh_from_db()
        assert task.status == Status.CANCELED
        assert kinds_of(task) == [EntryKind.HOLD, EntryKind.RELEASE]
        assert task.events.get().by == staff
    assert [period.held_usd for period in BudgetPeriod.objects.all()] == [0]


def test_those_that_were_sent_or_may_have_been_accepted_stay_as_they_are() -> None:
    waiting, sent, unsure = a_task(Status.QUEUED), a_task(Status.RUNNING), a_task(Status.QUEUED, maybe_accepted=True)
    assert queueing.cancel_many([sent.pk, unsure.pk, waiting.pk], at=NOW, by=None) == [waiting]
    for task, status in ((sent, Status.RUNNING), (unsure, Status.QUEUED), (waiting, Status.CANCELED)):
        task.refresh_from_db()
        assert task.status == status

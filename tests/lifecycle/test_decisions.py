"""What a person decides about an order whose outcome is unknown."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from pytest_django import Settings

from generations.lifecycle import decisions
from generations.models import EntryKind, GenerationTask, Status
from tests.factories import NOW, a_task, kinds_of

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(seconds=5)


def test_an_id_that_a_person_gives_is_checked_before_anything_moves(staff: User) -> None:
    task = a_task(Status.UNCONFIRMED, unseen_since=NOW, failures=9, candidate_answer="APIXO does not know another")
    assert decisions.attach_remote_id(task, "found-1", "in their list", at=LATER, by=staff)
    task.refresh_from_db()
    assert (task.status, task.remote_id, task.candidate_id, task.due_at) == (
        Status.UNCONFIRMED, None, "found-1", LATER,
    )  # fmt: skip
    assert (task.unseen_since, task.failures, task.candidate_answer) == (None, 0, "")
    assert task.events.get(by=staff).reason == (
        "a person gives its id as found-1, to be checked with APIXO: in their list"
    )
    assert list(GenerationTask.objects.due(at=LATER).to_be_asked()) == [task]


def test_while_one_id_is_checked_no_other_takes_its_place_and_the_same_is_checked_at_once(staff: User) -> None:
    task = a_task(Status.UNCONFIRMED, candidate_id="named-by-a-callback", due_at=NOW + timedelta(minutes=5))
    with pytest.raises(ValidationError, match="named-by-a-callback is being checked with APIXO"):
        decisions.attach_remote_id(task, "found-1", "in their list", at=LATER, by=staff)
    assert decisions.attach_remote_id(task, "named-by-a-callback", "in their list", at=LATER, by=staff)
    task.refresh_from_db()
    assert (task.candidate_id, task.due_at) == ("named-by-a-callback", LATER)


def test_a_page_from_before_a_callback_gave_an_id_changes_nothing(staff: User) -> None:
    page = a_task(Status.UNCONFIRMED)
    GenerationTask.objects.update(candidate_id="named-by-a-callback")
    assert not decisions.attach_remote_id(page, "found-1", "in their list", at=LATER, by=staff)
    page.refresh_from_db()
    assert page.candidate_id == "named-by-a-callback"


def test_waiting_does_not_put_off_the_check_of_an_id(staff: User) -> None:
    task = a_task(Status.UNCONFIRMED, candidate_id="found-1")
    assert decisions.leave_undecided(task, "asked their support", at=LATER, by=staff)
    task.refresh_from_db()
    assert task.due_at == NOW


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


@pytest.mark.parametrize(
    ("asked", "price", "own", "closed"),
    [(False, "0.30", True, True), (True, "0.30", True, False), (True, "0.30", False, True), (True, "0", True, True)],
)
def test_where_the_site_says_so_another_person_closes_what_cost_something(
    asked: bool, price: str, own: bool, closed: bool, staff: User, settings: Settings
) -> None:
    settings.SECOND_PERSON = asked
    buyer = staff if own else User.objects.create(username="another")
    task = a_task(Status.UNCONFIRMED, ordered_by=buyer, price_usd=Decimal(price))
    if closed:
        assert decisions.mark_not_accepted(task, "not in their list", at=LATER, by=staff)
    else:
        with pytest.raises(ValidationError, match="another person decides"):
            decisions.mark_not_accepted(task, "not in their list", at=LATER, by=staff)
    assert (kinds_of(task) == [EntryKind.HOLD, EntryKind.RELEASE]) == closed


def test_decisions_are_for_undecided_orders_only(staff: User) -> None:
    task = a_task(Status.RUNNING)
    assert not decisions.attach_remote_id(task, "found-1", "in their list", at=LATER, by=staff)
    assert not decisions.mark_not_accepted(task, "why not", at=LATER, by=staff)

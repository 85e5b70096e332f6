"""An id that a person or a callback gave: nothing moves and nothing is charged before the provider knows it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from generations.lifecycle import callbacks, decisions, polling
from generations.models import EntryKind, GenerationTask, Pause, Status
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import FailureKind, NotSent, ProviderError, Rejected
from tests.factories import NOW, a_task, due, kinds_of, last_reason

pytestmark = pytest.mark.django_db
UNSEEN = RemoteTask(
    state=RemoteState.UNSEEN, raw_state="404", error_message="Task ID or route not found", asked_id="nonsense-id"
)
WORKING = RemoteTask(state=RemoteState.WORKING, raw_state="processing")
BAD_ID = Rejected("taskId is invalid", code="400", kind=FailureKind.INPUT)
NO_ACCESS = Rejected("Key or route cannot access the model", code="403", kind=FailureKind.ACCESS)


@pytest.fixture(autouse=True)
def unscaled(settings: Settings) -> None:
    settings.WAIT_SCALE = 1


@pytest.fixture
def task(staff: User) -> GenerationTask:
    """An order whose answer was lost, and the id that a person gave for it."""
    task = a_task(Status.UNCONFIRMED, error_code="502", error_message="HTTP 502: <html>")
    decisions.attach_remote_id(task, "nonsense-id", "in their list", at=NOW, by=staff)
    return task


def answered(task: GenerationTask, outcome: RemoteTask | ProviderError, *, at: datetime = NOW) -> GenerationTask:
    polling.apply_poll_answer(task.pk, outcome, at=at)
    task.refresh_from_db()
    return task


@pytest.mark.parametrize("outcome", [UNSEEN, BAD_ID])
def test_an_id_that_is_not_known_after_the_grace_is_dropped_and_nothing_is_charged(
    task: GenerationTask, outcome: RemoteTask | ProviderError, staff: User
) -> None:
    at = NOW
    while answered(task, outcome, at=at).candidate_id:
        assert (task.status, at <= NOW + timedelta(minutes=5)) == (Status.UNCONFIRMED, True)
        at = due(task)
    assert at >= NOW + timedelta(seconds=polling.UNSEEN_GRACE_SECONDS)
    assert (task.status, task.remote_id, kinds_of(task)) == (Status.UNCONFIRMED, None, [EntryKind.HOLD])
    words = "404: Task ID or route not found" if outcome is UNSEEN else "400: taskId is invalid"
    assert task.candidate_answer == f"APIXO does not know nonsense-id ({words})"
    assert last_reason(task) == f"APIXO does not know nonsense-id ({words}): nothing is charged for it"
    assert decisions.attach_remote_id(task, "right-id", "in their list", at=at, by=staff)
    assert answered(task, WORKING, at=at).status == Status.RUNNING


def test_one_that_is_known_goes_on_and_the_timeline_tells_who_gave_it(task: GenerationTask, staff: User) -> None:
    answered(task, WORKING)
    assert (task.status, task.remote_id, task.candidate_answer) == (Status.RUNNING, "nonsense-id", "")
    reasons = list(task.events.order_by("id").values_list("by", "reason"))
    assert reasons == [
        (staff.pk, "a person gives its id as nonsense-id, to be checked with APIXO: in their list"),
        (None, "APIXO knows nonsense-id: the order was accepted"),
    ]


@pytest.mark.parametrize("error", [NotSent("no connection"), NO_ACCESS])
def test_a_question_that_failed_says_nothing_of_the_id_and_leaves_the_evidence(
    task: GenerationTask, error: ProviderError
) -> None:
    for _ in range(2 * polling.UNSEEN_POLLS):
        answered(task, error, at=due(task))
    assert (task.status, task.candidate_id) == (Status.UNCONFIRMED, "nonsense-id")
    assert (task.error_code, task.error_message) == ("502", "HTTP 502: <html>")
    assert (task.candidate_answer, task.events.filter(reason=f"not polled: {error}").count()) == (str(error), 1)
    assert Pause.objects.filter(model=task.model).exists() == (error is NO_ACCESS)


def test_a_callback_that_names_another_id_meanwhile_is_checked_in_its_place(task: GenerationTask) -> None:
    polling.claim_poll(GenerationTask.objects.get(pk=task.pk), at=NOW)
    callbacks.record_callback(task, "{}", digest="a digest", named="from-the-callback", at=NOW)
    assert last_reason(task) == "a callback gives its id as from-the-callback: to be checked with APIXO"
    answered(task, UNSEEN)  # the answer about the person's id comes late
    assert (task.candidate_id, task.unseen_since, task.due_at) == ("from-the-callback", None, NOW)
    assert answered(task, WORKING).remote_id == "from-the-callback"


def test_a_callback_that_names_the_same_id_has_it_checked_at_once(task: GenerationTask) -> None:
    answered(task, UNSEEN)
    callbacks.record_callback(task, "{}", digest="a digest", named="nonsense-id", at=NOW + timedelta(seconds=1))
    task.refresh_from_db()
    assert (task.unseen_since, task.due_at) == (NOW, NOW + timedelta(seconds=1))


def test_an_order_that_a_person_closes_meanwhile_stays_closed(task: GenerationTask, staff: User) -> None:
    assert decisions.mark_not_accepted(task, "not in their list", at=NOW, by=staff)
    for outcome in (WORKING, UNSEEN, BAD_ID):
        assert answered(task, outcome).status == Status.FAILED
    assert kinds_of(task) == [EntryKind.HOLD, EntryKind.RELEASE]


def test_an_answer_after_the_id_was_dropped_changes_nothing() -> None:
    task = a_task(Status.UNCONFIRMED, candidate_answer="APIXO does not know nonsense-id (404)")
    for outcome in (UNSEEN, WORKING, BAD_ID, NotSent("no connection")):
        answered(task, outcome)
        assert (task.status, task.due_at, task.failures) == (Status.UNCONFIRMED, NOW, 0)
        assert task.candidate_answer == "APIXO does not know nonsense-id (404)"

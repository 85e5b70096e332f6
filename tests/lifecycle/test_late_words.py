"""What a provider says after the money was settled for the opposite: a person decides, once, with a reason."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from generations.admin import attention
from generations.integrity.invariants import check_all
from generations.lifecycle import callbacks, decisions, late_words
from generations.lifecycle.polling import apply_poll_answer
from generations.models import AuditEntry, GenerationTask, Status
from generations.money import ledger, limits
from generations.providers.base import RemoteState, RemoteTask, says_done
from tests.factories import NOW, a_budget, a_task, kinds_of

DONE = RemoteTask(state=RemoteState.DONE, raw_state="success", result_urls=("https://file.example/a.mp4",))
FAILED = RemoteTask(state=RemoteState.FAILED, raw_state="fail", error_message="no")


def abandoned(staff: User, **changes: object) -> GenerationTask:
    task = a_task(Status.UNCONFIRMED, **changes)
    decisions.mark_not_accepted(task, "not in their list", at=NOW, by=staff)
    return GenerationTask.objects.get(pk=task.pk)


def lost() -> GenerationTask:
    return a_task(Status.LOST, due_at=NOW)


def listed(task: GenerationTask) -> bool:
    return GenerationTask.objects.filter(attention.needs_a_person([]), pk=task.pk).exists()


def told(task: GenerationTask, said: RemoteTask) -> GenerationTask:
    apply_poll_answer(task.pk, said, at=NOW)
    return GenerationTask.objects.get(pk=task.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["poll", "callback", "callback with an id"])
def test_a_released_order_that_was_made_is_listed_and_charged_once(how: str, staff: User) -> None:
    budget = a_budget("1.00")
    task = abandoned(staff)
    assert not listed(task)
    if how == "poll":
        task = told(task, DONE)
    else:
        named = "remote-9" if "id" in how else ""
        callbacks.record_callback(task, "{}", digest="1", named=named, at=NOW, is_done=True)
        task = GenerationTask.objects.get(pk=task.pk)
    assert listed(task)
    assert task.status == Status.FAILED
    assert late_words.charge_late(task, "their bill has it", at=NOW, by=staff)
    assert not late_words.charge_late(task, "their bill has it", at=NOW, by=staff)
    assert kinds_of(task) == ["hold", "release", "adjust"]
    entry = task.entries.get(kind="adjust")
    assert (entry.amount_usd, entry.by, entry.note) == (Decimal("0.30"), staff, "their bill has it")
    assert AuditEntry.objects.filter(action="corrected", row=task.pk, words="their bill has it").count() == 1
    assert not listed(task)
    assert not list(limits.audit()), budget
    assert not [
        one
        for one in check_all(at=timezone.now(), deep=False, worker_lives=False).broken
        if one.promise in ("P4", "P5")
    ]


@pytest.mark.django_db
def test_a_lost_and_charged_order_that_failed_is_taken_back_once(staff: User) -> None:
    task = told(lost(), FAILED)
    assert late_words.was_contradicted(task)
    assert late_words.take_back(task, "their bill does not have it", at=NOW, by=staff)
    assert not late_words.take_back(task, "again", at=NOW, by=staff)
    assert task.entries.spent().total_usd() == 0
    assert kinds_of(task) == ["hold", "charge", "adjust"]


@pytest.mark.django_db
def test_money_may_stay_as_it_was_settled_and_no_later_word_brings_it_up_again(staff: User) -> None:
    task = told(abandoned(staff), DONE)
    assert late_words.leave_as_it_is(task, "their bill does not have it", at=NOW, by=staff)
    task = told(task, DONE)
    assert not listed(task)
    assert kinds_of(task) == ["hold", "release"]
    assert not late_words.charge_late(task, "x", at=NOW, by=staff)


@pytest.mark.django_db
def test_what_the_ledger_refuses_changes_nothing(staff: User) -> None:
    task = told(abandoned(staff), DONE)
    with pytest.raises(ValidationError, match="Over budget|limit"):
        a_budget("0.10")
        late_words.charge_late(task, "their bill has it", at=NOW, by=staff)
    assert late_words.was_contradicted(GenerationTask.objects.get(pk=task.pk))
    assert kinds_of(task) == ["hold", "release"]


@pytest.mark.django_db
def test_a_charge_needs_a_price_and_a_release(staff: User) -> None:
    unpriced = told(abandoned(staff, price_usd=None, model="kling-2-6"), DONE)
    with pytest.raises(ValidationError, match="price is unknown"):
        late_words.charge_late(unpriced, "their bill has it", at=NOW, by=staff)
    with pytest.raises(ValidationError, match="was not released"):
        ledger.charge_late(a_task(Status.STORED), at=NOW, by=staff, reason="x")


@pytest.mark.parametrize(
    ("payload", "is_done"),
    [({"data": {"state": "success"}}, True), ({"data": {"state": "fail"}}, False), ({"data": []}, False), ([], False)],
)
def test_a_callback_s_word_for_a_made_clip_is_read(payload: object, is_done: bool) -> None:
    assert says_done(payload) is is_done

"""The audit: what each action writes, with it or not at all, and that nobody changes it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import override

from generations.library import publishing, reviewing, sharing
from generations.library.publishing import Answers
from generations.library.reviewing import MoveRefused
from generations.library.sharing import Terms
from generations.lifecycle import accounts, decisions, ordering
from generations.lifecycle.ordering import OrderRequest
from generations.models import Action, AuditEntry, GenerationTask, Review, Share, Status, Tag
from generations.money import ledger
from tests.factories import NOW, a_budget, a_task, a_video, an_order

pytestmark = pytest.mark.django_db
Entry = tuple[str, str, Decimal | None]


def entries() -> list[Entry]:
    return [(entry.action, entry.words, entry.amount_usd) for entry in AuditEntry.objects.order_by("id")]


def test_an_entry_reads_the_same_whatever_language_its_person_reads(staff: User) -> None:
    with override("es"):
        a_budget("3", period="month", by=staff)
    entry = AuditEntry.objects.get()
    assert (entry.name, entry.words) == ("Whole site, per month", "$3.00, hard")


def test_an_order_of_several_clips_is_one_entry_with_their_sum(staff: User) -> None:
    tasks = ordering.place([OrderRequest(an_order(), takes=3)], at=NOW, by=staff)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.by, entry.at, entry.practice) == (Action.ORDERED, staff, NOW, True)
    assert (entry.kind, entry.row) == ("generations.batch", tasks[0].order_batch_id)
    assert entry.words == f"3 clips, tasks {tasks[0].pk} to {tasks[2].pk}"
    assert entry.amount_usd == sum(task.price_usd or 0 for task in tasks)


def test_an_order_that_is_refused_leaves_no_entry(staff: User) -> None:
    a_budget("0.10")
    before = entries()
    with pytest.raises(ValidationError):
        ordering.place([OrderRequest(an_order())], at=NOW, by=staff)
    assert entries() == before


def test_an_order_that_is_repeated_is_not_told_twice(staff: User) -> None:
    batch = a_task().batch
    ordering.place([OrderRequest(an_order())], at=NOW, by=staff, batch=batch)
    assert entries() == []


def cancel(task: GenerationTask, by: User) -> None:
    ordering.cancel(task, at=NOW, by=by)


def attach(task: GenerationTask, by: User) -> None:
    decisions.attach_remote_id(task, "abc", "in their list", at=NOW, by=by)


def close(task: GenerationTask, by: User) -> None:
    decisions.mark_not_accepted(task, "not in their list", at=NOW, by=by)


def wait(task: GenerationTask, by: User) -> None:
    decisions.leave_undecided(task, "asked them", at=NOW, by=by)


def correct(task: GenerationTask, by: User) -> None:
    ledger.adjust(task, Decimal("-0.10"), at=NOW, by=by, reason="the invoice")


@pytest.mark.parametrize(
    ("act", "status", "entry"),
    [
        (cancel, Status.QUEUED, ("canceled", "canceled before it was sent", Decimal("0.30"))),
        (attach, Status.UNCONFIRMED, ("gave_id", "abc: in their list", Decimal("0.30"))),
        (close, Status.UNCONFIRMED, ("closed", "not in their list", Decimal("0.30"))),
        (wait, Status.UNCONFIRMED, ("waited", "asked them", Decimal("0.30"))),
        (correct, Status.STORED, ("corrected", "the invoice", Decimal("-0.10"))),
    ],
)
def test_what_is_decided_about_a_task_is_told_once(
    staff: User, act: Callable[[GenerationTask, User], Any], status: Status, entry: Entry
) -> None:
    task = a_task(status)
    act(task, staff)
    assert entries() == [entry]
    told = AuditEntry.objects.get()
    assert (told.by, told.kind, told.row, told.name) == (staff, "generations.generationtask", task.pk, str(task))


def test_what_has_moved_on_meanwhile_is_not_told(staff: User) -> None:
    task = a_task(Status.RUNNING)
    for act in (cancel, attach, close, wait):
        act(task, staff)
    assert entries() == []


def test_the_way_of_a_clip_to_its_publication_and_back_is_told(staff: User) -> None:
    video = a_video()
    reviewing.judge(video, Review.IN_REVIEW, at=NOW, by=staff)
    reviewing.send_back(video, "too dark", at=NOW, by=staff)
    for verdict in (Review.REJECTED, Review.UNDECIDED, Review.APPROVED, Review.APPROVED):
        reviewing.judge(video, verdict, at=NOW, by=staff)
    publishing.publish(video, Answers(could_seem_real=False, is_labelled=True), at=NOW, by=staff)
    publishing.unpublish(video, at=NOW, by=staff)
    said = "could not be taken for real, with the label AI-generated"
    assert [(action, words) for action, words, _ in entries()] == [
        ("asked", ""), ("sent_back", "too dark"), ("rejected", ""), ("cleared", ""), ("approved", ""),
        ("published", said), ("unpublished", ""),
    ]  # fmt: skip


def test_a_decision_that_is_refused_is_not_told(staff: User) -> None:
    with pytest.raises(MoveRefused):
        publishing.unpublish(a_video(), at=NOW, by=staff)
    assert entries() == []


def test_a_link_is_told_when_it_is_made_and_when_it_ends(staff: User) -> None:
    terms = Terms(days=3, password="open sesame", may_download=False, may_comment=False)
    share: Share = sharing.share(a_video(), terms, at=NOW, by=staff)
    for _ in range(2):
        sharing.revoke(share, at=NOW, by=staff)
    made = "a clip, until 2026-11-23 12:00 UTC, with a password"
    assert entries() == [("shared", made, None), ("revoked", "", None)]
    assert share.token not in str(list(AuditEntry.objects.values()))


def test_a_limit_is_told_with_its_amount(staff: User) -> None:
    a_budget("12.50", by=staff)
    assert entries() == [("limited", "$12.50, hard", Decimal("12.50"))]


@pytest.fixture
def entry(staff: User) -> AuditEntry:
    AuditEntry.objects.record(Action.DELETED, Tag(pk=7, name="dawn"), at=NOW, by=staff)
    return AuditEntry.objects.get()


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: AuditEntry.objects.update(words="nothing"),
        lambda entry: AuditEntry.objects.all().delete(),
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(
    entry: AuditEntry, change: Callable[[AuditEntry], Any]
) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change(entry)
    assert AuditEntry.objects.get() == entry


def test_an_entry_says_what_it_is_about_even_when_that_is_gone(entry: AuditEntry) -> None:
    assert str(entry) == "mira deleted: dawn"
    assert entry.subject == "tag"
    assert AuditEntry(kind="generations.heading").subject == "heading"


def test_a_long_reason_is_cut_and_not_refused(staff: User) -> None:
    AuditEntry.objects.record(Action.DELETED, Tag(pk=7, name="d" * 400), "w" * 400, at=NOW, by=staff)
    told = AuditEntry.objects.get()
    assert (len(told.name), len(told.words)) == (300, 300)


def test_orders_that_a_person_pauses_are_told_with_the_reason(staff: User) -> None:
    accounts.pause_by_person("apixo", "", "their prices change today", at=NOW, by=staff)
    assert entries() == [("paused", "their prices change today", None)]

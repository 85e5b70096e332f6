"""What must be true of each row: every breach is seen, made on purpose behind the program's back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from generations.integrity import row_checks
from generations.models import GenerationTask, LedgerEntry, Status, Video
from generations.money import ledger
from tests.factories import NOW
from tests.task_histories import a_life, unguarded
from tests.trees import a_complete_video

pytestmark = pytest.mark.django_db
S = Status


def breaches() -> list[tuple[str, str]]:
    rows = list(row_checks.rows())
    return [(name, what) for row in rows for name, check in row_checks.CHECKS.items() for what in check(row, NOW)]


def an_entry(task: GenerationTask, kind: str, usd: str = "0.30", **fields: Any) -> LedgerEntry:
    columns = {"task": task, "kind": kind, "amount_usd": Decimal(usd), "at": NOW, "day": NOW.date(), "practice": True}
    return LedgerEntry.objects.create(**(columns | fields))


def without(*constraints: str) -> None:
    """Take a unique constraint away, as a database that was moved by hand may lack it; the test rolls that back."""
    with connection.cursor() as cursor:
        for name in constraints:
            cursor.execute(f"DROP INDEX {name}")


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("price", [Decimal("0.30"), None])
def test_what_the_program_writes_keeps_every_promise(status: Status, price: Decimal | None) -> None:
    a_life(status, born={"price_usd": price})
    assert breaches() == []


@pytest.mark.parametrize(
    ("status", "columns", "promise", "words"),
    [
        (S.RUNNING, {"send_count": 3}, "P1", "3 POSTs left, but it was claimed for sending only 2 times"),
        (S.QUEUED, {"remote_id": "r-1"}, "P1",
         "it is queued, which means never accepted, but has the provider's id r-1"),
        (S.CANCELED, {"remote_id": "r-1"}, "P1",
         "it is canceled, which means never accepted, but has the provider's id r-1"),
        (S.UNCONFIRMED, {"maybe_accepted": True, "send_count": 4, "attempts": 4}, "P1",
         "4 POSTs left though an earlier one may have been accepted; 3 is the maximum"),
        (S.SUBMITTING, {"attempts": 0}, "P2", "it is submitting, but no sending is recorded"),
        (S.RUNNING, {"submitted_at": None}, "P2", "it is running, but no sending is recorded"),
        (S.RUNNING, {"remote_id": None}, "P3", "it is running, but has no id of the provider"),
        (S.READY, {"remote_id": None}, "P3", "it is ready, but has no id of the provider"),
        (S.STORED, {"remote_id": ""}, "P3", "it is stored, but has no id of the provider"),
        (S.LOST, {"remote_id": None}, "P3", "it is lost, but has no id of the provider"),
        (S.STORED, {"result_urls": ["a", "b", "c"]}, "P7", "it is stored, with only 1 of 3 clips"),
        (S.READY, {"source_expires_at": NOW - timedelta(hours=2)}, "P9",
         "it is paid, its URLs have expired, and it is neither stored nor lost"),
        (S.READY, {"source_expires_at": None}, "P9",
         "it is paid but not stored, and when its URLs expire is unknown"),
        (S.READY, {"result_urls": []}, "P11", "it is finished, but its row has no result URL"),
    ],
)  # fmt: skip
def test_a_row_that_breaks_a_promise_is_seen(status: Status, columns: dict[str, Any], promise: str, words: str) -> None:
    a_life(S.RUNNING)
    a_life(status, **columns)
    assert breaches() == [(promise, words)]


def test_a_clip_past_its_urls_life_has_an_hour_for_the_last_try() -> None:
    a_life(S.READY, source_expires_at=NOW - timedelta(minutes=59))
    assert breaches() == []


def test_what_is_left_of_practice_on_a_real_site_is_not_late(settings: Settings) -> None:
    a_life(S.READY, source_expires_at=NOW - timedelta(days=9))
    settings.PRACTICE = False
    assert breaches() == []


def test_a_stored_task_without_any_clip_is_seen_though_its_urls_were_blanked() -> None:
    task = a_life(S.STORED, result_urls=[])
    assert breaches() == []
    Video.objects.filter(task=task).delete()
    assert breaches() == [("P7", "it is stored, with only 0 of 1 clips")]


def test_a_clip_of_a_task_that_made_none_is_seen() -> None:
    a_complete_video(a_life(S.FAILED))
    assert breaches() == [("P7", "it is failed, but has 1 clips")]


def test_a_paid_clip_that_is_half_stored_is_no_breach() -> None:
    a_complete_video(a_life(S.READY, result_urls=["a", "b"]))
    a_complete_video(a_life(S.LOST))
    assert breaches() == []


@pytest.mark.parametrize(
    ("status", "seen"),
    [
        (S.QUEUED, [("P5", "it has 0 holds")]),
        (S.SUBMITTING, [("P2", "it is submitting, but has no hold"), ("P5", "it has 0 holds")]),
        (S.UNCONFIRMED, [
            ("P2", "it is unconfirmed, but has no hold"),
            ("P3", "nobody knows whether it was accepted, but its price is not reserved"),
            ("P5", "it has 0 holds"),
        ]),
        (S.STORED, [("P2", "it is stored, but has no hold"), ("P5", "it has 0 holds")]),
    ],
)  # fmt: skip
def test_a_hold_that_is_missing_is_seen(status: Status, seen: list[tuple[str, str]]) -> None:
    task = a_life(status)
    with unguarded():
        LedgerEntry.objects.filter(task=task, kind="hold").delete()
    assert breaches() == seen


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (S.READY, "it is ready, and was not charged"),
        (S.STORED, "it is stored, and was not charged"),
        (S.LOST, "it is lost, and was not charged"),
        (S.FAILED, "it is failed, and its hold was not released"),
        (S.CANCELED, "it is canceled, and its hold was not released"),
    ],
)
def test_a_hold_that_was_never_settled_is_seen(status: Status, words: str) -> None:
    task = a_life(status)
    with unguarded():
        LedgerEntry.objects.filter(task=task).exclude(kind="hold").delete()
    assert breaches() == [("P5", words)]


@pytest.mark.parametrize("status", [S.QUEUED, S.SUBMITTING, S.RUNNING])
@pytest.mark.parametrize(("kind", "words"), [("charge", "was charged"), ("release", "its hold was released")])
def test_a_hold_that_was_settled_too_early_is_seen(status: Status, kind: str, words: str) -> None:
    an_entry(a_life(status), kind)
    assert breaches() == [("P5", f"it is {status}, and {words}")]


def test_the_hold_of_an_undecided_order_that_was_settled_is_seen() -> None:
    an_entry(a_life(S.UNCONFIRMED), "release")
    assert breaches() == [
        ("P3", "nobody knows whether it was accepted, but its price is not reserved"),
        ("P5", "it is unconfirmed, and its hold was released"),
    ]


def test_a_charge_where_a_release_belongs_is_seen() -> None:
    task = a_life(S.FAILED)
    with unguarded():
        LedgerEntry.objects.filter(task=task, kind="release").update(kind="charge")
    assert breaches() == [
        ("P5", "it is failed, and was charged"), ("P5", "it is failed, and its hold was not released"),
    ]  # fmt: skip


def test_a_hold_that_was_settled_twice_is_seen() -> None:
    without("ledger_settled_once")
    an_entry(a_life(S.STORED), "release")
    assert breaches() == [
        ("P5", "its hold was settled 2 times"), ("P5", "it is stored, and its hold was released"),
    ]  # fmt: skip


def test_two_charges_and_two_holds_are_seen() -> None:
    without("ledger_settled_once", "ledger_once_per_task_and_kind")
    task = a_life(S.STORED)
    an_entry(task, "charge")
    an_entry(task, "hold")
    assert breaches() == [
        ("P5", "it has 2 holds"), ("P5", "its hold was settled 2 times"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["hold", "charge"])
@pytest.mark.parametrize("usd", [Decimal("0.31"), None])
def test_an_amount_that_is_not_the_price_is_seen(kind: str, usd: Decimal | None) -> None:
    task = a_life(S.STORED)
    with unguarded():
        LedgerEntry.objects.filter(task=task, kind=kind).update(amount_usd=usd)
    verb = {"hold": "held", "charge": "settled"}[kind]
    shown = "0.3100" if usd else "None"
    ((promise, words),) = breaches()
    assert promise == "P5"
    assert words.removesuffix(f"{verb}").endswith("was ")
    assert shown[:4] in words


def test_an_amount_where_no_price_is_known_is_seen() -> None:
    a_life(S.STORED, price_usd=None)
    assert [promise for promise, _ in breaches()] == ["P5", "P5"]


def test_what_was_settled_before_it_was_held_is_seen() -> None:
    task = a_life(S.FAILED)
    with unguarded():
        LedgerEntry.objects.filter(task=task, kind="hold").delete()
    an_entry(task, "hold")
    assert breaches() == [("P5", "its hold was settled before it was made")]


def test_practice_money_in_a_real_task_is_seen() -> None:
    a_life(S.STORED, practice=False)
    assert breaches() == [("P5", "it mixes practice money and real money")]


def test_a_correction_is_no_breach(staff: User) -> None:
    ledger.adjust(a_life(S.STORED), Decimal("-0.10"), at=NOW, by=staff, reason="a voucher")
    assert breaches() == []


def test_a_row_that_nobody_will_look_at_is_seen() -> None:
    row = row_checks.rows().get(pk=a_life(S.RUNNING).pk)._replace(due_at=None)  # which a constraint forbids
    assert list(row_checks.goes_on(row, NOW)) == ["it is running, but has no due time"]


def test_all_rows_are_one_question(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for status in Status:
        a_life(status)
    with django_assert_num_queries(1):
        assert breaches() == []

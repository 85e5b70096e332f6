"""The ledger's rows: the database itself keeps them, and lets no absurd one in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, connection, transaction

from generations.models import EntryKind, GenerationTask, LedgerEntry, Status
from tests.factories import NOW, a_task

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE generations_ledgerentry SET amount_usd = 0",
        "UPDATE generations_ledgerentry SET note = 'nothing to see here'",
        "DELETE FROM generations_ledgerentry",
    ],
)
def test_the_database_changes_and_deletes_no_entry(statement: str) -> None:
    a_task(Status.STORED)
    before = list(LedgerEntry.objects.values_list())
    with (
        pytest.raises(DatabaseError, match="the ledger is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert list(LedgerEntry.objects.values_list()) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
def test_the_database_does_not_empty_it_either() -> None:
    a_task()
    with (
        pytest.raises(DatabaseError, match="the ledger is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE generations_ledgerentry")
    assert LedgerEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_after_a_flush_the_ledger_is_kept_again(turn: str) -> None:
    """Whichever of the two runs second has a flush behind it, and the first one's rows are gone."""
    assert not LedgerEntry.objects.exists()
    a_task()
    with pytest.raises(DatabaseError, match="append-only"):
        LedgerEntry.objects.all().delete()


@pytest.fixture
def task() -> GenerationTask:
    return a_task(Status.STORED)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"amount_usd": Decimal("-0.01"), "kind": EntryKind.HOLD}, "ledger_amount_sane"),
        ({"amount_usd": Decimal("10000.01")}, "ledger_amount_sane"),
        ({"amount_usd": Decimal("-10000.01")}, "ledger_amount_sane"),
        ({"amount_usd": None}, "ledger_correction_is_answered_for"),
        ({"by": None}, "ledger_correction_is_answered_for"),
        ({"note": ""}, "ledger_correction_is_answered_for"),
        ({"kind": "gift"}, "ledger_kind_known"),
    ],
)
def test_an_absurd_entry_is_refused(task: GenerationTask, staff: User, changes: dict[str, Any], rule: str) -> None:
    entry = {"kind": EntryKind.ADJUST, "amount_usd": Decimal("0.10"), "by": staff, "note": "a discount"} | changes
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        LedgerEntry.objects.create(task=a_task(), at=NOW, day=NOW.date(), practice=True, **entry)


def test_not_a_number_is_no_amount(task: GenerationTask, staff: User) -> None:
    columns = "task_id, at, day, note, practice"
    copy = f"SELECT {columns}, 'adjust', {staff.pk}, 'NaN' FROM generations_ledgerentry WHERE kind = 'charge'"
    with pytest.raises(IntegrityError, match="ledger_amount_sane"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO generations_ledgerentry ({columns}, kind, by_id, amount_usd) {copy}")


def test_a_good_correction_is_let_in(task: GenerationTask, staff: User) -> None:
    LedgerEntry.objects.create(
        task=task, kind=EntryKind.ADJUST, amount_usd=Decimal("-0.10"), by=staff, note="a discount", at=NOW,
        day=NOW.date(), practice=True,
    )  # fmt: skip
    assert task.entries.count() == 3

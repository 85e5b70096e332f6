"""The page of the audit: read, filtered, searched and exported, by those who may, and changed by nobody."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from generations.models import Action, AuditEntry, Tag
from tests.admin.conftest import person
from tests.factories import NOW, a_task

pytestmark = pytest.mark.django_db
LIST = reverse("admin:generations_auditentry_changelist")


@pytest.fixture
def told(staff: User) -> None:
    """Two actions of two people, an hour apart, and one of a command."""
    anna = User.objects.create(username="anna")
    record = AuditEntry.objects.record
    record(Action.CORRECTED, a_task(), "=1+1", at=NOW, by=staff, amount_usd=Decimal("-0.10"))
    record(Action.DELETED, Tag(pk=70_007, name="dusk"), at=NOW + timedelta(hours=1), by=anna)
    record(Action.DELETED, Tag(pk=8, name="dawn"), at=NOW + timedelta(days=40), by=None)


def export(client: Client, query: str = "", form: str = "csv") -> list[list[Any]]:
    response = client.get(reverse("admin:generations_auditentry_export", args=[form]) + query)
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    if form == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return [list(row) for row in load_workbook(io.BytesIO(content))["audit"].values]


def names(rows: list[list[Any]]) -> list[str]:
    return [row[5] for row in rows[1:]]


def test_the_page_says_who_did_what_when_to_what_and_for_how_much(admin_client: Client, told: None) -> None:
    page = " ".join(admin_client.get(LIST).content.decode().split())
    assert "<h1>Audit</h1>" in page and "3 audit entries" in page
    task = AuditEntry.objects.get(action=Action.CORRECTED).row
    assert f'<a href="/admin/generations/generationtask/{task}/change/">Task {task}</a>' in page
    assert "Corrected a cost" in page
    assert "-$0.10" in page
    assert "a command" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["dawn", "dusk", "Task"]), ("?by=-", ["dawn"]), ("?action__exact=deleted", ["dawn", "dusk"]),
        ("?q=dusk", ["dusk"]), ("?q=70007", ["dusk"]), ("?at__year=2026&at__month=12", ["dawn"]),
    ],
)  # fmt: skip
def test_the_file_has_what_the_list_is_filtered_to(
    admin_client: Client, told: None, query: str, found: list[str]
) -> None:
    assert [name.split()[0] for name in names(export(admin_client, query))] == found


def test_one_person_s_actions_are_found(admin_client: Client, told: None) -> None:
    anna = User.objects.get(username="anna")
    assert names(export(admin_client, f"?by={anna.pk}")) == ["dusk"]
    assert f"?by={anna.pk}" in admin_client.get(LIST).content.decode()


def test_csv_and_xlsx_say_the_same_and_no_text_is_a_formula(admin_client: Client, told: None) -> None:
    as_csv, as_xlsx = (export(admin_client, "?action__exact=corrected", form)[1] for form in ("csv", "xlsx"))
    task = AuditEntry.objects.get(action=Action.CORRECTED).row
    at = "2026-11-20T12:00:00+00:00"
    said = [at, "mira", "corrected a cost", "task"]
    assert as_csv == [*said, str(task), f"Task {task}", "'=1+1", "-0.1000", "yes"]
    assert [str(cell) for cell in as_xlsx] == [*said, str(task), f"Task {task}", "=1+1", "-0.1", "yes"]


def test_only_those_who_may_see_it_read_or_export_it(told: None, client: Client) -> None:
    urls = [LIST, *(reverse("admin:generations_auditentry_export", args=[form]) for form in ("csv", "xlsx"))]
    client.force_login(person("vera", "view_ledgerentry"))
    assert [client.get(url).status_code for url in urls] == [403, 403, 403]
    client.force_login(person("olga", "view_auditentry"))
    assert [client.get(url).status_code for url in urls] == [200, 200, 200]


def test_a_superuser_may_not_change_or_delete_it_either(admin_client: Client, told: None) -> None:
    entry = AuditEntry.objects.latest("id")
    for verb in ("change", "delete"):
        url = reverse(f"admin:generations_auditentry_{verb}", args=[entry.pk])
        assert admin_client.post(url, {"post": "yes", "words": "nothing"}).status_code == 403
    assert admin_client.post(reverse("admin:generations_auditentry_add")).status_code == 403
    assert AuditEntry.objects.count() == 3


def test_other_forms_of_the_file_are_not_there(admin_client: Client) -> None:
    assert admin_client.get(reverse("admin:generations_auditentry_export", args=["pdf"])).status_code == 404


def test_the_page_costs_the_same_queries_however_much_was_done(admin_client: Client, staff: User) -> None:
    def record(count: int) -> int:
        for number in range(count):
            AuditEntry.objects.record(Action.DELETED, Tag(pk=number, name="dawn"), at=NOW, by=staff)
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(LIST).status_code == 200
        return len(queries)

    record(1)
    assert record(1) == record(30)

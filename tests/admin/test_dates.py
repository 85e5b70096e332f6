"""Lists lead to years, months and days."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from generations.models import Status
from tests.factories import a_task

LIST = reverse("admin:generations_generationtask_changelist")


@pytest.fixture(autouse=True)
def three_tasks(db: None) -> None:
    for year, month, day in ((2025, 11, 3), (2026, 1, 30), (2026, 2, 2)):
        a_task(Status.STORED, created_at=datetime(year, month, day, 12, tzinfo=UTC))


def titles(client: Client, **query: Any) -> list[str]:
    dates = client.get(LIST, query).context["cl"].dates
    return [each["title"] for each in (dates["back"], *dates["choices"]) if each]


def test_years_lead_to_months_and_months_to_days_between_the_first_row_and_the_last(admin_client: Client) -> None:
    assert titles(admin_client) == ["2025", "2026"]
    assert titles(admin_client, created_at__year=2025) == ["All dates", "November 2025", "December 2025"]
    days = titles(admin_client, created_at__year=2026, created_at__month=2)
    assert days == ["2026", "February 1", "February 2"]
    chosen = {"created_at__year": 2026, "created_at__month": 1, "created_at__day": 30}
    assert titles(admin_client, **chosen) == ["January 2026", "January 30"]
    assert len(admin_client.get(LIST, chosen).context["cl"].result_list) == 1


def test_the_other_filters_stay_in_the_address(admin_client: Client) -> None:
    dates = admin_client.get(LIST, {"status": "stored", "q": "dawn"}).context["cl"].dates
    assert dates["choices"][0]["link"] == "?created_at__year=2025&q=dawn&status=stored"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"created_at__year": "x"}, 400),
        ({"created_at__year": 2026, "created_at__day": 31}, 200),
        ({"created_at__month": 13}, 400),
    ],
)
def test_an_odd_date_breaks_nothing(admin_client: Client, query: dict[str, Any], status: int) -> None:
    assert admin_client.get(LIST, query).status_code == status

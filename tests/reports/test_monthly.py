"""The statement of a month: its sums are the ledger's, whatever of it is shown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum

from generations.models import LedgerEntry, Status
from generations.models.ledger import SPENT
from generations.money import ledger as costs
from generations.reports import monthly
from tests.factories import NOW, a_campaign, a_task, a_video

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)


def ledger(*, practice: bool) -> Decimal:
    november = LedgerEntry.objects.filter(practice=practice, kind__in=SPENT, day__month=11, day__year=2026)
    return Decimal(november.aggregate(usd=Sum("amount_usd"))["usd"])


def test_each_campaign_has_its_clips_with_what_they_cost_and_a_sum() -> None:
    campaign = a_campaign("Autumn")
    first, second = (a_task(Status.STORED, campaign=campaign) for _ in range(2))
    a_video(first)
    a_task(Status.STORED)
    autumn, none = monthly.of_month(NOVEMBER, practice=True).sections
    assert (autumn.name, none.name) == ("Autumn", "No campaign")
    assert [(paid.task, f"{paid.usd:.2f}") for paid in autumn.paid] == [(first, "0.30"), (second, "0.30")]
    assert (f"{autumn.figures.spent:.2f}", f"{none.figures.spent:.2f}") == ("0.60", "0.30")


def test_the_total_is_the_ledgers_with_corrections_and_without_what_failed(staff: User) -> None:
    task = a_task(Status.STORED, campaign=a_campaign("Autumn"))
    costs.adjust(task, Decimal("-0.05"), at=NOW, by=staff, reason="billed less")
    a_task(Status.STORED)
    a_task(Status.FAILED)
    a_task(Status.STORED, practice=False)
    found = monthly.of_month(NOVEMBER, practice=True)
    assert (f"{found.total.spent:.2f}", found.total.spent) == ("0.55", ledger(practice=True))
    assert f"{monthly.of_month(NOVEMBER, practice=False).total.spent:.2f}" == "0.30"


def test_what_is_not_shown_is_still_summed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monthly, "ORDERS_MAX", 2)
    for _ in range(5):
        a_task(Status.STORED)
    (section,) = monthly.of_month(NOVEMBER, practice=True).sections
    assert (len(section.paid), section.more, f"{section.more_usd:.2f}") == (2, 3, "0.90")
    assert section.figures.spent == ledger(practice=True)


def test_a_price_that_is_not_known_is_said_and_is_no_zero() -> None:
    a_task(Status.STORED, price_usd=None)
    (section,) = monthly.of_month(NOVEMBER, practice=True).sections
    assert (section.paid[0].usd, section.figures.unpriced) == (None, 1)


def test_other_months_are_not_in_it() -> None:
    task = a_task(Status.RUNNING)
    costs.charge(task, at=datetime(2026, 12, 1, 0, 0, tzinfo=UTC), note="the clip was made")
    assert monthly.of_month(NOVEMBER, practice=True).sections == []


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "0000-01", "", "nonsense", "2026-11-20", "99999-01"])
def test_what_is_no_month_is_none(text: str) -> None:
    assert monthly.month_of(text) is None


def test_a_month_is_its_first_day() -> None:
    assert monthly.month_of("2026-11") == NOVEMBER


def test_a_starting_price_is_marked_among_what_is_shown_and_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monthly, "ORDERS_MAX", 1)
    a_task(Status.STORED)
    a_task(Status.STORED, price_is_minimum=True)
    (section,) = monthly.of_month(NOVEMBER, practice=True).sections
    assert [paid.words for paid in section.paid] == ["$0.30"]
    assert (section.more_words, section.figures.spent_words) == ("from $0.30", "from $0.60")

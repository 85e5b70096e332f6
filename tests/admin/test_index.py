"""The first page: figures, sums and alarms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from generations.admin import index
from generations.admin.index import Money
from generations.lifecycle import ordering
from generations.lifecycle.ordering import OrderRequest
from generations.models import GenerationTask, Lease, Pause, Status, Video
from generations.money import ledger
from generations.reports.spend import Question, spend_report
from generations.reports.totals import Figures
from tests.admin.conftest import person
from tests.factories import NOW, a_budget, a_task, a_video, an_order

FIRST = reverse("admin:index")


def spent(usd: str | None, at: datetime, **changes: Any) -> GenerationTask:
    task = a_task(Status.RUNNING, price_usd=None if usd is None else Decimal(usd), **changes)
    ledger.charge(task, at=at, note="the clip was made")
    return task


def money(at: datetime = NOW, *, practice: bool = True) -> Money:
    return index.money(practice=practice, at=at)


def words(figures: Figures) -> str:
    return figures.spent_words


def test_the_tiles_count_and_lead_to_what_they_count(admin_client: Client) -> None:
    now = timezone.now()
    for status in (Status.QUEUED, Status.SUBMITTING, Status.READY, Status.UNCONFIRMED, Status.LOST):
        a_task(status)
    a_task(Status.RUNNING, submitted_at=now + timedelta(minutes=5))  # not overdue, however slow the machine is
    a_task(Status.RUNNING, submitted_at=now - timedelta(days=1))
    a_video(created_at=now)
    a_video(created_at=now - timedelta(days=2))
    tiles = {tile["name"]: tile for tile in admin_client.get(FIRST).context["studio"]["tiles"]}
    assert {name: tile["count"] for name, tile in tiles.items()} == {
        "Need a person": 3, "Waiting": 1, "In flight": 2, "Unsaved results": 1, "Stored today": 1,
    }  # fmt: skip
    for name in ("Need a person", "Unsaved results"):
        assert admin_client.get(tiles[name]["url"]).context["cl"].result_count == tiles[name]["count"]
    for name in ("Waiting", "In flight", "Stored today"):
        assert admin_client.get(tiles[name]["url"]).status_code == 200


def test_sums_are_by_day_and_model(db: None) -> None:
    spent("0.30", NOW)
    spent("0.30", NOW)
    spent("1.40", NOW - timedelta(days=1), model="kling-2-1")
    sums = money()
    assert sums.models == ["kling-2-1", "kling-2-5-turbo-pro"]
    rows = [(day.day, [cell and words(cell) for cell in cells], words(total)) for day, cells, total in sums.rows]
    assert rows == [(20, [None, "$0.60"], "$0.60"), (19, ["$1.40", None], "$1.40")]
    assert [words(total) for total in sums.totals] == ["$1.40", "$0.60"]
    assert (words(sums.today), words(sums.month), words(sums.total)) == ("$0.60", "$2.00", "$2.00")


def test_a_day_begins_at_midnight_of_the_site(db: None, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    spent("0.30", datetime(2026, 11, 19, 23, 30, tzinfo=UTC))  # half past midnight, in Berlin
    with timezone.override("Europe/Berlin"):
        assert [row[0].day for row in money(NOW).rows] == [20]


def test_what_is_older_than_the_table_or_the_month_is_not_in_it(db: None) -> None:
    spent("0.30", datetime(2026, 11, 7, 0, 0, tzinfo=UTC))
    spent("5.00", datetime(2026, 11, 6, 23, 59, tzinfo=UTC))
    spent("9.00", datetime(2026, 10, 31, 23, 59, tzinfo=UTC))
    assert (words(money().total), words(money().month)) == ("$0.30", "$5.30")


def test_what_is_reserved_is_what_is_held_and_not_settled(db: None) -> None:
    a_task(Status.QUEUED)
    a_task(Status.UNCONFIRMED)
    a_task(Status.STORED)
    a_task(Status.FAILED)
    assert money().reserved.reserved_words == "$0.60"


def test_an_unknown_price_is_counted_beside_the_sum(db: None) -> None:
    spent(None, NOW)
    assert words(money().today) == "1 unpriced"
    spent("0.30", NOW)
    assert words(money().today) == "$0.30 + 1 unpriced"


def test_a_starting_price_makes_a_sum_the_least_until_it_is_corrected(staff: User) -> None:
    task = spent("0.30", NOW, price_is_minimum=True)
    a_task(Status.QUEUED, price_is_minimum=True)
    assert (words(money().today), money().reserved.reserved_words) == ("from $0.30", "from $0.30")
    assert money().has_minimum and money().month.minimum == 1
    ledger.adjust(task, Decimal("0.12"), at=NOW, by=staff, reason="the invoice")
    assert words(money().today) == "$0.42"


def test_a_correction_counts(staff: User) -> None:
    task = spent("0.30", NOW)
    ledger.adjust(task, Decimal("-0.10"), at=NOW, by=staff, reason="a discount")
    assert words(money().today) == "$0.20"


def test_the_first_page_and_the_report_agree_on_a_corrected_clip_without_a_price(staff: User) -> None:
    valued, unvalued = spent(None, NOW), spent(None, NOW - timedelta(days=1))
    a_task(Status.QUEUED, price_usd=None)
    ledger.adjust(valued, Decimal("0.40"), at=NOW, by=staff, reason="from their invoice")
    spent("0.30", NOW)
    page, day = money(), timezone.localdate(NOW)
    report = spend_report(Question(first=day.replace(day=1), last=day, practice=True))
    assert (words(page.month), words(page.today)) == ("$0.70 + 1 unpriced", "$0.70")
    assert (report.total.spent, report.total.unpriced) == (page.month.spent, page.month.unpriced)
    assert dict(report.days)[day].spent == page.today.spent
    assert (report.total.reserved, report.total.reserved_unpriced) == (page.reserved.reserved, 1)
    assert page.reserved.reserved_words == report.total.reserved_words == "1 unpriced"
    assert unvalued.entries.unpriced().count() == 1


def test_practice_and_real_money_stand_apart(db: None) -> None:
    spent("0.30", NOW, practice=True)
    assert [each.practice for each in index.moneys(at=NOW)] == [True]
    spent("1.40", NOW, practice=False)
    assert [(each.practice, words(each.total)) for each in index.moneys(at=NOW)] == [(True, "$0.30"), (False, "$1.40")]


def test_a_worker_that_is_not_running_is_an_alarm_with_the_cure(admin_client: Client) -> None:
    assert "python manage.py worker" in admin_client.get(FIRST).content.decode()
    Lease.objects.record_heartbeat()
    assert "python manage.py worker" not in admin_client.get(FIRST).content.decode()


def test_a_pause_is_an_alarm(admin_client: Client) -> None:
    Pause.objects.create(provider="apixo", reason="402: top up", paused_at=NOW)
    assert "Orders to APIXO are paused" in admin_client.get(FIRST).content.decode()


def test_damaged_clips_are_an_alarm_that_leads_to_them(admin_client: Client) -> None:
    assert "damaged" not in admin_client.get(FIRST).content.decode()
    a_video(damage="its file is missing")
    assert "1 stored clip is damaged" in admin_client.get(FIRST).content.decode()
    a_video(damage="its file is missing")
    page = admin_client.get(FIRST).content.decode()
    assert "2 stored clips are damaged" in page
    assert f'href="{reverse("admin:generations_video_changelist")}?damaged=yes"' in page


def test_practice_is_said(admin_client: Client, settings: Any) -> None:
    assert "no real money is spent" in admin_client.get(FIRST).content.decode()
    settings.PRACTICE = False
    assert "no real money is spent" not in admin_client.get(FIRST).content.decode()


@pytest.mark.parametrize(
    ("permission", "words"),
    [("view_generationtask", "Need a person"), ("view_video", "Last clips"), ("view_ledgerentry", "Spent today"),
     ("view_budget", "Budgets"), ("view_balancereading", "Worker and providers")],
)  # fmt: skip
def test_each_part_is_for_those_who_may_see_its_rows(client: Client, db: None, permission: str, words: str) -> None:
    a_budget("9", at=timezone.now())
    client.force_login(person("ada", permission))
    main = client.get(FIRST).content.decode().partition("<main")[2]
    parts = ("Need a person", "Last clips", "Spent today", 'id="budgets"', "Worker and providers", "New clip")
    assert [part for part in parts if part in main] == [words if words != "Budgets" else 'id="budgets"']


def test_a_new_clip_is_offered_to_those_who_may_order(client: Client, viewer: User, buyer: User) -> None:
    for one, offered in ((viewer, False), (person("ada", "order_clips"), False), (buyer, True)):
        client.force_login(one)
        assert ("New clip" in client.get(FIRST).content.decode().partition("<main")[2]) == offered


def test_the_queries_do_not_grow_with_the_rows(admin_client: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert "<svg" in admin_client.get(FIRST).content.decode()
        return len(queries)

    def a_day_of_work(at: datetime) -> None:
        for status in (Status.RUNNING, Status.READY, Status.UNCONFIRMED, Status.FAILED):
            a_task(status, submitted_at=timezone.now(), finished_at=at)
        a_video(created_at=at)
        spent("0.30", at)

    a_day_of_work(timezone.now())
    count()
    before = count()
    for days in range(14):
        a_day_of_work(timezone.now() - timedelta(days=days))
    assert count() <= before


def test_budgets_are_shown_with_their_numbers_and_told_when_they_run_low(admin_client: Client) -> None:
    a_budget("9", at=timezone.now())
    a_budget("0.35", at=timezone.now(), period="day")
    ordering.place([OrderRequest(an_order())], at=timezone.now())
    page = " ".join(admin_client.get(FIRST).content.decode().split())
    assert "85 % of the budget is used." in page
    assert "$0.05 of $0.35 remains." in page
    for name, amount in (("Estimated", "$0.30"), ("Reserved", "$0.30"), ("Spent", "$0.00"), ("Remaining", "$8.70")):
        assert f"<dt>{name}</dt><dd>{amount}</dd>" in page
    assert page.count("of the budget is used") == 1


def test_a_full_budget_says_that_orders_are_refused(admin_client: Client) -> None:
    a_budget("0.30", at=timezone.now())
    ordering.place([OrderRequest(an_order())], at=timezone.now())
    assert "orders that it pays for are refused" in admin_client.get(FIRST).content.decode()


def test_clips_that_arrived_damaged_are_an_alarm_until_somebody_decides(admin_client: Client) -> None:
    video = a_video(arrived_damaged="it is cut")
    page = admin_client.get(FIRST).content.decode()
    assert "1 clip arrived damaged" in page
    assert "?damaged=arrived" in page
    Video.objects.filter(pk=video.pk).update(review="rejected", reviewed_at=NOW)
    assert "arrived damaged" not in admin_client.get(FIRST).content.decode()

"""Sums of the ledger by what they were for, in days of the site, with what a approved clip has cost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from generations.models import GenerationTask, LedgerEntry, Review, Status
from generations.models.cost_centers import NOBODY
from generations.money import ledger
from generations.reports import spend
from generations.reports.spend import Question, Row, SpendReport
from generations.reports.totals import Figures
from tests.factories import NOW, a_campaign, a_prompt, a_task, a_video

pytestmark = pytest.mark.django_db


def november(**changes: Any) -> Question:
    return Question(**{"first": date(2026, 11, 1), "last": date(2026, 11, 30), "practice": True, **changes})


def bought(usd: str | None = "0.30", at: datetime = NOW, **changes: Any) -> GenerationTask:
    task = a_task(Status.RUNNING, price_usd=None if usd is None else Decimal(usd), **changes)
    ledger.charge(task, at=at, note="the clip was made")
    return task


def an_approved_clip(task: GenerationTask, **changes: Any) -> None:
    a_video(task, review=Review.APPROVED, reviewed_at=NOW, **changes)


def spent(rows: list[Row]) -> dict[str, str]:
    return {row.name: f"{row.figures.spent:.2f}" for row in rows}


def test_spend_is_summed_by_each_thing_that_it_was_for(staff: User) -> None:
    campaign = a_campaign("Autumn")
    bought("0.30", campaign=campaign, ordered_by=staff)
    bought("1.40", model="kling-2-1", mode="image-to-video", provider="apikley")
    found = spend.spend_report(november())
    assert f"{found.total.spent:.2f}" == "1.70"
    assert found.total.charges == 2
    assert {name: spent(rows) for name, rows in found.by.items()} == {
        "provider": {"Apikley": "1.40", "APIXO": "0.30"},
        "model": {"Kling 2.1": "1.40", "Kling 2.5 Turbo Pro": "0.30"},
        "mode": {"Image to video": "1.40", "Text to video": "0.30"},
        "campaign": {"No campaign": "1.40", "Autumn": "0.30"},
        "person": {"Nobody": "1.40", "mira": "0.30"},
    }
    assert [row.name for row in found.by["model"]] == ["Kling 2.1", "Kling 2.5 Turbo Pro"]


def test_spend_is_summed_by_prompt_dearest_first() -> None:
    cheap, dear = a_prompt(title="Cheap"), a_prompt(title="Dear")
    bought("0.30", prompt=cheap)
    bought("1.40", prompt=dear)
    _, rows = spend.by_prompt(november())
    assert [(row.name, f"{row.figures.spent:.2f}", row.key) for row in rows] == [
        ("Dear", "1.40", dear.pk),
        ("Cheap", "0.30", cheap.pk),
    ]


def test_each_wording_of_a_prompt_has_its_own_cost_per_approved_clip() -> None:
    prompt = a_prompt(text="gulls at dusk", negative_prompt="rain")
    first = [bought("0.30", prompt=prompt, prompt_text="gulls") for __ in range(2)]
    bought("0.50", prompt=prompt, prompt_text="gulls at dusk", negative_prompt="rain")
    bought("9.00", prompt=a_prompt(), prompt_text="gulls")
    a_video(first[0], review=Review.APPROVED, reviewed_at=NOW)
    found = spend.by_version(november(), prompt.pk)
    assert [(each.name, each.words, f"{each.figures.spent:.2f}", each.figures.approved) for each in found] == [
        ("v2, as it is now", "gulls at dusk (not: rain)", "0.50", 0),
        ("v1", "gulls", "0.60", 1),
    ]
    assert found[1].figures.per_approved_clip == Decimal("0.60")


def test_a_report_is_narrowed_to_a_prompt() -> None:
    prompt = a_prompt()
    bought("0.30", prompt=prompt)
    bought("9.00", prompt=a_prompt())
    a_task(Status.RUNNING, prompt=prompt)
    total = spend.spend_report(november(prompt=prompt.pk)).total
    assert (f"{total.spent:.2f}", f"{total.reserved:.2f}") == ("0.30", "0.30")


def test_as_many_prompts_are_named_as_are_wanted_and_all_are_summed() -> None:
    for usd in ("0.30", "1.40", "0.50"):
        bought(usd, prompt=a_prompt())
    total, rows = spend.by_prompt(november(), limit=2)
    assert (f"{total.spent:.2f}", [f"{row.figures.spent:.2f}" for row in rows]) == ("2.20", ["1.40", "0.50"])


def test_real_and_practice_money_are_never_in_one_sum() -> None:
    bought("0.30", practice=True)
    bought("1.40", practice=False)
    assert [f"{spend.spend_report(november(practice=kind)).total.spent:.2f}" for kind in (True, False)] == [
        "0.30",
        "1.40",
    ]


def test_a_correction_counts_on_its_own_day(staff: User) -> None:
    task = bought("0.30", at=datetime(2026, 10, 31, 12, tzinfo=UTC))
    ledger.adjust(task, Decimal("-0.10"), at=NOW, by=staff, reason="billed less")
    assert f"{spend.spend_report(november()).total.spent:.2f}" == "-0.10"


def test_what_failed_is_released_and_no_spend() -> None:
    a_task(Status.FAILED)
    total = spend.spend_report(november()).total
    assert (total.spent, f"{total.released:.2f}", total.releases, total.charges) == (Decimal(0), "0.30", 1, 0)


def test_what_is_held_is_held_until_it_is_settled_whenever_that_was() -> None:
    waiting = a_task(Status.RUNNING)
    assert f"{spend.spend_report(november()).total.reserved:.2f}" == "0.30"
    ledger.charge(waiting, at=datetime(2026, 12, 1, 12, tzinfo=UTC), note="the clip was made")
    assert spend.spend_report(november()).total.reserved == 0


def test_an_unknown_price_is_counted_and_is_no_zero_until_it_is_valued(staff: User) -> None:
    task = bought(None)
    a_task(Status.RUNNING, price_usd=None)
    total = spend.spend_report(november()).total
    assert (total.unpriced, total.reserved_unpriced, total.spent) == (1, 1, Decimal(0))
    ledger.adjust(task, Decimal("0.40"), at=NOW, by=staff, reason="the price came")
    total = spend.spend_report(november()).total
    assert (total.unpriced, f"{total.spent:.2f}", total.charges) == (0, "0.40", 1)


def test_an_approved_clip_costs_all_that_was_spent_divided_by_what_was_approved() -> None:
    an_approved_clip(bought("0.30"), duration_seconds=5.0)
    a_video(bought("0.30"), review=Review.REJECTED, reviewed_at=NOW)
    a_video(bought("0.30"))
    total = spend.spend_report(november()).total
    assert (total.approved, total.approved_seconds) == (1, 5.0)
    assert (total.per_approved_clip, total.per_approved_second) == (Decimal("0.9000"), Decimal("0.1800"))


def test_two_approved_clips_of_one_order_count_twice_and_are_paid_once() -> None:
    task = bought("0.30")
    an_approved_clip(task, duration_seconds=5.0)
    an_approved_clip(task, duration_seconds=4.0, position=1)
    total = spend.spend_report(november()).total
    assert (f"{total.spent:.2f}", total.charges, total.approved, total.approved_seconds) == ("0.30", 1, 2, 9.0)


def test_nothing_approved_has_no_cost_per_approved_clip() -> None:
    bought("0.30")
    total = spend.spend_report(november()).total
    assert (total.per_approved_clip, total.per_approved_second) == (None, None)


def test_an_approved_clip_without_a_price_has_no_cost_and_is_not_free() -> None:
    an_approved_clip(bought(None))
    total = spend.spend_report(november()).total
    assert (total.known, total.per_approved_clip, total.per_approved_second, total.spent_words) == (
        None,
        None,
        None,
        "1 unpriced",
    )


def test_a_report_is_narrowed_to_a_provider_a_campaign_and_a_person(staff: User) -> None:
    campaign = a_campaign("Autumn")
    an_approved_clip(bought("0.30", campaign=campaign, ordered_by=staff, provider="apikley"))
    a_task(Status.RUNNING, campaign=campaign)
    bought("1.40")

    def total(**bound: Any) -> str:
        found = spend.spend_report(november(**bound)).total
        return f"{found.spent:.2f} {found.reserved:.2f} {found.approved}"

    assert total() == "1.70 0.30 1"
    assert total(provider="apikley") == "0.30 0.00 1"
    assert total(campaign=campaign.pk) == "0.30 0.30 1"
    assert total(campaign=NOBODY) == "1.40 0.00 0"
    assert total(person=staff.pk) == "0.30 0.00 1"
    assert total(person=NOBODY, provider="apixo") == "1.40 0.30 0"
    assert [f"{row.figures.spent:.2f}" for row in spend.by_prompt(november(person=staff.pk))[1]] == ["0.30"]


def test_days_are_the_sites_at_the_months_end(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    with timezone.override("Europe/Berlin"):
        bought("0.30", at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))  # half past midnight, in Berlin
        bought("1.40", at=datetime(2026, 11, 30, 23, 30, tzinfo=UTC))  # already December there
        found = spend.spend_report(november())
    assert [(day.isoformat(), f"{figures.spent:.2f}") for day, figures in found.days if figures.spent] == [
        ("2026-11-01", "0.30")
    ]


def test_a_period_without_entries_is_empty() -> None:
    found = spend.spend_report(november())
    assert found == SpendReport(Figures(), [], {name: [] for name in spend.DIMENSIONS})
    assert spend.by_prompt(november()) == (Figures(), [])


def test_postgresql_writes_the_heading_of_each_entry_by_itself(staff: User) -> None:
    task = bought("0.30", ordered_by=staff)
    entry = LedgerEntry.objects.filter(task=task).latest("pk")
    if connection.vendor != "postgresql":
        assert (entry.cost_center, entry.prompt_key) == (None, None)
        return
    cost_center = entry.cost_center
    assert cost_center is not None
    assert (cost_center.provider, cost_center.model, cost_center.mode) == (
        "apixo",
        "kling-2-5-turbo-pro",
        "text-to-video",
    )
    assert (cost_center.campaign_key, cost_center.person_key, entry.prompt_key) == (NOBODY, staff.pk, task.prompt_id)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="elsewhere no entry has a cost_center")
def test_entries_with_and_without_cost_centers_are_summed_together() -> None:
    bought("0.30")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE generations_ledgerentry DISABLE TRIGGER ledger_has_cost_centers")
    an_approved_clip(bought("1.40"))
    found = spend.spend_report(november())
    assert (spent(found.by["provider"]), found.total.approved) == ({"APIXO": "1.70"}, 1)
    assert sorted(f"{row.figures.spent:.2f}" for row in spend.by_prompt(november())[1]) == ["0.30", "1.40"]


def test_starting_prices_are_counted_in_each_group_until_they_are_corrected(staff: User) -> None:
    prompt = a_prompt()
    corrected, least = (bought("0.30", prompt=prompt, price_is_minimum=True) for __ in range(2))
    bought("1.40", model="kling-2-1")
    ledger.adjust(corrected, Decimal("0.05"), at=NOW, by=staff, reason="the invoice")
    found = spend.spend_report(november())
    assert (found.total.minimum, found.total.spent_words) == (1, "from $2.05")
    assert [figures.minimum for __, figures in found.days] == [1]
    assert [(row.name, row.figures.minimum) for row in found.by["model"]] == [
        ("Kling 2.1", 0), ("Kling 2.5 Turbo Pro", 1),
    ]  # fmt: skip
    total, rows = spend.by_prompt(november())
    assert (total.minimum, [row.figures.minimum for row in rows if row.key == prompt.pk]) == (1, [1])
    assert GenerationTask.objects.with_charged().get(pk=least.pk).as_json()["charged_is_minimum"]
    assert not GenerationTask.objects.with_charged().get(pk=corrected.pk).as_json()["charged_is_minimum"]


def test_days_that_are_over_are_kept_until_a_correction(
    staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    asked = november(last=date(2026, 11, 20))
    task = bought("0.30", NOW - timedelta(days=9))
    bought("0.50", NOW)
    words = {day.day: figures.spent_words for (day, __), figures in spend.recent_by_day_and_model(asked).items()}
    assert words == {11: "$0.30", 20: "$0.50"}
    bought("0.70", NOW)
    with django_assert_num_queries(2):  # the last correction, and the days that are not over
        again = spend.recent_by_day_and_model(asked)
    assert again == spend.by_day_and_model(asked)
    ledger.adjust(task, Decimal("0.10"), at=NOW, by=staff, reason="the invoice")
    assert spend.recent_by_day_and_model(asked) == spend.by_day_and_model(asked)


def test_a_correction_values_a_day_that_is_over(staff: User) -> None:
    asked = november(last=date(2026, 11, 20))
    task = bought(None, NOW - timedelta(days=9))
    (figures,) = spend.recent_by_day_and_model(asked).values()
    assert figures.unpriced == 1
    ledger.adjust(task, Decimal("0.10"), at=NOW, by=staff, reason="the invoice")
    assert [each.unpriced for each in spend.recent_by_day_and_model(asked).values()] == [0, 0]


def test_what_is_reserved_now_is_what_the_report_of_all_days_says() -> None:
    for status in Status:
        a_task(status, price_is_minimum=status == Status.QUEUED)
    a_task(Status.QUEUED, price_usd=None)
    a_task(Status.QUEUED, practice=False)
    found = spend.reserved_now(practice=True)
    assert (found.reserved, found.holds, found.reserved_unpriced, found.reserved_minimum) == (Decimal("1.20"), 5, 1, 1)
    report = spend.spend_report(november())
    assert found.reserved == report.total.reserved

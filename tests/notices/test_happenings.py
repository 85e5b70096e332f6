"""What counts as a happening, and whom it concerns."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import Settings

from generations.models import BudgetEvent, Happening, NoticeKind, Pause, Status
from generations.notices.deriving import derive
from tests.factories import NOW, a_budget, a_task
from tests.notices.telling import a_batch, fail, order, someone, told

pytestmark = pytest.mark.django_db


def test_a_failure_is_told_to_who_ordered_and_to_nobody_else() -> None:
    anna, other = someone("anna"), someone("other")
    fail(anna)
    assert told(anna) == [NoticeKind.FAILED]
    assert told(other) == []


def test_an_order_of_nobody_fails_in_silence() -> None:
    anna = someone("anna")
    fail(None)
    assert told(anna) == []


def test_who_closed_an_order_is_not_told_of_it() -> None:
    anna = someone("anna")
    task = a_task(Status.UNCONFIRMED, ordered_by=anna)
    task.move(Status.FAILED, "not accepted", at=NOW, by=anna)
    assert told(anna) == []


def test_an_order_of_unknown_outcome_is_told_to_who_ordered_and_to_who_decides() -> None:
    anna, olga, fay = someone("anna"), someone("olga", "Operator"), someone("fay", "Finance")
    a_task(Status.SUBMITTING, ordered_by=anna).move(Status.UNCONFIRMED, "no answer", at=NOW, due_at=NOW)
    assert (told(anna), told(olga), told(fay)) == ([NoticeKind.UNDECIDED], [NoticeKind.UNDECIDED], [])


def test_what_found_its_way_before_the_job_ran_needs_nobody() -> None:
    anna = someone("anna")
    task = a_task(Status.SUBMITTING, ordered_by=anna)
    task.move(Status.UNCONFIRMED, "no answer", at=NOW, due_at=NOW)
    task.move(Status.RUNNING, "a callback knew it", at=NOW, due_at=NOW)
    assert told(anna) == []


def test_a_batch_is_told_when_its_last_order_has_ended() -> None:
    anna = someone("anna")
    batch = a_batch(anna, Status.STORED, Status.QUEUED)
    assert told(anna) == []
    batch.tasks.get(status=Status.QUEUED).move(Status.CANCELED, "no more", at=NOW + timedelta(minutes=1))
    assert told(anna) == [NoticeKind.BATCH]
    happening = Happening.objects.get()
    assert happening.facts == {"name": "Autumn", "clips": 2, "stored": 1, "failed": 0}
    assert (happening.at, happening.row) == (NOW + timedelta(minutes=1), batch.pk)


def test_the_failures_of_a_batch_are_one_notice() -> None:
    anna = someone("anna")
    a_batch(anna, Status.FAILED, Status.FAILED, Status.QUEUED)
    assert told(anna) == [NoticeKind.FAILED]


def test_a_batch_that_got_further_orders_ends_once_more() -> None:
    anna = someone("anna")
    batch = a_batch(anna, Status.STORED)
    assert told(anna) == [NoticeKind.BATCH]
    order(batch, Status.STORED)
    assert told(anna) == [NoticeKind.BATCH, NoticeKind.BATCH]


def test_a_batch_that_its_person_canceled_altogether_is_not_told() -> None:
    anna = someone("anna")
    a_batch(anna, Status.CANCELED, Status.CANCELED)
    assert told(anna) == []


def test_a_budget_alarm_is_told_to_its_person_and_to_who_sets_budgets() -> None:
    anna, fay, other = someone("anna"), someone("fay", "Finance"), someone("other")
    budget = a_budget("10", scope="person", person=anna)
    BudgetEvent.objects.create(budget=budget, at=NOW, percent=80, note="80 %")
    assert (told(anna), told(fay), told(other)) == ([NoticeKind.BUDGET], [NoticeKind.BUDGET], [])
    assert Happening.objects.get().facts["limit_usd"] == "10.0000"


def test_a_new_limit_is_no_alarm() -> None:
    fay = someone("fay", "Finance")
    a_budget("10")
    assert told(fay) == []


def test_a_pause_is_told_to_who_may_resume_but_not_to_who_paused() -> None:
    olga, otto, anna = someone("olga", "Operator"), someone("otto", "Operator"), someone("anna")
    Pause.objects.create(provider="apixo", reason="new prices", paused_at=NOW, paused_by=otto)
    assert (told(olga), told(otto), told(anna)) == ([NoticeKind.PAUSE], [], [])


def test_practice_orders_are_told_on_a_practice_site_only(settings: Settings) -> None:
    anna = someone("anna")
    fail(anna)
    BudgetEvent.objects.create(budget=a_budget("10", practice=True), at=NOW, percent=50, note="50 %")
    settings.PRACTICE = False
    assert told(anna) == []


@pytest.mark.parametrize(
    "changes",
    [{"is_staff": False}, {"is_active": False}, {"group": "nothing at all"}],
    ids=["member", "left", "no right"],
)
def test_who_may_not_see_an_order_is_told_nothing_of_it(changes: dict[str, object]) -> None:
    anna = someone("anna", **changes)  # type: ignore[arg-type]
    fail(anna)
    assert told(anna) == []


def test_many_failures_take_as_many_queries_as_few(django_assert_max_num_queries: object) -> None:
    anna = someone("anna")
    for _ in range(12):
        fail(anna, price_usd=Decimal("0.30"))
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        assert derive(at=NOW) == 12

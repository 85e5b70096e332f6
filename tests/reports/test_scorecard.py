"""How each provider does: rates, seconds and failures, of what was sent in a period."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from generations.models import GenerationTask, Status
from generations.reports import scorecard
from generations.reports.scorecard import Score, percentile
from generations.reports.spend import Question
from tests.factories import NOW, a_task

pytestmark = pytest.mark.django_db


def november(**changes: Any) -> Question:
    return Question(**{"first": date(2026, 11, 1), "last": date(2026, 11, 30), "practice": True, **changes})


def stored_after(seconds: float, **changes: Any) -> None:
    a_task(Status.STORED, submitted_at=NOW, stored_at=NOW + timedelta(seconds=seconds), **changes)


def the_score(**changes: Any) -> Score:
    (score,) = scorecard.scores(november(**changes))
    return score


def test_success_is_what_was_stored_of_what_has_ended() -> None:
    for _ in range(2):
        stored_after(60)
    a_task(Status.FAILED)
    a_task(Status.LOST)
    a_task(Status.RUNNING)
    a_task(Status.CANCELED)
    assert (the_score().ended, the_score().success_percent) == (4, 50)


def test_the_median_and_95_percent_are_of_seconds_from_sending_to_the_stored_file() -> None:
    for seconds in range(1, 101):
        stored_after(seconds + 0.4)
    assert [percentile(the_score().seconds, percent) for percent in (50, 95, 100)] == [50, 95, 100]


def test_one_clip_is_its_own_median() -> None:
    stored_after(61.9)
    assert [percentile(the_score().seconds, percent) for percent in (50, 95)] == [61, 61]


def test_the_providers_time_and_ours_stand_apart_where_the_provider_said_its_own() -> None:
    stored_after(60, remote_seconds=41.388)
    stored_after(70)
    score = the_score()
    assert (score.seconds.total(), dict(score.theirs), dict(score.ours)) == (2, {41: 1}, {19: 1})


def test_nothing_stored_has_no_seconds_and_no_success() -> None:
    a_task(Status.FAILED)
    assert (percentile(the_score().seconds, 50), the_score().success_percent) == (None, 0)


def test_failures_are_shared_by_kind_with_what_they_would_have_cost() -> None:
    for _ in range(3):
        a_task(Status.FAILED, error_kind="content")
    a_task(Status.LOST)
    score = the_score()
    assert {kind: (each.count, score.share(kind), f"{each.usd:.2f}") for kind, each in score.failures.items()} == {
        "content": (3, 75, "0.90"),
        "lost": (1, 25, "0.30"),
    }


def test_failures_are_a_share_of_what_all_ended_orders_were_priced_at() -> None:
    stored_after(60, price_usd="2.70")
    a_task(Status.FAILED, error_kind="content")
    assert the_score().share_of_money("content") == 10
    GenerationTask.objects.update(price_usd=None)
    assert the_score().share_of_money("content") is None


def test_each_provider_has_its_own_score_and_a_filter_narrows_them() -> None:
    stored_after(60)
    stored_after(90, provider="apikley")
    assert [score.provider for score in scorecard.scores(november())] == ["apikley", "apixo"]
    assert percentile(the_score(provider="apikley").seconds, 50) == 90


def test_practice_and_other_months_are_not_counted(settings: Any) -> None:
    stored_after(60, practice=False)
    settings.TIME_ZONE = "Europe/Berlin"
    with timezone.override("Europe/Berlin"):
        in_december = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
        a_task(Status.STORED, submitted_at=in_december, stored_at=in_december)
        assert scorecard.scores(november()) == []

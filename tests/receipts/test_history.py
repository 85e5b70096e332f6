"""What our own rows know of an order: refused before, owned already."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generations.lifecycle.ordering import OrderRequest
from generations.models import Review, Status
from generations.models.prices import Quote
from generations.receipts import history
from generations.receipts.history import Notice
from tests.factories import NOW, a_task, a_video, an_order

pytestmark = pytest.mark.django_db

PRICE = Decimal("0.35")


def known(**changes: Any) -> list[Notice]:
    (notices,) = history.of_all([(OrderRequest(an_order(**changes)), Quote(PRICE))])
    return notices


def stored(**changes: Any) -> Any:
    return a_video(a_task(Status.STORED, **changes))


def test_an_order_of_its_own_has_none() -> None:
    a_task(Status.FAILED, error_kind="provider")
    assert known() == []


def test_takes_that_are_owned_are_counted_with_what_was_approved_and_spent() -> None:
    clips = [stored(price_usd=PRICE) for _ in range(3)]
    type(clips[0]).objects.filter(pk=clips[1].pk).update(review=Review.APPROVED, reviewed_at=NOW)
    (notice,) = known()
    assert str(notice) == "You have 3 takes of this, 1 approved: $1.05 spent. Another take costs $0.35."


def test_starting_prices_are_said_to_be_the_least() -> None:
    stored(price_usd=PRICE, price_is_minimum=True)
    ((notice,),) = history.of_all([(OrderRequest(an_order()), Quote(PRICE, is_minimum=True))])
    assert notice.text == "You have 1 take of this, 0 approved: from $0.35 spent. Another take costs from $0.35."


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "another"}, {"duration_seconds": 10}, {"aspect_ratio": "1:1"}, {"sound": True}, {"route": "value"},
        {"cfg_scale": Decimal("0.5")}, {"negative_prompt": "fog"}, {"provider": "apikley"},
        {"start_image": "https://example.com/a.png"},
    ],
)  # fmt: skip
def test_other_settings_or_pictures_are_another_order(changes: dict[str, Any]) -> None:
    stored()
    assert known(**changes) == []


def test_other_values_of_parameters_without_a_column_are_another_order() -> None:
    chosen = {"prompt": "gulls", "duration": 5, "resolution": "720p"}
    stored(model="kling-3-0-turbo", prompt_text="gulls", parameters=chosen)
    assert len(known(model="kling-3-0-turbo", prompt="gulls", resolution="720p")) == 1
    assert known(model="kling-3-0-turbo", prompt="gulls", resolution="1080p") == []


def test_another_video_is_another_input() -> None:
    motion = {"model": "kling-3-0-std", "mode": "motion-control"}
    a_task(Status.FAILED, error_kind="content", parameters={"video": "https://example.com/a.mp4"}, **motion)
    assert len(known(video="https://example.com/a.mp4", **motion)) == 1
    assert known(video="https://example.com/b.mp4", **motion) == []


@pytest.mark.parametrize("kind", ["content", "input"])
def test_the_same_input_that_was_refused_is_told_in_their_words(kind: str) -> None:
    at = datetime(2026, 11, 3, 8, tzinfo=UTC)
    task = a_task(Status.FAILED, error_kind=kind, error_code="NSFW", error_message="too dark", finished_at=at)
    (notice,) = known(duration_seconds=10)
    assert notice == Notice(
        "refused", "APIXO refused the same words and pictures on 3 Nov 2026: NSFW too dark", task.pk
    )


def test_real_orders_do_not_know_practice() -> None:
    stored(practice=False)
    assert known() == []


def test_orders_of_the_same_words_are_found_by_an_index() -> None:
    """A site has a hundred thousand tasks, and every receipt asks."""
    with CaptureQueriesContext(connection) as asked:
        known()
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if is_postgresql:
            cursor.execute("SET LOCAL enable_seqscan = off")  # it would read a table of no rows
        cursor.execute(f"EXPLAIN {'' if is_postgresql else 'QUERY PLAN'} {asked[0]['sql']}")
        assert "task_beginning" in str(cursor.fetchall())

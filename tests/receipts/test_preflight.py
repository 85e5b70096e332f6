"""The receipt: price, budgets, balance, and everything that stands against an order; and that it is what is held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from generations.lifecycle import retries
from generations.lifecycle.ordering import OrderRequest
from generations.media import remote_images
from generations.models import BalanceReading, GenerationTask, LedgerEntry, Pause, Person, ReferenceImage, Status
from generations.receipts import preflight
from generations.receipts.preflight import NO_WORKER, Receipt
from generations.worker.jobs import heartbeat
from tests.clips import png
from tests.factories import NOW, a_budget, a_campaign, a_continuation, a_prompt, a_task, a_video, an_order, configure

pytestmark = pytest.mark.django_db


def inspect(*, takes: int = 1, campaign: Any = None, spend_at_most: str = "", **changes: Any) -> Receipt:
    request = OrderRequest(an_order(**changes), takes=takes, campaign=campaign)
    most = Decimal(spend_at_most) if spend_at_most else None
    return preflight.inspect([request], by=None, at=NOW, spend_at_most=most)


def keys(receipt: Receipt) -> list[str]:
    return [notice.key for notice in (*receipt.notices, *receipt.lines[0].notices)]


def test_a_receipt_names_the_price_each_and_the_sum() -> None:
    receipt = inspect(takes=3)
    assert (receipt.lines[0].price_usd, receipt.total_usd, receipt.takes) == (Decimal("0.30"), Decimal("0.90"), 3)
    assert receipt.problems == {}


def test_inspecting_writes_nothing() -> None:
    a_budget("10")
    inspect(takes=3)
    assert not GenerationTask.objects.exists()
    assert not LedgerEntry.objects.exists()
    assert not ReferenceImage.objects.exists()


def test_an_unknown_price_is_no_sum() -> None:
    receipt = inspect(model="kling-2-6", sound=True, takes=2)
    assert (receipt.total_usd, receipt.unpriced) == (None, 2)


def test_each_budget_that_covers_it_stands_there_before_and_with_it() -> None:
    campaign = a_campaign()
    a_budget("10")
    a_budget("5", scope="campaign", campaign=campaign, period="month")
    receipt = inspect(takes=2, campaign=campaign)
    found = {str(outlook.period): outlook.numbers for outlook in receipt.outlooks}
    assert list(found) == ["Whole site, in total", "Autumn, November 2026"]
    assert {numbers.estimated for numbers in found.values()} == {Decimal("0.60")}
    assert found["Autumn, November 2026"].remaining == Decimal(5)


def test_a_hard_budget_that_does_not_carry_it_is_a_problem_with_its_numbers() -> None:
    a_budget("0.50")
    assert "(Estimated $0.60" in inspect(takes=2).problems["budget"][0]
    assert inspect(takes=1).problems == {}


def test_a_budget_that_warns_is_a_notice() -> None:
    budget = a_budget("0.50", hard=False)
    receipt = inspect(takes=2)
    assert receipt.problems == {}
    assert f"over {budget.pk}" in keys(receipt)


def test_takes_are_trimmed_to_the_amount_and_the_budget() -> None:
    a_budget("1.00")
    receipt = inspect(takes=5, spend_at_most="1.30")
    assert (receipt.takes, receipt.total_usd) == (3, Decimal("0.90"))
    assert receipt.trimmed is not None
    assert receipt.trimmed.dropped == 2
    assert receipt.problems == {}


def test_nothing_that_fits_is_a_problem_of_the_amount() -> None:
    assert list(inspect(takes=5, spend_at_most="0.10").problems) == ["spend_at_most"]


def test_the_last_balance_is_there_with_its_age() -> None:
    at = NOW - timedelta(hours=3)
    BalanceReading.objects.create(provider="apixo", practice=True, at=at, amount=Decimal("74.87"), unit="USD")
    assert inspect().balances == ("APIXO: $74.87, read 3 h ago",)
    assert "balance" not in keys(inspect())


def test_a_balance_that_does_not_pay_for_it_is_a_notice() -> None:
    BalanceReading.objects.create(provider="apixo", practice=True, at=NOW, amount=Decimal("0.29"), unit="USD")
    assert "balance" in keys(inspect())


def test_a_balance_that_was_never_read_is_said_so() -> None:
    assert inspect().balances == ("APIXO: not read yet",)


def test_a_dead_worker_and_an_open_pause_are_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    assert NO_WORKER in [notice.text for notice in inspect().notices]
    heartbeat()
    assert keys(inspect()) == []
    Pause.objects.create(provider="apixo", reason="the key is refused", paused_at=NOW)
    assert keys(inspect()) == ["paused"]


def test_every_rule_that_is_broken_is_a_problem_of_its_field() -> None:
    found = inspect(duration_seconds=7, aspect_ratio="4:3", takes=0).problems
    assert set(found) == {"duration", "aspect_ratio", "takes"}


def test_an_archived_campaign_takes_no_order() -> None:
    assert "campaign" in inspect(campaign=a_campaign(archived=True)).problems


def test_another_campaign_than_the_prompt_s_needs_a_permission() -> None:
    own, other = a_campaign(), a_campaign("Winter")
    buyer = Person.objects.create(username="mira")
    kept = OrderRequest(an_order(), prompt=a_prompt(campaign=own))

    def found(**changes: Any) -> list[str]:
        return list(preflight.inspect([replace(kept, **changes)], by=buyer, at=NOW).problems)

    assert found(campaign=own) == []
    assert found(campaign=other) == found(campaign=None) == ["campaign"]
    assert found(campaign=other, prompt=a_prompt(text="other words")) == []
    for name in ("retry_of", "take_of", "promoted_from", "replaces", "continued_from"):
        assert "campaign" not in found(campaign=other, **{name: a_task(prompt=kept.prompt, campaign=other)}), name
        assert "campaign" in found(campaign=other, **{name: a_task(prompt=a_prompt(), campaign=other)}), name
    buyer.user_permissions.add(Permission.objects.get(codename="change_campaign"))
    buyer = Person.objects.get(pk=buyer.pk)
    assert found(campaign=other) == []


def test_the_words_of_a_campaign_s_prompt_are_ordered_for_another_one_by_permission() -> None:
    """New clip, the rows of a file and the command order words, and no prompt."""
    own, other = a_campaign(), a_campaign("Winter")
    buyer = Person.objects.create(username="mira")

    def found(campaign: Any, by: Person | None = buyer, **changes: Any) -> list[str]:
        request = OrderRequest(an_order(**changes), campaign=campaign)
        return preflight.inspect([request], by=by, at=NOW).problems.get("campaign", [])

    prompt = a_prompt(campaign=own)
    why = f"Autumn pays for prompt {prompt.pk}, which has the same words"
    assert [text.partition(";")[0] for text in found(other)] == [why]
    assert found(None)
    assert found(own) == found(other, prompt="other words") == found(other, negative_prompt="rain") == []
    assert found(other, by=None) == []
    a_prompt(campaign=other)
    assert found(other) == []


def test_a_picture_at_an_address_is_checked(httpserver: HTTPServer, settings: Settings) -> None:
    settings.PUBLIC_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/a.png").respond_with_data(png(), content_type="image/png")
    httpserver.expect_request("/a.html").respond_with_data(b"<html>", content_type="image/png")
    good, bad = (httpserver.url_for(path) for path in ("/a.png", "/a.html"))
    assert inspect(mode="image-to-video", start_image=good).problems == {}
    assert list(inspect(mode="image-to-video", start_image=bad).problems) == ["start_image"]


def test_a_picture_that_cannot_be_seen_from_here_is_a_notice(httpserver: HTTPServer, settings: Settings) -> None:
    settings.PUBLIC_URL = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/a.png").respond_with_data("away", status=503)
    receipt = inspect(mode="image-to-video", start_image=httpserver.url_for("/a.png"))
    assert receipt.problems == {}
    assert "unread start_image" in keys(receipt)


def test_a_picture_on_this_network_is_not_checked_for_a_provider_that_is_away(
    settings: Settings, httpserver: HTTPServer
) -> None:
    settings.PRACTICE = False
    configure(settings, "apixo", api_key="key", base_url="https://api.apixo.ai/api/v1")
    receipt = inspect(mode="image-to-video", start_image=httpserver.url_for("/a.png"))
    assert "which the provider cannot reach" in receipt.problems["start_image"][0]
    assert httpserver.log == []


@pytest.mark.parametrize("status", [200, 404])
def test_to_practice_what_answers_on_this_machine_is_not_asked_and_not_told(
    status: int, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/a.png").respond_with_data(png(), status=status)
    receipt = inspect(mode="image-to-video", start_image=httpserver.url_for("/a.png"))
    assert receipt.problems["start_image"] == ["a private or local address, which the provider cannot reach"]
    assert httpserver.log == []


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_a_picture_is_checked(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_while: list[bool] = []

    def probe(*args: Any, **kwargs: Any) -> str:
        open_while.append(connection.in_atomic_block)
        return "png"

    monkeypatch.setattr(remote_images, "probe", probe)
    inspect(mode="image-to-video", start_image="http://127.0.0.1:9/a.png")
    assert open_while == [False]


def again(*tasks: GenerationTask) -> Receipt:
    return preflight.inspect([retries.retry(task) for task in tasks], by=None, at=NOW)


def test_many_different_orders_take_as_many_queries_as_two(django_assert_max_num_queries: Any) -> None:
    asked = [OrderRequest(an_order(prompt=f"a fox, number {n}")) for n in range(40)]
    for request in asked:
        a_video(a_task(Status.STORED, prompt_text=request.order.prompt))
    with CaptureQueriesContext(connection) as few:
        preflight.inspect(asked[:2], by=None, at=NOW)
    with django_assert_max_num_queries(len(few)):
        receipt = preflight.inspect(asked, by=None, at=NOW)
    assert [notice.key for line in receipt.lines for notice in line.notices] == ["owned"] * 40


def test_many_that_are_tried_again_take_as_many_queries_as_two(django_assert_max_num_queries: Any) -> None:
    tasks = [a_continuation(Status.FAILED) for _ in range(20)]
    newest = [[a_task(Status.FAILED, retry_of=task), a_task(Status.QUEUED, retry_of=task)][-1] for task in tasks[:10]]
    requests = [retries.retry(task) for task in tasks[9:] + tasks[:9]]
    with CaptureQueriesContext(connection) as few:
        preflight.inspect(requests[:2], by=None, at=NOW)
    with django_assert_max_num_queries(len(few)):
        receipt = preflight.inspect(requests, by=None, at=NOW)
    said = {line.request.retry_of: line.problems.get("task") for line in receipt.left_out}
    for task, other in zip(tasks, newest, strict=False):
        assert said[task] == [f"task {other.pk} is its retry already"]


def test_many_orders_have_one_sum_and_one_look_at_each_budget() -> None:
    campaign = a_campaign()
    a_budget("1.50")
    a_budget("0.50", scope="campaign", campaign=campaign)
    tasks = [a_task(Status.FAILED, campaign=campaign), a_task(Status.FAILED)]
    receipt = again(*tasks)
    assert receipt.total_usd == Decimal("0.60")
    assert [outlook.numbers.estimated for outlook in receipt.outlooks] == [Decimal("0.60"), Decimal("0.30")]
    assert receipt.problems == {}


def test_many_orders_that_one_budget_does_not_carry_together_are_refused_together() -> None:
    a_budget("0.50")
    assert "Over budget" in again(a_task(Status.FAILED), a_task(Status.FAILED)).problems["budget"][0]


def test_one_among_many_that_cannot_be_ordered_is_left_out_and_not_paid_for() -> None:
    receipt = again(a_task(Status.FAILED), a_task(Status.RUNNING))
    assert (receipt.takes, receipt.total_usd, receipt.problems) == (1, Decimal("0.30"), {})
    assert "only a failed task" in receipt.left_out[0].problems["task"][0]


def test_an_order_of_more_than_500_clips_is_warned_about() -> None:
    said = {takes: [str(notice) for notice in inspect(takes=takes).notices] for takes in (500, 501)}
    assert "This orders 501 clips at once. Check the number." in said[501]
    assert not any("at once" in text for text in said[500])


def test_a_variable_without_a_value_stands_against_any_order() -> None:
    receipt = inspect(prompt="a {{who}}", negative_prompt="{{what}}")
    assert receipt.problems == {
        "prompt": ["the variable {{who}} has no value"],
        "negative_prompt": ["the variable {{what}} has no value"],
    }

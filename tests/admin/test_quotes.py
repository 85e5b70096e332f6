"""What the page says of an order before its receipt: the price, the time, and the budgets that it comes out of."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from generations.models import GenerationTask, Prompt
from tests.admin.receipts import confirm, filled, url
from tests.factories import a_budget, a_campaign, a_price, a_prompt, a_task, configure, kinds_of


@pytest.mark.parametrize(
    ("at_most", "words"),
    [("0.70", "2 of 3 takes fit."), ("5", "× 3 = "),
     ("0.10", "no take fits")],
)  # fmt: skip
def test_the_estimate_honours_the_amount_to_spend_at_most(buyer_client: Client, at_most: str, words: str) -> None:
    quote = buyer_client.get(url(a_prompt(), "price"), filled(takes="3", spend_at_most=at_most)).json()
    assert words in quote["price"]


@pytest.mark.parametrize(
    ("changes", "price"),
    [
        ({}, "Estimated: from $0.30. Practice: no real money."),
        ({"takes": "2"}, "Estimated: from $0.30 × 2 = from $0.60. Practice: no real money."),
        ({"model": "kling-2-6", "sound": "true"}, "Estimated: price unknown. Practice: no real money."),
        ({"duration": "7"}, "Estimated: price unknown"),
        ({"takes": "lots"}, "Estimated: price unknown"),
        ({"model": "sora"}, "Estimated: price unknown"),
    ],
)
def test_the_price_is_named_before_the_press(admin_client: Client, changes: dict[str, str], price: str) -> None:
    query = {name: filled(**changes)[name] for name in ("provider", "model", "mode", "duration", "takes")} | changes
    words = admin_client.get(url(a_prompt(), "price"), query).json()
    assert words["price"] == price


def test_a_free_clip_is_called_free_before_the_receipt_on_it_and_on_its_task(buyer_client: Client) -> None:
    a_price("0", model="kling-2-6")
    prompt, data = a_prompt(), filled(model="kling-2-6", sound="false", takes="2")
    quote = buyer_client.get(url(prompt, "price"), data).json()
    assert quote["price"] == "Estimated: free. Practice: no real money."
    receipt = buyer_client.post(url(prompt), data, follow=True)
    assert 'value="Order 2 clips, free"' in receipt.content.decode()
    confirm(buyer_client, receipt)
    task = GenerationTask.objects.earliest("pk")
    assert "<dd>free</dd>" in buyer_client.get(task.get_absolute_url()).content.decode()
    assert kinds_of(task) == ["hold"]


class TestWithoutAPrice:
    """The page leads a person who may add prices to the form of exactly that one."""

    silent = {"model": "kling-2-6", "sound": "false", "duration": "10"}

    def test_adding_one_is_offered_to_those_who_may(self, admin_client: Client, buyer_client: Client) -> None:
        prompt = a_prompt()
        there = admin_client.get(url(prompt, "price"), filled(**self.silent)).json()["add_price"]
        initial = admin_client.get(there).context["adminform"].form.initial
        assert (initial["model"], initial["duration_seconds"], initial["sound"]) == ("kling-2-6", "10", "false")
        assert buyer_client.get(url(prompt, "price"), filled(**self.silent)).json()["add_price"] == ""
        assert admin_client.get(url(prompt, "price"), filled()).json()["add_price"] == ""

    def test_the_page_has_the_link_without_a_script(self, admin_client: Client) -> None:
        like = a_task(model="kling-2-6", sound=True)
        page = admin_client.get(url(like.prompt), {"like": like.pk})
        assert f'href="{escape(page.context["quote"]["add_price"])}"' in page.content.decode()
        assert "sound=true" in page.context["quote"]["add_price"]


def test_a_price_by_the_second_is_named_as_one(admin_client: Client) -> None:
    third = {"model": "kling-3-0-std", "duration": "8", "sound": "false"}
    for mode in ("text-to-video", "motion-control"):
        a_price("0.10", model="kling-3-0-std", mode=mode, duration_seconds=0, unit="second")
    prompt = a_prompt()
    quoted = admin_client.get(url(prompt, "price"), filled(**third, takes="2")).json()["price"]
    assert quoted.startswith("Estimated: $0.80 × 2 = $1.60 ($0.10 a second).")
    video = filled(model="kling-3-0-std", mode="motion-control", sound="false", duration="")
    quoted = admin_client.get(url(prompt, "price"), video).json()
    assert quoted["price"].startswith("Estimated: $0.10 a second; the receipt measures the reference video.")
    assert quoted["add_price"] == ""


def test_real_money_is_not_called_practice(admin_client: Client, settings: Any) -> None:
    settings.PRACTICE = False
    configure(settings, "apixo", api_key="key")
    query = {"provider": "apixo", "model": "kling-2-5-turbo-pro", "mode": "text-to-video", "duration": "5"}
    words = admin_client.get(url(a_prompt(), "price"), query).json()
    assert words["price"] == "Estimated: from $0.30."
    assert "Practice" not in admin_client.get(url(a_prompt())).content.decode()


def test_the_usual_time_is_scaled_as_the_waits_are(admin_client: Client, settings: Any) -> None:
    settings.WAIT_SCALE = 0.1
    query = {"provider": "apixo", "model": "kling-2-6", "mode": "text-to-video", "duration": "5", "sound": "false"}
    assert admin_client.get(url(a_prompt(), "price"), query).json()["time"] == "usually 5–7 s"


def test_asking_for_a_price_writes_nothing(admin_client: Client) -> None:
    prompt = a_prompt()
    by_get = admin_client.get(url(prompt, "price"), filled()).json()
    assert admin_client.post(url(prompt, "price"), filled()).json() == by_get
    assert not GenerationTask.objects.exists()


class TestBudgets:
    """What the order would come out of is seen before the press."""

    def quote(self, client: Client, prompt: Prompt, **changes: Any) -> Any:
        return client.get(url(prompt, "price"), filled(**changes)).json()["budgets"]

    def test_the_four_numbers_of_each_are_shown(self, admin_client: Client, staff: User) -> None:
        prompt = a_prompt(campaign=a_campaign())
        a_budget("9", at=timezone.now())
        a_budget("5", at=timezone.now(), scope="campaign", campaign=prompt.campaign)
        a_budget("4", at=timezone.now(), scope="person", person=staff)
        assert self.quote(admin_client, prompt, takes="2") == [
            {
                "name": name, "verdict": "within budget", "tone": "good",
                "numbers": [["Estimated", "$0.60"], ["Reserved", "$0.00"], ["Spent", "$0.00"], ["Remaining", left]],
            }
            for name, left in (
                ("Whole site, in total", "$9.00"), ("Autumn, in total", "$5.00"), ("mira, in total", "$4.00"),
            )
        ]  # fmt: skip
        like = a_task(prompt=prompt)
        page = admin_client.get(url(prompt), {"like": like.pk}).content.decode()
        assert "<strong>Autumn, in total</strong>" in page
        assert "From the prompt: Autumn" in page

    def test_the_campaign_that_is_chosen_counts(self, admin_client: Client) -> None:
        a_budget("5", at=timezone.now(), scope="campaign", campaign=a_campaign("Spring"))
        prompt = a_prompt(campaign=a_campaign())
        assert self.quote(admin_client, prompt) == []
        assert len(self.quote(admin_client, prompt, campaign="spring")) == 1

    @pytest.mark.parametrize(
        ("changes", "hard", "verdict"),
        [
            ({"takes": "4"}, True, "over budget"),
            ({"takes": "4"}, False, "over budget, only warns"),
            ({"model": "kling-2-6", "sound": "true"}, True, "refuses orders without a price"),
            ({"model": "kling-2-6", "sound": "true"}, False, "counts when its price is known"),
        ],
    )
    def test_what_does_not_fit_is_said_before_the_press(
        self, admin_client: Client, changes: dict[str, str], hard: bool, verdict: str
    ) -> None:
        a_budget("1", at=timezone.now(), hard=hard)
        (line,) = self.quote(admin_client, a_prompt(), **changes)
        assert (line["verdict"], line["tone"] == "bad") == (verdict, hard)

    def test_what_does_not_fit_is_refused_on_the_press_too(self, admin_client: Client) -> None:
        a_budget("0.20", at=timezone.now())
        page = admin_client.post(url(a_prompt()), filled())
        assert "Nothing was ordered. Nothing was charged." in page.content.decode()
        assert "Estimated $0.30, Reserved $0.00, Spent $0.00, Remaining $0.20" in page.content.decode()
        assert not GenerationTask.objects.exists()

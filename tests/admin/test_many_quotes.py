"""What the page says of many orders: their number, their sum, what fits, and what is left out and why."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from generations.models import Batch, GenerationTask, Prompt
from tests.admin.receipts import confirm, filled
from tests.factories import a_budget, a_price

pytestmark = pytest.mark.django_db

NEW = reverse("new_clip")
MATRIX = {
    "prompt": "{{subject}} at {{time}}", "aspect_ratio": "16:9", "also_aspect_ratio": ["9:16"], "also_duration": ["10"],
    "values": "subject: a red fox\nsubject: a grey crane\ntime: dawn",
}  # fmt: skip


@pytest.fixture(autouse=True)
def prices(db: None) -> None:
    for seconds, usd in ((5, "0.30"), (10, "0.60")):
        a_price(usd, duration_seconds=seconds, valid_from="2026-02-01")


def quote(client: Client, **changes: Any) -> Any:
    return client.post(reverse("new_clip_price"), filled(**(MATRIX | changes))).json()


def test_the_number_the_sum_and_the_budget_of_all_of_them(buyer_client: Client) -> None:
    a_budget("10", at=timezone.now())
    found = quote(buyer_client)
    assert found["clips"] == "2 texts × 2 durations × 2 aspect ratios = 8 clips"
    assert found["price"] == "Estimated: $3.60. Practice: no real money."
    (budget,) = found["budgets"]
    assert (budget["verdict"], budget["numbers"][0]) == ("within budget", ["Estimated", "$3.60"])
    assert found["left_out"] == []


def test_what_an_offer_does_not_take_is_left_out_with_its_reason(buyer_client: Client) -> None:
    found = quote(buyer_client, also_offer=["apixo kling-2-6 image-to-video"])
    (text,) = found["left_out"]
    assert text.startswith("Kling 2.6, image to video (APIXO): Kling 2.6 on APIXO takes no aspect ratio")
    assert found["clips"].endswith("= 8 clips")


def test_an_amount_to_spend_says_how_many_fit(buyer_client: Client) -> None:
    assert quote(buyer_client, spend_at_most="2")["price"].endswith("4 of 8 clips fit.")
    assert "no clip fits" in quote(buyer_client, spend_at_most="0.10")["price"]


def test_an_unknown_price_is_not_taken_for_zero(buyer_client: Client) -> None:
    found = quote(buyer_client, also_offer=["apixo kling-2-6 text-to-video"])
    assert "$3.60 and 8 of unknown price" in found["price"]


def test_the_receipt_names_each_order_what_was_dropped_and_what_is_left_out(buyer_client: Client) -> None:
    order = filled(**MATRIX, spend_at_most="2", also_offer=["apixo kling-2-6 image-to-video"])
    receipt = buyer_client.post(NEW, order, follow=True)
    assert receipt.context["button"] == "Order 4 clips, $1.80"
    page = receipt.content.decode()
    assert "so 4 of 8 clips are ordered" in page
    assert page.count("left out: it does not fit into $2.00") == 4
    assert page.count("takes no aspect ratio") == 8


def test_a_matrix_is_one_batch_of_one_prompt(buyer_client: Client) -> None:
    page = confirm(buyer_client, buyer_client.post(NEW, filled(**MATRIX), follow=True))
    assert page.redirect_chain[-1][0] == Batch.objects.get().get_absolute_url()
    assert Prompt.objects.get().text == MATRIX["prompt"]
    assert GenerationTask.objects.filter(order_batch=Batch.objects.get()).count() == 8


def test_what_was_chosen_is_there_when_it_is_changed(buyer_client: Client) -> None:
    receipt = buyer_client.post(NEW, filled(**MATRIX), follow=True)
    form = buyer_client.get(receipt.context["change_url"]).context["form"]
    assert [form[name].value() for name in ("also_duration", "also_aspect_ratio", "values")] == [
        ["10"], ["9:16"], MATRIX["values"]
    ]  # fmt: skip


def test_a_confirmation_after_a_price_changed_orders_nothing_and_shows_all_again(buyer_client: Client) -> None:
    receipt = buyer_client.post(NEW, filled(**MATRIX), follow=True)
    a_price("0.40", valid_from="2026-02-02")
    again = confirm(buyer_client, receipt)
    assert not GenerationTask.objects.exists()
    assert "The price of one take of order 1 was $0.30, and is now $0.40." in again.content.decode()
    assert confirm(buyer_client, again).status_code == 200
    assert GenerationTask.objects.count() == 8

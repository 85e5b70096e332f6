"""The last choice: the next order starts from it, in this session or another, as far as the menu still takes it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generations.models import LastChoice
from tests.admin.receipts import confirm, filled

NEW = reverse("new_clip")
CHOSEN = {"provider": "apixo", "model": "kling-2-6", "mode": "text-to-video", "duration": "10", "aspect_ratio": "9:16",
          "sound": "true"}  # fmt: skip


def starts_from(client: Client) -> dict[str, Any]:
    form = client.get(NEW).context["form"]
    return {name: str(form[name].value()) for name in CHOSEN}


def test_the_next_order_starts_from_the_last_one_in_another_session_too(buyer: User, buyer_client: Client) -> None:
    confirm(buyer_client, buyer_client.post(NEW, filled(**CHOSEN), follow=True))
    buyer_client.force_login(buyer)
    assert starts_from(buyer_client) == CHOSEN


def test_what_is_not_ordered_is_not_remembered(buyer_client: Client) -> None:
    before = starts_from(buyer_client)
    buyer_client.post(NEW, filled(**CHOSEN), follow=True)
    assert starts_from(buyer_client) == before
    assert not LastChoice.objects.exists()


def test_neither_the_text_nor_the_number_nor_the_money_is_remembered(buyer: User, buyer_client: Client) -> None:
    order = filled(prompt="grey cranes", takes="3", spend_at_most="9")
    confirm(buyer_client, buyer_client.post(NEW, order, follow=True))
    form = buyer_client.get(NEW).context["form"]
    assert [form[name].value() for name in ("prompt", "takes", "spend_at_most")] == ["", 1, None]


def test_each_person_has_a_choice_of_their_own(buyer_client: Client, admin_client: Client) -> None:
    before = starts_from(admin_client)
    confirm(buyer_client, buyer_client.post(NEW, filled(**CHOSEN), follow=True))
    assert starts_from(admin_client) == before


def test_a_value_that_the_menu_no_longer_takes_is_left_out(buyer: User, buyer_client: Client) -> None:
    LastChoice.objects.remember(buyer, CHOSEN | {"duration": "7", "aspect_ratio": "21:9"})
    found = starts_from(buyer_client)
    assert (found["model"], found["duration"] == "7", found["aspect_ratio"] == "21:9") == ("kling-2-6", False, False)


def test_an_offer_that_is_gone_leads_to_the_first_of_the_menu(buyer: User, buyer_client: Client) -> None:
    before = starts_from(buyer_client)
    LastChoice.objects.remember(buyer, CHOSEN | {"model": "kling-1"})
    assert starts_from(buyer_client) == before

"""More than 500 clips are ordered only with a tick beside the button, which names their number and their sum."""

from __future__ import annotations

from typing import Any

from django.test import Client

from generations.models import GenerationTask
from tests.admin.receipts import confirm, filled, url
from tests.factories import a_prompt


def receipt(client: Client, takes: int) -> Any:
    return client.post(url(a_prompt()), filled(takes=str(takes)), follow=True)


def test_without_the_tick_nothing_is_ordered(buyer_client: Client) -> None:
    page = receipt(buyer_client, 501)
    assert "Yes, order 501 clips, from $150.30" in page.content.decode()
    refused = confirm(buyer_client, page)
    assert "These are 501 clips. Tick the box" in refused.content.decode()
    assert not GenerationTask.objects.exists()


def test_with_it_they_are_ordered(buyer_client: Client) -> None:
    confirm(buyer_client, receipt(buyer_client, 501), sure="on")
    assert GenerationTask.objects.count() == 501


def test_a_usual_number_is_not_asked_about(buyer_client: Client) -> None:
    assert 'name="sure"' not in receipt(buyer_client, 500).content.decode()

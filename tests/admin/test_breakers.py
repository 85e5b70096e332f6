"""Stopped providers: closed by those who may, with a line in Django's log."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from generations.models import Breaker
from tests.factories import NOW

LIST = reverse("admin:generations_breaker_changelist")
CLOSE = reverse("admin:generations_breaker_delete", args=["apixo"])


def a_breaker() -> Breaker:
    return Breaker.objects.create(provider="apixo", reason="402: top up", opened_at=NOW)


def test_the_page_says_what_closing_means(admin_client: Client) -> None:
    a_breaker()
    for page in (LIST, reverse("admin:generations_breaker_change", args=["apixo"]), CLOSE):
        assert "Close the breaker: orders go out again" in admin_client.get(page).content.decode()


def test_a_breaker_is_closed_on_its_page(admin_client: Client) -> None:
    a_breaker()
    admin_client.post(CLOSE, {"post": "yes"})
    assert not Breaker.objects.exists()
    assert LogEntry.objects.count() == 1


def test_breakers_are_closed_from_the_list(admin_client: Client, said: Any) -> None:
    a_breaker()
    response = admin_client.post(LIST, {"action": "close", "_selected_action": ["apixo"]}, follow=True)
    assert said(response) == ["Orders go out again: apixo. The next answer shows whether it holds."]
    assert not Breaker.objects.exists()
    assert LogEntry.objects.count() == 1


def test_those_who_may_not_close_do_not(buyer_client: Client) -> None:
    a_breaker()
    assert buyer_client.post(CLOSE, {"post": "yes"}).status_code == 403
    assert buyer_client.post(LIST, {"action": "close", "_selected_action": ["apixo"]}).status_code == 403
    assert Breaker.objects.exists()

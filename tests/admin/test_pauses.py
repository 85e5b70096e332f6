"""Stopped providers: closed by those who may, with a line in Django's log."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from generations.models import Pause
from tests.factories import NOW

LIST = reverse("admin:generations_pause_changelist")
CLOSE = reverse("admin:generations_pause_delete", args=["apixo"])


def a_pause() -> Pause:
    return Pause.objects.create(provider="apixo", reason="402: top up", paused_at=NOW)


def test_the_page_says_what_closing_means(admin_client: Client) -> None:
    a_pause()
    for page in (LIST, reverse("admin:generations_pause_change", args=["apixo"]), CLOSE):
        assert "Resume orders" in admin_client.get(page).content.decode()


def test_a_pause_is_closed_on_its_page(admin_client: Client) -> None:
    a_pause()
    admin_client.post(CLOSE, {"post": "yes"})
    assert not Pause.objects.exists()
    assert LogEntry.objects.count() == 1


def test_pauses_are_closed_from_the_list(admin_client: Client, said: Any) -> None:
    a_pause()
    response = admin_client.post(LIST, {"action": "close", "_selected_action": ["apixo"]}, follow=True)
    assert said(response) == ["Orders go out again: apixo. The next answer shows whether it holds."]
    assert not Pause.objects.exists()
    assert LogEntry.objects.count() == 1


def test_those_who_may_not_close_do_not(buyer_client: Client) -> None:
    a_pause()
    assert buyer_client.post(CLOSE, {"post": "yes"}).status_code == 403
    assert buyer_client.post(LIST, {"action": "close", "_selected_action": ["apixo"]}).status_code == 403
    assert Pause.objects.exists()

"""Stopped providers: closed by those who may, with a line in Django's log."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from generations.models import Pause
from tests.factories import NOW

LIST = reverse("admin:generations_pause_changelist")


def a_pause(**changes: Any) -> Pause:
    return Pause.objects.create(**{"provider": "apixo", "reason": "402: top up", "paused_at": NOW, **changes})


def close(pause: Pause) -> str:
    return reverse("admin:generations_pause_delete", args=[pause.pk])


def test_the_page_says_what_closing_means(admin_client: Client) -> None:
    pause = a_pause(model="kling-2-6")
    for page in (LIST, reverse("admin:generations_pause_change", args=[pause.pk]), close(pause)):
        text = admin_client.get(page).content.decode()
        assert "Resume" in text
        assert "Orders of Kling 2.6 to APIXO" in text


def test_a_pause_is_closed_on_its_page(admin_client: Client, said: Any) -> None:
    response = admin_client.post(close(a_pause()), {"post": "yes"}, follow=True)
    assert said(response) == ["Orders to APIXO are resumed. If a provider still refuses them, they are paused again."]
    assert not Pause.objects.exists()
    assert LogEntry.objects.count() == 1


def test_pauses_are_closed_from_the_list(admin_client: Client, said: Any) -> None:
    chosen = [a_pause().pk, a_pause(provider="apikley", model="kling-2-6").pk]
    response = admin_client.post(LIST, {"action": "close", "_selected_action": chosen}, follow=True)
    assert said(response) == [
        "Orders of Kling 2.6 to Apikley are resumed. If a provider still refuses them, they are paused again.",
        "Orders to APIXO are resumed. If a provider still refuses them, they are paused again.",
    ]
    assert not Pause.objects.exists()
    assert LogEntry.objects.count() == 2


def test_those_who_may_not_close_do_not(buyer_client: Client) -> None:
    pause = a_pause()
    assert buyer_client.post(close(pause), {"post": "yes"}).status_code == 403
    assert buyer_client.post(LIST, {"action": "close", "_selected_action": [pause.pk]}).status_code == 403
    assert Pause.objects.exists()

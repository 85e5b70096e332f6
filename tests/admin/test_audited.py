"""What the admin's own pages put into the audit: deletions, prices, resumed orders, and who may do or see what."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.urls import reverse

from generations.models import AuditEntry, Pause, Tag
from tests.factories import NOW, a_campaign, a_prompt

pytestmark = pytest.mark.django_db
YES = {"post": "yes"}


def entries() -> list[tuple[str, str, str]]:
    found = AuditEntry.objects.order_by("id")
    return [(str(entry.by), entry.action, entry.name) for entry in found]


def act(client: Client, model: str, action: str, *rows: Any) -> Any:
    sent = {"action": action, "_selected_action": [row.pk for row in rows], **YES}
    return client.post(reverse(f"admin:generations_{model}_changelist"), sent)


def test_one_row_that_is_deleted_is_told(admin_client: Client) -> None:
    prompt = a_prompt(title="At dawn")
    admin_client.post(reverse("admin:generations_prompt_delete", args=[prompt.pk]), YES)
    assert entries() == [("mira", "deleted", "At dawn")]
    assert AuditEntry.objects.get().row == prompt.pk


def test_each_of_many_rows_that_are_deleted_is_told(admin_client: Client) -> None:
    act(admin_client, "tag", "delete_selected", *(Tag.objects.create(name=name) for name in ("dawn", "dusk")))
    assert sorted(entries()) == [("mira", "deleted", "dawn"), ("mira", "deleted", "dusk")]


def test_what_could_not_be_deleted_is_not_told(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> None:
    tag = Tag.objects.create(name="dawn")
    admin_client.raise_request_exception = False
    with connection.execute_wrapper(refuse_to_delete_tags):
        assert act(admin_client, "tag", "delete_selected", tag).status_code == 500
    assert Tag.objects.filter(pk=tag.pk).exists()
    assert entries() == []


def refuse_to_delete_tags(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.startswith('DELETE FROM "generations_tag"'):
        raise RuntimeError("the disk is full")
    return execute(sql, params, many, context)


@pytest.mark.parametrize("by_action", [True, False])
def test_orders_that_are_resumed_are_told_by_that_name(admin_client: Client, by_action: bool) -> None:
    pause = Pause.objects.create(provider="apixo", reason="401", paused_at=NOW)
    if by_action:
        act(admin_client, "pause", "close", pause)
    else:
        admin_client.post(reverse("admin:generations_pause_delete", args=[pause.pk]), YES)
    assert entries() == [("mira", "resumed", str(pause))]
    assert not Pause.objects.exists()


def test_a_price_that_is_added_is_told_with_its_amount_and_source(admin_client: Client) -> None:
    sent = {
        "provider": "apixo", "model": "kling-2-6", "mode": "text-to-video", "duration_seconds": "5", "usd": "0.42",
        "sound": "unknown", "route": "", "valid_from": "2026-11-20", "source": "the invoice of November",
    }  # fmt: skip
    admin_client.post(reverse("admin:generations_price_add"), sent)
    entry = AuditEntry.objects.get()
    assert (entry.action, str(entry.amount_usd), entry.words) == ("priced", "0.4200", "the invoice of November")
    assert not entry.practice


def test_who_gets_into_a_group_is_told_and_a_password_is_not(admin_client: Client) -> None:
    url = reverse("admin:auth_user_add")
    password = "gulls cry at dawn 7"
    sent = {"username": "anna", "usable_password": "true", "password1": password, "password2": password}
    admin_client.post(url, sent)
    anna = User.objects.get(username="anna")
    changes = {"username": "anna", "groups": [Group.objects.get(name="Operator").pk], "is_active": "on",
               "date_joined_0": "2026-11-20", "date_joined_1": "12:00:00"}  # fmt: skip
    admin_client.post(reverse("admin:auth_user_change", args=[anna.pk]), changes)
    assert [action for _, action, name in entries() if name == "anna"] == ["granted", "granted"]
    words = AuditEntry.objects.latest("id").words
    assert "Groups" in words
    assert password not in str(list(AuditEntry.objects.values()))


def test_what_a_group_may_is_told(admin_client: Client) -> None:
    group = Group.objects.get(name="Viewer")
    admin_client.post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "Viewer", "permissions": []})
    assert entries() == [("mira", "granted", "Viewer")]


def test_who_sees_a_campaign_is_told(admin_client: Client) -> None:
    campaign = a_campaign("Autumn")
    sent = {"name": "Autumn", "slug": "autumn", "is_restricted": "on"}
    admin_client.post(reverse("admin:generations_campaign_change", args=[campaign.pk]), sent)
    assert entries() == [("mira", "granted", "Autumn")]
    assert "Restricted" in AuditEntry.objects.get().words


def test_it_is_told_in_english_whatever_the_language_of_the_page(admin_client: Client) -> None:
    url, sent = reverse("admin:auth_group_add"), {"name": "Buyers"}
    said = admin_client.post(url, sent, headers={"accept-language": "es"}, follow=True).content.decode()
    assert 'lang="es"' in said
    assert [entry.words for entry in AuditEntry.objects.all()] == ["Added."]

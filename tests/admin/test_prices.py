"""Prices: added with their date and source, never changed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from generations.models import Action, AuditEntry, Price

ADD = reverse("admin:generations_price_add")
LIST = reverse("admin:generations_price_changelist")


def a_price(**changes: Any) -> dict[str, Any]:
    data = {
        "provider": "apixo", "model": "kling-2-6", "mode": "text-to-video", "duration_seconds": "5", "usd": "0.42",
        "sound": "unknown", "route": "", "valid_from": "2026-11-20", "source": "the invoice of November",
    }  # fmt: skip
    return data | changes


def test_a_price_is_added(admin_client: Client) -> None:
    admin_client.post(ADD, a_price())
    price = Price.objects.get(model="kling-2-6")
    assert (price.usd, price.valid_from, price.sound) == (Decimal("0.42"), date(2026, 11, 20), None)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("usd", {"usd": "-0.01"}),
        ("usd", {"usd": "free"}),
        ("source", {"source": ""}),
        ("mode", {"mode": "pro-image-to-video"}),
        ("mode", {"provider": "nobody"}),
        ("duration_seconds", {"duration_seconds": "7"}),
    ],
)
def test_what_is_no_price_of_the_menu_is_refused(admin_client: Client, field: str, changes: dict[str, str]) -> None:
    response = admin_client.post(ADD, a_price(**changes))
    assert field in response.context["adminform"].errors
    assert not Price.objects.filter(model="kling-2-6").exists()


def people_with(*codenames: str) -> Client:
    person = User.objects.create_user("frida", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(person)
    return client


def test_a_price_of_0_is_refused_from_those_without_its_own_permission(db: None) -> None:
    finance = people_with("add_price", "view_price")
    assert "is_free" not in finance.get(ADD).content.decode()
    response = finance.post(ADD, a_price(usd="0", is_free="on"))
    (text,) = response.context["adminform"].errors["usd"]
    assert text == "More than 0. A free price takes the permission “Can add a price of 0 on purpose”."
    assert not Price.objects.filter(model="kling-2-6").exists()


def test_no_group_may_add_a_free_price(db: None) -> None:
    assert not Permission.objects.get(codename="add_free_price").group_set.exists()


def test_a_free_price_is_added_by_those_who_may_and_is_called_free(db: None) -> None:
    giver = people_with("add_price", "view_price", "add_free_price")
    assert "is_free" in giver.get(ADD).content.decode()
    giver.post(ADD, a_price(usd="0", is_free="on"))
    price = Price.objects.get(model="kling-2-6")
    assert (price.usd, price.is_free, price.amount) == (Decimal(0), True, "free")
    entry = AuditEntry.objects.get(action=Action.PRICED)
    assert (entry.by, entry.amount_usd) == (User.objects.get(), Decimal(0))
    assert ">free<" in giver.get(LIST, {"model": "kling-2-6"}).content.decode()


def test_a_second_price_of_the_same_day_is_refused(admin_client: Client) -> None:
    admin_client.post(ADD, a_price())
    assert admin_client.post(ADD, a_price(usd="0.50")).status_code == 200
    assert Price.objects.filter(model="kling-2-6").count() == 1


def test_a_price_is_not_changed_or_deleted(admin_client: Client) -> None:
    price = Price.objects.first()
    assert price is not None
    for page in ("change", "delete"):
        url = reverse(f"admin:generations_price_{page}", args=[price.pk])
        assert admin_client.post(url, a_price() | {"post": "yes"}).status_code == 403


def test_what_a_price_holds_for_is_said_in_words(admin_client: Client) -> None:
    admin_client.post(ADD, a_price(sound="true"))
    page = admin_client.get(reverse("admin:generations_price_changelist")).content.decode()
    for words in ("Kling 2.6", "Text to video", "with sound", "any", "20 Nov 2026", "$0.42"):
        assert words in page


def test_it_is_said_which_price_counts_today(admin_client: Client) -> None:
    for day in ("2026-01-01", "2026-11-20", str(timezone.localdate() + timedelta(days=30))):
        admin_client.post(ADD, a_price(valid_from=day))
    admin_client.post(ADD, a_price(valid_from="2026-02-01", sound="true"))
    rows = admin_client.get(LIST, {"model": "kling-2-6"}).context["cl"].result_list
    said = {(row.valid_from, row.sound): bool(row.superseded) for row in rows}
    assert said[date(2026, 1, 1), None]
    assert not said[date(2026, 11, 20), None]
    assert not said[date(2026, 2, 1), True]
    html = admin_client.get(LIST, {"model": "kling-2-6"}).content.decode()
    assert [html.count(words) for words in (">in force<", ">superseded<", ">upcoming<")] == [2, 1, 1]


def test_a_source_that_was_read_again_keeps_its_price_and_gets_its_day(admin_client: Client) -> None:
    price = Price.objects.earliest("pk")
    admin_client.post(LIST, {"action": "still_the_same", "_selected_action": [price.pk]})
    before, price = price, Price.objects.get(pk=price.pk)
    assert price.checked_at > before.checked_at
    assert price.usd == before.usd


def test_the_page_of_a_price_opens_for_reading(viewer_client: Client) -> None:
    price = Price.objects.order_by("pk")[0]
    page = viewer_client.get(f"/admin/generations/price/{price.pk}/change/")
    assert page.status_code == 200
    assert price.source in page.content.decode()

"""Pages of the admin that belong to no model."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse


def test_they_are_in_the_admins_namespace_and_ask_people_to_sign_in(client: Client, db: None) -> None:
    assert reverse("admin:search") == "/admin/search/"
    response = client.get("/admin/search/")
    assert response.headers["Location"] == "/admin/login/?next=/admin/search/"


def test_an_unknown_address_stays_unknown(admin_client: Client) -> None:
    assert admin_client.get("/admin/nothing/").status_code == 404

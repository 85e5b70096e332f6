"""The way through the admin: the sidebar and the menu show each person what is open to them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse

from generations.admin import navigation
from generations.admin.navigation import Entry, Section
from tests.admin.conftest import person

PROMPTS = reverse("admin:generations_prompt_changelist")


def shown(client: Client, path: str) -> dict[str, list[str]]:
    sections: list[Section] = client.get(path).context["sections"]
    return {section.name: [link.label for link in section.links] for section in sections}


def request_of(user: User, path: str = "/admin/") -> Any:
    request = RequestFactory().get(path)
    request.user = user
    return request


def test_every_list_of_the_admin_has_its_place() -> None:
    named = {entry.url_name for entries in navigation.SECTIONS.values() for entry in entries}
    lists = {f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in admin.site._registry}
    assert lists - named == set()


def test_the_subjects_come_in_the_order_of_the_work(admin_client: Client) -> None:
    assert list(shown(admin_client, "/admin/")) == ["Make", "Library", "Money", "People", "Operation"]


def test_a_person_is_led_only_to_what_they_may_open(client: Client, db: None) -> None:
    client.force_login(person("ada", "view_prompt", "change_video"))
    assert shown(client, "/admin/") == {"Make": ["Prompts"], "Library": ["Videos"]}
    page = client.get("/admin/").content.decode()
    assert reverse("admin:generations_price_changelist") not in page


def test_every_link_opens(admin_client: Client) -> None:
    sections: list[Section] = admin_client.get("/admin/").context["sections"]
    urls = [link.url for section in sections for link in section.links]
    assert len(urls) > 15
    assert [url for url in urls if admin_client.get(url).status_code != 200] == []


def test_a_page_that_is_not_built_is_left_out(monkeypatch: pytest.MonkeyPatch, staff: User) -> None:
    entries = (Entry("Moon", "admin:moon", lambda person: True), navigation.SECTIONS["Make"][1])
    monkeypatch.setattr(navigation, "SECTIONS", {"Make": entries})
    (section,) = navigation.sections(request_of(staff))
    assert [link.label for link in section.links] == ["Prompts"]


@pytest.mark.parametrize(("path", "current"), [(PROMPTS, "page"), (f"{PROMPTS}add/", "true"), ("/admin/", "")])
def test_the_current_page_is_marked_and_so_is_the_list_that_it_belongs_to(staff: User, path: str, current: str) -> None:
    links = [link for section in navigation.sections(request_of(staff, path)) for link in section.links]
    marked = {link.label: link.current for link in links if link.current}
    assert marked == ({"Prompts": current} if current else {})


def test_the_sidebar_and_the_menu_of_a_phone_have_the_same_links(admin_client: Client) -> None:
    page = admin_client.get(PROMPTS).content.decode()
    assert page.count(f'<a href="{PROMPTS}" aria-current="page">Prompts</a>') == 2
    assert page.count('<a class="first" href="/admin/">Studio</a>') == 2


def test_the_first_page_is_marked_as_the_current_one(admin_client: Client) -> None:
    assert (
        '<a class="first" href="/admin/" aria-current="page">Studio</a>' in admin_client.get("/admin/").content.decode()
    )


def test_whoever_is_not_signed_in_sees_no_pages(client: Client, db: None) -> None:
    page = client.get("/admin/login/").content.decode()
    assert PROMPTS not in page and 'id="find"' not in page


@pytest.mark.parametrize("app", ["generations", "auth"])
def test_the_page_of_an_app_leads_to_all_pages_too(admin_client: Client, app: str) -> None:
    main = admin_client.get(f"/admin/{app}/").content.decode().partition("<main")[2]
    assert f'<a href="{PROMPTS}">Prompts</a>' in main

"""Campaigns in the admin: what was spent on each, and that none of it gets lost."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from generations.models import Campaign, Status
from generations.money import ledger
from tests.factories import NOW, a_budget, a_campaign, a_prompt, a_task, a_video

LIST, ADD = reverse("admin:generations_campaign_changelist"), reverse("admin:generations_campaign_add")
Said = Callable[[Any], list[str]]


def page(campaign: Campaign, name: str = "change") -> str:
    return reverse(f"admin:generations_campaign_{name}", args=[campaign.pk])


def test_a_campaign_is_made_by_a_person(admin_client: Client, staff: User) -> None:
    admin_client.post(ADD, {"name": "Autumn sale", "slug": "autumn"})
    assert Campaign.objects.get().created_by == staff


@pytest.mark.parametrize(("name", "slug"), [("Autumn", "other"), ("Other", "autumn"), ("Other", "not a slug")])
def test_a_name_or_slug_that_is_taken_or_none_is_refused(admin_client: Client, name: str, slug: str) -> None:
    a_campaign()
    assert admin_client.post(ADD, {"name": name, "slug": slug}).context["adminform"].errors
    assert Campaign.objects.count() == 1


def test_the_list_shows_what_was_spent_and_what_is_left(admin_client: Client, staff: User) -> None:
    campaign = a_campaign()
    a_budget("5", scope="campaign", campaign=campaign, period="month", at=timezone.now())
    a_budget("3", scope="campaign", campaign=campaign)
    a_video(a_task(Status.STORED, campaign=campaign))
    ledger.adjust(a_task(Status.STORED, campaign=campaign), Decimal("-0.10"), at=NOW, by=staff, reason="a discount")
    for status in (Status.RUNNING, Status.FAILED):
        a_task(status, campaign=campaign)
    a_task(Status.STORED)
    a_task(Status.STORED, campaign=campaign, practice=False)
    html = admin_client.get(LIST).content.decode()
    for name, amount in (("Estimated", "$1.20"), ("Reserved", "$0.30"), ("Spent", "$0.50"), ("Remaining", "$2.20")):
        assert f"<dt>{name}</dt><dd>{amount}</dd>" in html
    assert '<td data-label="Clips" class="field-clips">1</td>' in html


@pytest.mark.parametrize("kind", ["task", "prompt", "budget"])
def test_a_campaign_that_is_used_is_archived_and_not_deleted(admin_client: Client, kind: str, said: Said) -> None:
    campaign = a_campaign()
    if kind == "task":
        a_task(campaign=campaign)
    elif kind == "prompt":
        a_prompt(campaign=campaign)
    else:
        a_budget("1", scope="campaign", campaign=campaign)
    for method in (admin_client.get, admin_client.post):
        (text,) = said(method(page(campaign, "delete"), {"post": "yes"}, follow=True))
        assert text == f"Autumn has 1 {kind}, so it cannot be deleted. Archive it instead."
    assert Campaign.objects.exists()


def test_the_page_to_delete_a_campaign_tells_nothing_to_whoever_may_not(viewer_client: Client) -> None:
    used, free = a_campaign("Autumn"), a_campaign("Winter")
    a_task(campaign=used)
    assert [viewer_client.get(page(campaign, "delete")).status_code for campaign in (used, free)] == [403, 403]


def test_a_campaign_that_nothing_belongs_to_is_deleted(admin_client: Client) -> None:
    admin_client.post(page(a_campaign(), "delete"), {"post": "yes"})
    assert not Campaign.objects.exists()


def test_campaigns_are_archived_and_brought_back(admin_client: Client, said: Said) -> None:
    campaign = a_campaign()
    for action, archived in (("archive", True), ("unarchive", False)):
        data = {"action": action, "_selected_action": [campaign.pk]}
        admin_client.post(f"{LIST}?archived=all", data)
        campaign.refresh_from_db()
        assert campaign.archived is archived


def test_archived_ones_are_shown_when_asked_for(admin_client: Client) -> None:
    a_campaign("Old", archived=True)
    assert "Old</a>" not in admin_client.get(LIST).content.decode()
    assert "Old</a>" in admin_client.get(LIST, {"archived": "yes"}).content.decode()


@pytest.mark.parametrize("model", ["prompt", "generationtask", "video", "ledgerentry"])
def test_every_list_is_filtered_by_campaign(admin_client: Client, model: str) -> None:
    campaign = a_campaign()
    for belongs in (campaign, None):
        prompt = a_prompt(campaign=belongs)
        a_video(a_task(Status.STORED, campaign=belongs, prompt=prompt))
    url = reverse(f"admin:generations_{model}_changelist")
    counts = [admin_client.get(url, {"campaign": slug}).context["cl"].result_count for slug in ("autumn", "-")]
    one = 2 if model == "ledgerentry" else 1
    assert counts == [one, one]
    assert admin_client.get(url).context["cl"].result_count == 2 * one


def test_its_page_leads_to_what_belongs_to_it(admin_client: Client) -> None:
    html = admin_client.get(page(a_campaign())).content.decode()
    for path in ("/admin/generations/generationtask/", "/admin/generations/prompt/", "/admin/generations/video/", "/"):
        assert f'href="{path}?campaign=autumn"' in html


def test_the_list_takes_as_many_queries_for_many_rows_as_for_few(
    admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        campaign = a_campaign(f"Campaign {number}")
        a_budget("9", scope="campaign", campaign=campaign)
        a_task(Status.STORED, campaign=campaign)
    with django_assert_max_num_queries(12):
        admin_client.get(LIST)


def test_a_campaign_is_closed_to_all_but_named_people_and_groups(admin_client: Client, staff: User) -> None:
    campaign, anna = a_campaign(), User.objects.create(username="anna")
    sent = {"name": "Autumn", "slug": "autumn", "is_restricted": "on", "people": [anna.pk]}
    admin_client.post(page(campaign), sent)
    campaign.refresh_from_db()
    assert campaign.is_restricted
    assert list(campaign.people.all()) == [anna]

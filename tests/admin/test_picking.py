"""Filters and fields that suggest names while one types."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from generations.admin.picking import FEW, SuggestingInput
from generations.models import Status
from tests.factories import a_campaign, a_task

LIST = reverse("admin:generations_generationtask_changelist")


def listed(client: Client, **query: Any) -> list[int]:
    return [task.pk for task in client.get(LIST, query).context["cl"].result_list]


def test_few_campaigns_are_a_list_and_many_a_field_that_keeps_the_other_filters(admin_client: Client) -> None:
    a_campaign("Autumn")
    few = admin_client.get(LIST).content.decode()
    assert '<a href="?campaign=autumn">Autumn</a>' in few
    assert 'list="campaign-names"' not in few
    for number in range(FEW):
        a_campaign(f"Campaign {number}")
    many = admin_client.get(LIST, {"status": "stored", "q": "dawn"}).content.decode()
    form = many[many.index('class="pick"') :].partition("</form>")[0]
    assert '<option value="autumn">Autumn</option>' in form
    assert '<input type="hidden" name="status" value="stored">' in form
    assert '<input type="hidden" name="q" value="dawn">' in form


@pytest.mark.parametrize("typed", ["autumn", "Autumn", "AUTUMN"])
def test_a_name_that_was_typed_finds_its_campaign(admin_client: Client, typed: str) -> None:
    task = a_task(Status.STORED, campaign=a_campaign("Autumn"))
    without = a_task()
    assert listed(admin_client, campaign=typed) == [task.pk]
    assert listed(admin_client, campaign="-") == [without.pk]
    assert listed(admin_client, campaign="nothing") == []


def test_people_find_their_own_first(admin_client: Client, staff: User) -> None:
    mine, other = a_task(ordered_by=staff), a_task(ordered_by=User.objects.create_user("bela"))
    assert listed(admin_client, person=staff.username) == [mine.pk]
    assert listed(admin_client, person="Bela") == [other.pk]
    assert f'<a href="?person={staff.username}">Me</a>' in admin_client.get(LIST).content.decode()


def test_words_that_are_suggested_are_escaped() -> None:
    html = SuggestingInput(['"><b>']).render("tag", "snow")
    assert 'list="tag-words"' in html
    assert '<option value="&quot;&gt;&lt;b&gt;"></option>' in html

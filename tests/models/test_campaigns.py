"""Campaigns: what prompts and orders belong to."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from generations.models import Campaign
from tests.factories import a_campaign, a_prompt, a_task

pytestmark = pytest.mark.django_db


def test_a_slug_and_a_name_are_given_once() -> None:
    a_campaign("Autumn", slug="autumn")
    for again in ({"name": "Autumn", "slug": "other"}, {"name": "Other", "slug": "autumn"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Campaign.objects.create(**again)


def test_a_campaign_with_tasks_or_prompts_is_not_deleted() -> None:
    campaign = a_campaign()
    a_task(campaign=campaign)
    other = a_campaign("Spring")
    a_prompt(campaign=other)
    for kept in (campaign, other):
        with pytest.raises(ProtectedError):
            kept.delete()


def test_archived_ones_are_out_of_the_way() -> None:
    a_campaign("Old", archived=True)
    campaign = a_campaign()
    assert list(Campaign.objects.in_use()) == [campaign]

"""One thing done to many prompts."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from generations.library import bulk_prompts
from generations.models import Prompt
from tests.factories import a_campaign, a_prompt

pytestmark = pytest.mark.django_db


def test_prompts_are_tagged_and_the_others_are_counted() -> None:
    first, second = a_prompt(), a_prompt()
    assert str(bulk_prompts.tag([first.pk], "snow")) == "Tagged “snow”: 1 prompt."
    both = [first.pk, second.pk]
    assert str(bulk_prompts.tag(both, "Snow")) == "Tagged “snow”: 1 prompt. Left out: 1 tagged so already."
    assert str(bulk_prompts.untag(both, "snow")) == "Tag “snow” removed: 2 prompts."
    with pytest.raises(ValidationError, match="there is no “ice”"):
        bulk_prompts.untag(both, "ice")


def test_an_archived_campaign_takes_no_prompts(staff: User) -> None:
    prompt = a_prompt()
    with pytest.raises(ValidationError, match="archived"):
        bulk_prompts.set_campaign([prompt.pk], a_campaign(archived=True), by=staff)
    prompt.refresh_from_db()
    assert prompt.campaign is None


def test_prompts_that_a_campaign_pays_for_are_moved_by_permission_all_or_none(staff: User) -> None:
    producer, other = User.objects.create(username="pia"), a_campaign("Winter")
    free, *paid = a_prompt(), *(a_prompt(title=f"Fox {n}", campaign=a_campaign(f"Autumn {n}")) for n in range(4))
    ids = [free.pk, *(each.pk for each in paid)]
    for wanted in (other, None):
        with pytest.raises(ValidationError, match="“Fox 0”, “Fox 1”, “Fox 2” and 1 more. Nothing was changed"):
            bulk_prompts.set_campaign(ids, wanted, by=producer)
    assert Prompt.objects.filter(campaign=other).count() == 0
    assert bulk_prompts.set_campaign([free.pk], other, by=producer).changed == 1
    assert bulk_prompts.set_campaign(ids, other, by=staff).changed == 4

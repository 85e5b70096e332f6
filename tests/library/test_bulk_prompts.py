"""One thing done to many prompts."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from generations.library import bulk_prompts
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


def test_an_archived_campaign_takes_no_prompts() -> None:
    prompt = a_prompt()
    with pytest.raises(ValidationError, match="archived"):
        bulk_prompts.set_campaign([prompt.pk], a_campaign(archived=True))
    prompt.refresh_from_db()
    assert prompt.campaign is None

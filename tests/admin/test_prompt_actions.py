"""Actions on many prompts."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from generations.models import Prompt, Status
from tests.admin.acting import act, confirm, words
from tests.factories import a_campaign, a_prompt, a_task

PROMPTS = reverse("admin:generations_prompt_changelist")


@pytest.mark.parametrize(
    ("action", "value", "says"),
    [
        ("tag", {"tag": "snow"}, "Tagged “snow”: 2 prompts."),
        ("untag", {"choice": "old"}, "Tag “old” removed: 1 prompt. Left out: 1 without this tag."),
        ("set_campaign", {"choice": "autumn"}, "Campaign: Autumn: 1 prompt. Left out: 1 in it already."),
        ("set_campaign", {"choice": "-"}, "Campaign: none: 1 prompt."),
    ],
)
def test_chosen_prompts_get_what_the_page_between_asks_for(
    admin_client: Client, action: str, value: dict[str, str], says: str
) -> None:
    first, second = a_prompt(campaign=a_campaign()), a_prompt()
    a_prompt()
    first.tags.create(name="old")
    page = act(admin_client, action, first.pk, second.pk, at=PROMPTS)
    assert page.context["title"].endswith(": 2 prompts")
    assert says in words(confirm(admin_client, page, **value))


def test_what_was_ordered_keeps_its_campaign(admin_client: Client) -> None:
    before, after = a_campaign("Before"), a_campaign("After")
    task = a_task(Status.STORED, prompt=a_prompt(campaign=before), campaign=before)
    confirm(admin_client, act(admin_client, "set_campaign", task.prompt_id, at=PROMPTS), choice="after")
    task.refresh_from_db()
    assert (task.campaign, Prompt.objects.get().campaign) == (before, after)


def test_prompts_take_no_archived_campaign(admin_client: Client) -> None:
    a_campaign("Old", archived=True)
    prompt = a_prompt()
    page = confirm(admin_client, act(admin_client, "set_campaign", prompt.pk, at=PROMPTS), choice="old")
    assert page.context["form"].errors


def test_who_may_not_change_prompts_has_no_action(viewer_client: Client) -> None:
    prompt = a_prompt()
    for action in ("tag", "untag", "set_campaign", "archive"):
        act(viewer_client, action, prompt.pk, at=PROMPTS, tag="x", choice="-", chosen=str(prompt.pk))
    assert not prompt.tags.exists()
    assert not Prompt.objects.filter(archived=True)

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


def test_a_prompt_is_moved_out_of_its_campaign_by_permission(buyer_client: Client, admin_client: Client) -> None:
    own, other = a_campaign("Before"), a_campaign("After")
    prompt, free = a_prompt(title="Fox", campaign=own), a_prompt(text="a gull")
    page = act(buyer_client, "set_campaign", prompt.pk, free.pk, at=PROMPTS)
    (text,) = confirm(buyer_client, page, choice="after").context["form"].errors["choice"]
    assert "takes the permission “Can change campaign”, which concerns “Fox”. Nothing was changed." in text
    change = reverse("admin:generations_prompt_change", args=[prompt.pk])
    data = {"title": "Fox", "text": prompt.text, "notes": "new"}
    for campaign in (str(other.pk), ""):
        for button in ("_save", "_saveasnew"):
            refused = buyer_client.post(change, {**data, "campaign": campaign, button: "1"})
            (text,) = refused.context["adminform"].errors["campaign"]
            assert text.startswith("Before pays for ") and text.endswith("takes the permission “Can change campaign”.")
    assert {*Prompt.objects.values_list("campaign", "notes")} == {(own.pk, ""), (None, "")}
    buyer_client.post(change, {**data, "campaign": own.pk})
    buyer_client.post(
        reverse("admin:generations_prompt_change", args=[free.pk]), {"text": "a gull", "campaign": own.pk}
    )
    assert {*Prompt.objects.values_list("campaign", "notes")} == {(own.pk, "new"), (own.pk, "")}
    admin_client.post(change, {**data, "campaign": other.pk})
    assert Prompt.objects.get(pk=prompt.pk).campaign == other

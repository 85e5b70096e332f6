"""The search of everything."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations.admin import search
from generations.models import Batch, Collection, Prompt, Status
from tests.admin.conftest import person
from tests.factories import NOW, a_campaign, a_prompt, a_task, a_video

SEARCH = reverse("admin:search")


def found(client: Client, text: str) -> dict[str, list[str]]:
    groups = client.get(SEARCH, {"q": text}).context["found"]
    return {group.name: [hit.title for hit in group.hits] for group in groups}


def group_of(client: Client, text: str, name: str) -> Any:
    return {group.name: group for group in client.get(SEARCH, {"q": text}).context["found"]}[name]


@pytest.fixture
def lighthouse(db: None) -> Prompt:
    """A prompt, a clip, a campaign, a collection, a person and a group that have a word in common."""
    prompt = a_prompt(title="Été", text="a Lighthouse at dawn", notes="for the lighthouse campaign")
    a_video(a_task(Status.STORED, prompt=prompt, prompt_text=prompt.text), title="Gulls")
    a_campaign("Lighthouse week")
    Collection.objects.create(name="Lighthouses", slug="lighthouses", created_at=NOW)
    User.objects.create_user("lighthouse-keeper")
    Group.objects.create(name="Lighthouse keepers")
    return prompt


def test_it_finds_a_word_in_everything(admin_client: Client, lighthouse: Prompt) -> None:
    assert found(admin_client, "LIGHTHOUSE") == {
        "Prompts": ["Été"],
        "Clips": ["Gulls"],
        "Campaigns": ["Lighthouse week"],
        "Collections": ["Lighthouses"],
        "People": ["lighthouse-keeper"],
        "Groups": ["Lighthouse keepers"],
    }


def test_each_hit_leads_to_its_page(admin_client: Client, lighthouse: Prompt) -> None:
    groups = admin_client.get(SEARCH, {"q": "lighthouse"}).context["found"]
    urls = [hit.url for group in groups for hit in group.hits]
    assert len(urls) == 6
    assert [url for url in urls if admin_client.get(url).status_code != 200] == []


def test_clips_are_found_however_the_word_is_written(admin_client: Client) -> None:
    a_video(title="Une soirée d’été")
    assert found(admin_client, "ete SOIREE")["Clips"] == ["Une soirée d’été"]


@pytest.mark.parametrize("text", ["{pk}", "#{pk}", "{remote_id}"])
def test_a_task_is_found_by_its_number_and_by_the_providers_id(admin_client: Client, text: str) -> None:
    task = a_task(Status.RUNNING)
    a_task(Status.RUNNING)
    given = text.format(pk=task.pk, remote_id=task.remote_id)
    assert found(admin_client, given)["Tasks"] == [f"Task {task.pk}"]


def test_a_batch_is_found_by_its_name_by_those_who_may_see_tasks(client: Client, db: None) -> None:
    batch = Batch.objects.create(name="Autumn gulls", created_at=NOW)
    client.force_login(person("ada", "view_generationtask"))
    (hit,) = group_of(client, "GULLS", "Batches").hits
    assert (hit.title, hit.url) == ("Autumn gulls", batch.get_absolute_url())
    client.force_login(person("bo", "view_prompt"))
    assert found(client, "gulls") == {}


@pytest.mark.parametrize("text", ["99999999999999999999999999", "²", "%", "_", "'; --", "!!"])
def test_odd_words_find_nothing_and_break_nothing(admin_client: Client, lighthouse: Prompt, text: str) -> None:
    assert found(admin_client, text) == {}


def test_pages_are_found_by_their_names(admin_client: Client) -> None:
    assert found(admin_client, "pri")["Pages"] == ["Prices"]


def test_more_than_it_shows_is_counted_and_leads_to_all(admin_client: Client, monkeypatch: Any) -> None:
    for number in range(search.SHOWN + 2):
        a_video(a_task(Status.STORED, prompt=a_prompt(text=f"gull {number}")), title=f"gull {number}")
    prompts, clips = group_of(admin_client, "gull", "Prompts"), group_of(admin_client, "gull", "Clips")
    assert [len(group.hits) for group in (prompts, clips)] == [search.SHOWN, search.SHOWN]
    assert [group.count for group in (prompts, clips)] == ["10", "10"]
    assert admin_client.get(prompts.all_url).context["cl"].result_count == 10
    assert clips.all_url == "/?q=gull"
    monkeypatch.setattr(search, "MOST_COUNTED", 9)
    assert group_of(admin_client, "gull", "Prompts").count == "9+"


def test_the_newest_come_first(admin_client: Client) -> None:
    for name in ("gull one", "gull two"):
        a_prompt(title=name)
    assert found(admin_client, "gull")["Prompts"] == ["gull two", "gull one"]


def test_archived_prompts_are_found_and_said_to_be_archived(admin_client: Client) -> None:
    a_prompt(title="Gulls", text="gulls", archived=True)
    assert group_of(admin_client, "gulls", "Prompts").hits[0].words == "gulls (archived)"


def test_a_person_finds_only_what_they_may_see(client: Client, lighthouse: Prompt) -> None:
    reader = person("ada", "view_prompt")
    client.force_login(reader)
    assert found(client, "lighthouse") == {"Prompts": ["Été"]}
    assert found(client, str(lighthouse.tasks.get().pk)) == {}
    reader.user_permissions.clear()
    assert found(client, "lighthouse") == {}
    reader.user_permissions.add(Permission.objects.get(codename="view_user"))
    assert found(client, "lighthouse") == {"People": ["lighthouse-keeper"]}


def test_without_words_it_says_what_can_be_searched_for(admin_client: Client) -> None:
    for query in ({}, {"q": "   "}):
        page = admin_client.get(SEARCH, query).content.decode()
        assert "You can search for" in page and "Nothing has" not in page


def test_without_a_hit_it_says_so_and_what_to_do(admin_client: Client) -> None:
    page = admin_client.get(SEARCH, {"q": "<b>okapi"}).content.decode()
    assert "Nothing has “&lt;b&gt;okapi” in it" in page


def test_too_many_words_are_refused_in_words(admin_client: Client) -> None:
    assert "at most 200 characters" in admin_client.get(SEARCH, {"q": "x" * 201}).content.decode()


def test_it_only_reads(admin_client: Client) -> None:
    assert admin_client.post(SEARCH, {"q": "x"}).status_code == 405


def test_the_queries_do_not_grow_with_the_rows(admin_client: Client, lighthouse: Prompt) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(SEARCH, {"q": "lighthouse"})
        return len(queries)

    count()  # the first one reads the permissions' content types
    before = count()
    for number in range(12):
        a_video(a_task(Status.STORED, prompt=a_prompt(text=f"lighthouse {number}")), title="lighthouse")
        a_campaign(f"Lighthouse {number}")
    assert count() == before

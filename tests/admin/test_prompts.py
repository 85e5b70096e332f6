"""Prompts: found, archived, followed to their clips; never deleted once something was ordered from them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from generations.models import Prompt, Review, Status, Tag, Video
from tests.factories import NOW, a_campaign, a_prompt, a_task, a_video

LIST = reverse("admin:generations_prompt_changelist")
ADD = reverse("admin:generations_prompt_add")


def change(prompt: Prompt, page: str = "change") -> str:
    return reverse(f"admin:generations_prompt_{page}", args=[prompt.pk])


def listed(client: Client, **query: Any) -> set[Prompt]:
    return set(client.get(LIST, query).context["cl"].result_list)


def test_the_list_takes_as_many_queries_for_many_rows_as_for_few(
    admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    tag = Tag.objects.create(name="b-roll")
    for _ in range(30):
        a_video().task.prompt.tags.add(tag)
    admin_client.get(LIST)
    with django_assert_max_num_queries(12):
        admin_client.get(LIST)


def test_a_row_shows_the_newest_poster_the_clips_and_what_they_cost(admin_client: Client) -> None:
    prompt = a_prompt(title="Harbour")
    a_video(a_task(Status.STORED, prompt=prompt), poster="posters/old.jpg")
    a_video(a_task(Status.STORED, prompt=prompt), poster="posters/new.jpg")
    page = admin_client.get(LIST).content.decode()
    assert "/media/posters/new.jpg" in page
    assert "/media/posters/old.jpg" not in page
    assert "<div>2 clips</div>" in page
    assert "$0.60" in page


def test_practice_and_real_money_are_not_added_up(admin_client: Client) -> None:
    prompt = a_prompt()
    a_task(Status.STORED, prompt=prompt, practice=False, price_usd=Decimal("1.40"))
    a_task(Status.STORED, prompt=prompt, practice=True)
    page = admin_client.get(LIST).content.decode()
    assert "$1.40" in page
    assert "$0.30" in page
    assert "$1.70" not in page


def test_what_was_spent_at_an_unknown_price_is_counted_and_not_called_nothing(admin_client: Client) -> None:
    a_task(Status.STORED, price_usd=None)
    page = admin_client.get(LIST).content.decode()
    assert "1 without a known price" in page
    assert "$0.00" not in page


def test_archived_prompts_are_listed_only_when_asked_for(admin_client: Client) -> None:
    used, put_away = a_prompt(), a_prompt(text="old", archived=True)
    assert listed(admin_client) == {used}
    assert listed(admin_client, archived="yes") == {put_away}
    assert listed(admin_client, archived="all") == {used, put_away}


@pytest.mark.parametrize(
    "words",
    ["Harbour", "grey CRANES", "no rain", "for the spring", "autumn", "ete", "ete harbour sauerkraut", "STRASSE"],
)
def test_search_finds_every_word_in_all_that_a_prompt_has(admin_client: Client, words: str) -> None:
    campaign = a_campaign("Sauerkraut Autumn")
    texts = {"text": "grey cranes, Straße", "negative_prompt": "no rain", "notes": "for the spring page"}
    prompt = a_prompt(title="Harbour", campaign=campaign, **texts)
    prompt.tags.add(Tag.objects.create(name="Été"), Tag.objects.create(name="Ete 2"))
    a_prompt()
    assert listed(admin_client, q=words) == {prompt}


def test_search_follows_an_edit(admin_client: Client) -> None:
    prompt = a_prompt()
    admin_client.post(change(prompt), {"text": "grey cranes"})
    assert listed(admin_client, q="cranes") == {prompt}
    assert listed(admin_client, q="lighthouse") == set()


def test_a_search_without_a_letter_or_digit_finds_nothing(admin_client: Client) -> None:
    a_prompt()
    assert listed(admin_client, q="!?") == set()


def test_a_prompt_says_what_it_was_used_for(admin_client: Client) -> None:
    prompt = a_prompt()
    a_video(a_task(Status.STORED, prompt=prompt))
    a_video(a_task(Status.STORED, prompt=prompt), review=Review.APPROVED, reviewed_at=NOW)
    page = admin_client.get(change(prompt)).content.decode()
    assert 'Used by 2 clips, 1 approved, <span class="money">$0.60</span>' in page
    assert '<small class="quiet">1 approved</small>' in admin_client.get(LIST).content.decode()


def test_a_prompt_is_saved_as_a_new_one_with_its_settings(admin_client: Client, staff: User) -> None:
    prompt = a_prompt(defaults={"model": "kling-2-6"})
    admin_client.post(change(prompt), {"text": "grey cranes", "_saveasnew": "Save as new"})
    new = Prompt.objects.latest("pk")
    assert (new.text, new.defaults, new.created_by) == ("grey cranes", prompt.defaults, staff)
    assert [version.text for version in new.versions.all()] == ["grey cranes"]
    prompt.refresh_from_db()
    assert prompt.text == "a lighthouse at dawn"


def test_one_who_may_not_add_prompts_saves_none_as_new(viewer_client: Client) -> None:
    viewer_client.post(change(a_prompt()), {"text": "grey cranes", "_saveasnew": "Save as new"})
    assert Prompt.objects.count() == 1


def test_prompts_are_archived_and_brought_back(admin_client: Client) -> None:
    prompt = a_prompt()
    for action, archived in (("archive", True), ("unarchive", False)):
        query = "?archived=all"
        admin_client.post(LIST + query, {"action": action, "_selected_action": [prompt.pk]})
        prompt.refresh_from_db()
        assert prompt.archived is archived


def test_a_viewer_archives_nothing(viewer_client: Client) -> None:
    prompt = a_prompt()
    viewer_client.post(LIST, {"action": "archive", "_selected_action": [prompt.pk]})
    prompt.refresh_from_db()
    assert not prompt.archived


def test_a_new_prompt_knows_who_wrote_it(admin_client: Client, staff: User) -> None:
    admin_client.post(ADD, {"text": "grey cranes", "_save": "Save"})
    assert Prompt.objects.get().created_by == staff


def test_an_edit_by_another_leaves_the_writer(admin_client: Client, buyer: User) -> None:
    prompt = a_prompt(created_by=buyer)
    admin_client.post(change(prompt), {"text": "grey cranes"})
    prompt.refresh_from_db()
    assert (prompt.text, prompt.created_by) == ("grey cranes", buyer)


@pytest.mark.parametrize("page", ["add", "change"])
def test_save_and_generate_goes_on_to_the_order(admin_client: Client, page: str) -> None:
    url = ADD if page == "add" else change(a_prompt())
    response = admin_client.post(url, {"text": "grey cranes", "_generate": "Save and generate"})
    assert response.headers["Location"] == change(Prompt.objects.get(), "generate")


def test_generate_is_offered_to_those_who_may_order(buyer_client: Client, viewer_client: Client) -> None:
    prompt = a_prompt()
    assert change(prompt, "generate") in buyer_client.get(change(prompt)).content.decode()
    assert change(prompt, "generate") not in viewer_client.get(change(prompt)).content.decode()


def test_the_page_shows_twelve_clips_and_tasks_at_most(admin_client: Client) -> None:
    prompt = a_prompt()
    for _ in range(14):
        a_video(a_task(Status.STORED, prompt=prompt))
    context = admin_client.get(change(prompt)).context
    assert (len(context["clips"]), len(context["tasks"])) == (12, 12)


def test_a_prompt_with_tasks_is_not_deleted(admin_client: Client) -> None:
    prompt = a_task(created_at=NOW).prompt
    assert admin_client.post(change(prompt, "delete"), {"post": "yes"}).status_code == 403
    admin_client.post(LIST, {"action": "delete_selected", "_selected_action": [prompt.pk], "post": "yes"})
    assert Prompt.objects.filter(pk=prompt.pk).exists()


def test_a_prompt_without_tasks_is_deleted(admin_client: Client) -> None:
    prompt = a_prompt()
    admin_client.post(change(prompt, "delete"), {"post": "yes"})
    assert not Prompt.objects.exists()


def test_tags_are_offered_as_one_types(admin_client: Client) -> None:
    Tag.objects.create(name="b-roll")
    query = {"term": "b-r", "app_label": "generations", "model_name": "prompt", "field_name": "tags"}
    found = admin_client.get(reverse("admin:autocomplete"), query).json()["results"]
    assert [row["text"] for row in found] == ["b-roll"]


def words(prompt: Prompt) -> set[str]:
    return set(Video.objects.filter(prompt=prompt).values_list("words", flat=True))


def test_searches_follow_the_tags_of_a_prompt(admin_client: Client) -> None:
    tag, text = Tag.objects.create(name="Night"), "a lighthouse at dawn"
    prompt = a_video(title="x").prompt
    other = a_video(words="as it was").prompt
    admin_client.post(change(prompt), {"text": text, "tags": [tag.pk]})
    assert words(prompt) == {f"x {text} night"}
    admin_client.post(reverse("admin:generations_tag_change", args=[tag.pk]), {"name": "Dusk"})
    assert words(prompt) == {f"x {text} dusk"}
    admin_client.post(reverse("admin:generations_tag_delete", args=[tag.pk]), {"post": "yes"})
    assert words(prompt) == {f"x {text}"}
    assert words(other) == {"as it was"}


def test_searches_follow_tags_that_are_deleted_together(admin_client: Client) -> None:
    prompt = a_video(title="x").prompt
    tags = [Tag.objects.create(name=name) for name in ("night", "dusk")]
    prompt.tags.set(tags)
    Video.objects.all().refresh_words()
    chosen = {"action": "delete_selected", "_selected_action": [tag.pk for tag in tags], "post": "yes"}
    admin_client.post(reverse("admin:generations_tag_changelist"), chosen)
    assert words(prompt) == {"x a lighthouse at dawn"}


def test_broken_braces_of_a_variable_are_refused_when_a_prompt_is_saved(admin_client: Client) -> None:
    page = admin_client.post(ADD, {"text": "a {{fox in snow", "negative_prompt": "{{}}"})
    errors = page.context["adminform"].form.errors
    assert "is not closed" in errors["text"][0] and "letters, digits" in errors["negative_prompt"][0]
    assert not Prompt.objects.exists()

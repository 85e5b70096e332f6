"""The page of a prompt's versions: compared, followed to their clips, and brought back."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from generations.admin.prompt_versions import numbered
from generations.models import Prompt, Status
from tests.factories import a_prompt, a_task, a_video


def versions(prompt: Prompt) -> str:
    return reverse("admin:generations_prompt_versions", args=[prompt.pk])


def restore(prompt: Prompt, number: int) -> str:
    return reverse("admin:generations_prompt_restore", args=[prompt.pk, number])


def rewrite(client: Client, prompt: Prompt, *texts: str, **fields: str) -> None:
    for text in texts:
        client.post(reverse("admin:generations_prompt_change", args=[prompt.pk]), {"text": text, **fields})


def kept(prompt: Prompt) -> list[tuple[int, str]]:
    return list(prompt.versions.order_by("number").values_list("number", "text"))


def test_each_save_of_other_words_makes_a_version(admin_client: Client, staff: User) -> None:
    prompt = a_prompt(text="one")
    rewrite(admin_client, prompt, "two", "two")
    rewrite(admin_client, prompt, "two", negative_prompt="rain")
    rewrite(admin_client, prompt, "two", negative_prompt="rain", notes="nothing of it is sent")
    assert kept(prompt) == [(1, "one"), (2, "two"), (3, "two")]
    last = prompt.versions.get(number=3)
    assert (last.negative_prompt, last.by) == ("rain", staff)


def test_a_prompt_begins_with_its_first_version(admin_client: Client) -> None:
    admin_client.post(reverse("admin:generations_prompt_add"), {"text": "grey cranes"})
    assert kept(Prompt.objects.get()) == [(1, "grey cranes")]


def test_the_newest_two_are_compared_unless_the_address_names_others(admin_client: Client) -> None:
    prompt = a_prompt(text="a red fox")
    rewrite(admin_client, prompt, "a grey fox", "a grey owl")
    page = admin_client.get(versions(prompt)).content.decode()
    assert "a grey <del>fox</del><ins>owl</ins>" in page
    page = admin_client.get(versions(prompt), {"from": "1", "to": "3"}).content.decode()
    assert "a <del>red</del><ins>grey</ins> <del>fox</del><ins>owl</ins>" in page


@pytest.mark.parametrize("query", [{"from": "9"}, {"to": "9" * 18}])
def test_a_version_that_is_not_there_is_not_found(admin_client: Client, query: dict[str, str]) -> None:
    prompt = a_prompt(text="one")
    rewrite(admin_client, prompt, "two")
    assert admin_client.get(versions(prompt), query).status_code == 404


def test_a_version_says_what_was_made_from_it(admin_client: Client) -> None:
    prompt = a_prompt(text="one")
    rewrite(admin_client, prompt, "two")
    a_video(a_task(Status.STORED, prompt=prompt, prompt_text="one"))
    rows = admin_client.get(versions(prompt)).context["rows"]
    assert [(version.number, is_now, "1 clip, 0 approved" in used) for version, is_now, used in rows] == [
        (2, True, False),
        (1, False, True),
    ]


def test_a_task_names_the_version_whose_words_it_has(admin_client: Client) -> None:
    prompt = a_prompt(text="one")
    rewrite(admin_client, prompt, "two")
    tasks = [a_task(prompt=prompt, prompt_text=text) for text in ("one", "two", "words of its own")]
    assert numbered(prompt, tasks) == ["v1", "v2", ""]


def test_the_page_takes_as_many_queries_for_many_versions_as_for_few(
    admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    prompt = a_prompt(text="one")
    rewrite(admin_client, prompt, *(f"text {number}" for number in range(12)))
    admin_client.get(versions(prompt))
    with django_assert_max_num_queries(10):
        admin_client.get(versions(prompt))


def test_words_are_brought_back_as_a_new_version(buyer_client: Client, buyer: User) -> None:
    prompt = a_prompt(text="one", negative_prompt="rain")
    rewrite(buyer_client, prompt, "two")
    page = buyer_client.post(restore(prompt, 1), follow=True)
    assert "The words of version 1 are back, as version 3." in page.content.decode()
    prompt.refresh_from_db()
    assert prompt.wording == ("one", "rain")
    assert kept(prompt) == [(1, "one"), (2, "two"), (3, "one")]


def test_bringing_back_the_present_words_changes_nothing(buyer_client: Client) -> None:
    prompt = a_prompt()
    page = buyer_client.post(restore(prompt, 1), follow=True)
    assert "Nothing was changed" in page.content.decode()
    assert prompt.versions.count() == 1


def test_a_viewer_reads_versions_and_brings_none_back(admin_client: Client, viewer_client: Client) -> None:
    prompt = a_prompt(text="one")
    rewrite(admin_client, prompt, "two")
    assert "Bring back" not in viewer_client.get(versions(prompt)).content.decode()
    assert viewer_client.post(restore(prompt, 1)).status_code == 403
    prompt.refresh_from_db()
    assert prompt.text == "two"


def test_looking_at_the_address_of_a_restore_changes_nothing(admin_client: Client) -> None:
    assert admin_client.get(restore(a_prompt(), 1)).status_code == 405


def test_one_who_may_not_see_prompts_reads_no_versions(client: Client, django_user_model: type[User]) -> None:
    client.force_login(django_user_model.objects.create_user("nina", is_staff=True))
    assert client.get(versions(a_prompt())).status_code == 403

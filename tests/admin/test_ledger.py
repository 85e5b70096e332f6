"""The ledger, to read."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from generations.admin import ledger
from generations.models import Status
from tests.factories import a_task

LIST = reverse("admin:generations_ledgerentry_changelist")


def test_entries_are_told_in_the_words_of_money(admin_client: Client) -> None:
    task = a_task(Status.STORED)
    a_task(Status.FAILED)
    page = admin_client.get(LIST).content.decode()
    for words in ("Reserved", "Spent", "Released", "$0.30", "practice", task.get_absolute_url()):
        assert words in page


def test_the_list_is_the_ledger_and_counts_entries(admin_client: Client) -> None:
    a_task(Status.STORED)
    page = " ".join(admin_client.get(LIST).content.decode().split())
    assert "<h1>Ledger</h1>" in page and "2 ledger entries" in page


def test_the_list_takes_as_many_queries_for_many_rows_as_for_few(
    admin_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        a_task(Status.STORED)
    admin_client.get(LIST)
    with django_assert_max_num_queries(12):
        admin_client.get(LIST)


def test_a_task_s_entries_are_found_by_its_number(admin_client: Client) -> None:
    task = a_task(Status.RUNNING, remote_id="remote-9")
    a_task(Status.STORED, remote_id="another")
    for words in (str(task.pk), "remote-9"):
        found = admin_client.get(LIST, {"q": words}).context["cl"].result_list
        assert {entry.task_id for entry in found} == {task.pk}


@pytest.mark.parametrize("query", ["ALPHA", "{pk}", "clip {pk}", "remote-a"])
def test_search_finds_by_note_by_number_and_by_the_provider_s_id(admin_client: Client, query: str) -> None:
    task = a_task(Status.STORED, remote_id="remote-alpha")
    a_task(Status.STORED, remote_id="remote-beta")
    query = query.format(pk=task.pk)
    found = admin_client.get(LIST, {"q": query}).context["cl"].result_list
    assert {entry.task for entry in found} == {task}
    assert not admin_client.get(LIST, {"q": f"{query} 9{'9' * 30}"}).context["cl"].result_list


@pytest.mark.parametrize("most", [0, 5_000], ids=["of many tasks", "of few tasks"])
def test_entries_are_filtered_by_the_provider_or_the_model_of_their_task(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(ledger, "RARE", most)
    here, other = a_task(Status.STORED), a_task(Status.STORED, provider="apikley", model="kling-2.6")
    for query, task in (({"task__provider": "apikley"}, other), ({"task__model": here.model}, here)):
        found = admin_client.get(LIST, query).context["cl"].result_list
        assert [entry.task for entry in found] == [task, task]

"""What holds for every list: its queries do not grow with its rows, and it counts to a limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations.admin import lists
from generations.library import collections
from generations.models import (
    Action,
    AuditEntry,
    BalanceReading,
    Budget,
    Campaign,
    Collection,
    Endpoint,
    GenerationTask,
    LedgerEntry,
    Pause,
    Price,
    Prompt,
    ReferenceImage,
    Share,
    Status,
    Tag,
    Video,
)
from tests.factories import NOW, a_budget, a_campaign, a_price, a_prompt, a_task, a_video, an_image

TASKS = reverse("admin:generations_generationtask_changelist")


def a_clip(number: int) -> Video:
    """A clip as it may be: of a campaign, by a person, approved by somebody else, of a tagged prompt."""
    by = User.objects.create_user(f"person {number}")
    prompt = a_prompt(campaign=a_campaign(f"Campaign {number}"), created_by=by)
    prompt.tags.add(Tag.objects.create(name=f"tag {number}"))
    task = a_task(Status.STORED, prompt=prompt, campaign=prompt.campaign, ordered_by=by)
    return a_video(task, poster="posters/a.jpg", review="approved", reviewed_at=NOW, reviewed_by=by)


def a_task_of_each_kind(number: int) -> None:
    a_clip(number)
    a_task(list(Status)[number % len(Status)])


def a_share(number: int) -> None:
    by = User.objects.create_user(f"sharer {number}")
    kind = {"video": a_clip(number)} if number % 2 else {"collection": a_collection(number)}
    Share.objects.create(created_at=NOW, created_by=by, **kind)


def a_collection(number: int) -> Collection:
    by = User.objects.create_user(f"collector {number}")
    collection = collections.create(f"Collection {number}", at=NOW, by=by)
    collections.add(collection, [a_clip(1000 + number)])
    collections.describe(collection, name=collection.name, description="", folder=f"Folder {number}", cover=[],
                         visible=Video.objects.all())  # fmt: skip
    return collection


def a_group(number: int) -> None:
    Group.objects.create(name=f"group {number}")


def a_pause(number: int) -> None:
    Pause.objects.create(provider="apixo", model=f"model {number}", reason="402", paused_at=NOW)


def a_reading(number: int) -> None:
    BalanceReading.objects.create(provider="apixo", practice=True, at=NOW, amount=number, unit="USD")


def a_campaign_budget(number: int) -> None:
    a_budget("5", scope="campaign", campaign=a_campaign(f"Campaign {number}"))


def an_entry(number: int) -> None:
    by = User.objects.create(username=f"person {number}")
    AuditEntry.objects.record(Action.PRICED, a_price("0.30", mode=f"mode {number}"), at=NOW, by=by)


ROWS: dict[Any, Callable[[int], Any]] = {
    AuditEntry: an_entry,
    BalanceReading: a_reading,
    Budget: a_campaign_budget,
    Campaign: a_campaign_budget,
    Collection: a_collection,
    GenerationTask: a_task_of_each_kind,
    Group: a_group,
    LedgerEntry: a_clip,
    Pause: a_pause,
    Price: lambda number: a_price("0.30", mode=f"mode {number}"),
    Prompt: a_clip,
    ReferenceImage: lambda number: an_image(str(number).encode()),
    Endpoint: lambda n: Endpoint.objects.create(address=f"https://{n}.example.com/"),
    Share: a_share,
    Tag: a_clip,
    User: a_clip,
    Video: a_clip,
}
LISTS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model._meta.model_name)
def test_a_list_takes_as_many_queries_for_30_rows_as_for_2(admin_client: Client, model: Any) -> None:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    admin_client.get(address)
    for number in range(1, 3):
        ROWS[model](number)
    few = queries(admin_client, address)
    for number in range(3, 31):
        ROWS[model](number)
    assert queries(admin_client, address) == few


def queries(client: Client, address: str) -> int:
    cache.clear()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def test_a_list_counts_to_its_limit_and_offers_no_page_behind_it(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST_COUNTED", 60)
    for _ in range(61):
        a_task(Status.STORED)
    page = admin_client.get(TASKS)
    assert "60+ tasks" in page.content.decode()
    assert page.context["cl"].paginator.num_pages == 2
    assert admin_client.get(TASKS, {"p": 3}).context["cl"].page_num == 2


def test_further_pages_and_actions_keep_the_filters_of_the_address(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin.site.get_model_admin(GenerationTask), "list_per_page", 1)
    dawn = [a_task(Status.QUEUED, prompt_text="at dawn") for _ in range(2)]
    dusk = a_task(Status.QUEUED, prompt_text="at dusk")
    here = f"{TASKS}?q=dawn&status=queued"
    page = admin_client.get(here).content.decode()
    assert 'href="?p=2&amp;q=dawn&amp;status=queued"' in page
    all_that_match = {"action": "cancel", "select_across": "1", "_selected_action": [dawn[0].pk]}
    assert admin_client.post(here, all_that_match)["Location"] == here
    found = GenerationTask.objects.in_bulk()
    assert [found[task.pk].status for task in (*dawn, dusk)] == ["canceled", "canceled", "queued"]


def test_a_page_has_its_rows_in_the_order_that_people_chose(admin_client: Client) -> None:
    tasks = [a_task(Status.STORED, price_usd=price) for price in ("0.30", "0.10", "0.20")]
    column = admin.site.get_model_admin(GenerationTask).list_display.index("price") + 1
    rows = admin_client.get(TASKS, {"o": column}).context["cl"].result_list
    assert [row.pk for row in rows] == [tasks[1].pk, tasks[2].pk, tasks[0].pk]


def test_only_what_is_shown_gets_its_figures(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    page = admin.site.get_model_admin(GenerationTask)
    shown: list[int] = []
    monkeypatch.setattr(page, "attach_figures", lambda request, rows: shown.append(len(rows)))
    for _ in range(51):
        a_task(Status.STORED)
    admin_client.get(TASKS)
    admin_client.get(TASKS, {"p": 2})
    assert shown == [50, 1]

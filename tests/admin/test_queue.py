"""The queue's page and its fragment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from generations.models import Delivery, GenerationTask, Status
from tests.factories import NOW, a_prompt, a_task

PAGE, LIVE = reverse("admin:queue"), reverse("admin:queue_live")
ADDRESSES = [PAGE, LIVE]


def parts(client: Client, **query: Any) -> dict[str, set[int]]:
    found = client.get(PAGE, query).context["parts"]
    return {part.key: {row.task.pk for row in part.rows} for part in found}


def words(client: Client, path: str = PAGE, **query: Any) -> str:
    return " ".join(client.get(path, query).content.decode().split())


def one_of_each(count: int = 1) -> None:
    for _ in range(count):
        prompt, never_overdue = a_prompt(title="Harbour"), timezone.now() + timedelta(hours=1)
        for status in (Status.UNCONFIRMED, Status.QUEUED, Status.RUNNING, Status.READY):
            task = a_task(status, prompt=prompt, remote_state="generating", submitted_at=never_overdue)
            task.note("a line", at=NOW)
            Delivery.objects.create(task=task, received_at=NOW, digest="0", body='{"state": "success"}')


def test_the_page_is_at_an_address_of_its_own() -> None:
    assert PAGE == "/admin/queue/"


@pytest.mark.parametrize("path", ADDRESSES)
def test_only_who_may_view_tasks_sees_the_queue(client: Client, viewer_client: Client, viewer: User, path: str) -> None:
    assert viewer_client.get(path).status_code == 200
    viewer.user_permissions.clear()
    assert viewer_client.get(path).status_code == 403
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("path", ADDRESSES)
def test_the_page_cannot_be_posted_to(admin_client: Client, path: str) -> None:
    assert admin_client.post(path).status_code == 405


@pytest.mark.parametrize("path", ADDRESSES)
def test_many_tasks_take_as_many_queries_as_few(admin_client: Client, path: str) -> None:
    counts = []
    for more in (1, 12):
        one_of_each(more)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            admin_client.get(path)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert GenerationTask.objects.count() == 52


def test_the_fragment_has_the_parts_and_no_page_around_them(admin_client: Client) -> None:
    one_of_each()
    fragment = words(admin_client, LIVE)
    assert "<html" not in fragment
    for part in ("head", "person", "queued", "generating", "saving"):
        assert f'data-part="{part}"' in fragment
    assert 'data-moving="yes"' in fragment
    assert 'data-words="1 for a person, 1 queued, 1 generating, 1 saving"' in fragment


def test_the_page_stops_asking_when_nothing_moves(admin_client: Client) -> None:
    a_task(Status.UNCONFIRMED)
    assert 'data-moving="no"' in words(admin_client, LIVE)


def test_only_mine_leaves_the_others_rows_out_and_still_counts_them(admin_client: Client, staff: User) -> None:
    mine = a_task(Status.QUEUED, ordered_by=staff)
    a_task(Status.QUEUED)
    assert parts(admin_client, mine="1")["queued"] == {mine.pk}
    assert "1 of 2 is yours" in words(admin_client, mine="1")

"""The pages of batches: who may see and stop them, what they say, and ordering again through a receipt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations.models import Batch, GenerationTask, Status
from tests.admin.receipts import confirm, filled
from tests.factories import NOW, a_task, a_video

pytestmark = pytest.mark.django_db
Said = Callable[[Any], list[str]]


def a_batch(*statuses: Status, **changes: Any) -> Batch:
    batch = Batch.objects.create(name="Autumn", created_at=NOW, **changes)
    for status in statuses:
        task = a_task(status, order_batch=batch)
        if status == Status.STORED:
            a_video(task)
    return batch


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_several_clips_lead_to_their_batch(buyer_client: Client, said: Said) -> None:
    order = filled(takes="3", stops_batch="on")
    receipt = buyer_client.post(reverse("new_clip"), order, follow=True)
    assert "everything of this order that was not sent yet is canceled" in receipt.content.decode()
    page = confirm(buyer_client, receipt)
    batch = Batch.objects.get()
    assert page.redirect_chain[-1][0] == reverse("batch", args=[batch.pk])
    assert (batch.name, batch.stops_when_approved, batch.tasks.count()) == ("a lighthouse at dawn", True, 3)
    assert said(page) == ["3 clips ordered. $0.90 of practice money reserved; the clips may cost more."]
    assert "0 of 3 clips stored, 3 on their way." in page.content.decode()


def test_those_who_see_tasks_see_batches_and_only_those_who_order_act(
    client: Client, viewer_client: Client, buyer_client: Client
) -> None:
    batch = a_batch(Status.QUEUED, Status.FAILED)
    pages = [reverse("batches"), *(reverse(name, args=[batch.pk]) for name in ("batch", "batch_live"))]
    acts = [reverse("batch_stop", args=[batch.pk]), reverse("batch_again", args=[batch.pk, "failed"])]
    for page in pages:
        assert (client.get(page).status_code, viewer_client.get(page).status_code) == (302, 200)
        assert viewer_client.post(page).status_code == 405
    for act in acts:
        assert viewer_client.post(act).status_code == 403
        assert buyer_client.get(act).status_code == 405
        assert act not in viewer_client.get(pages[1]).content.decode()
        assert act in buyer_client.get(pages[1]).content.decode()
    assert GenerationTask.objects.filter(status=Status.QUEUED).count() == 1


def test_what_is_not_there_is_not_found(buyer_client: Client) -> None:
    batch = a_batch(Status.FAILED)
    assert buyer_client.get(reverse("batch", args=[batch.pk + 1])).status_code == 404
    assert buyer_client.post(reverse("batch_stop", args=[batch.pk + 1])).status_code == 404
    assert buyer_client.post(reverse("batch_again", args=[batch.pk, "stored"])).status_code == 404


def test_to_stop_says_what_that_saved(buyer_client: Client, said: Said) -> None:
    batch = a_batch(Status.QUEUED, Status.QUEUED, Status.RUNNING)
    page = buyer_client.post(reverse("batch_stop", args=[batch.pk]), follow=True)
    assert said(page) == ["2 clips canceled. $0.60 of practice money is free again; nothing was charged for them."]
    page = buyer_client.post(reverse("batch_stop", args=[batch.pk]), follow=True)
    assert said(page) == ["Nothing of this batch waits any more: all of it was sent. Nothing was changed."]


def test_what_failed_is_ordered_again_through_a_receipt_and_joins_the_batch(buyer_client: Client, said: Said) -> None:
    batch = a_batch(Status.FAILED, Status.LOST, Status.STORED)
    url = reverse("batch_again", args=[batch.pk, "failed"])
    receipt = buyer_client.post(url, follow=True)
    assert batch.tasks.count() == 3
    page = confirm(buyer_client, receipt)
    assert page.redirect_chain[-1][0] == reverse("batch", args=[batch.pk])
    assert batch.tasks.count() == 5
    assert "1 of 3 clips stored, 2 on their way." in page.content.decode()
    assert "left to order again" in said(buyer_client.post(url, follow=True))[0]


def test_a_task_leads_to_its_batch(buyer_client: Client) -> None:
    batch = a_batch(Status.FAILED)
    page = buyer_client.get(batch.tasks.get().get_absolute_url()).content.decode()
    assert f'<a href="{batch.get_absolute_url()}">Autumn</a>' in page


def test_the_list_says_what_became_of_each_and_can_show_only_mine(buyer_client: Client, buyer: Any) -> None:
    a_batch(Status.STORED)
    mine = a_batch(Status.QUEUED, by=buyer)
    both = buyer_client.get(reverse("batches"))
    assert [figures.total for _, figures, _ in both.context["rows"]] == [1, 1]
    only = buyer_client.get(reverse("batches"), {"mine": "1"})
    assert [batch for batch, _, _ in only.context["rows"]] == [mine]


def test_without_a_batch_the_list_leads_to_a_new_clip(buyer_client: Client) -> None:
    assert f'href="{reverse("new_clip")}"' in buyer_client.get(reverse("batches")).content.decode()


def test_the_number_of_queries_does_not_grow(buyer_client: Client) -> None:
    batch = a_batch(Status.STORED, Status.QUEUED)
    urls = [reverse("batches"), reverse("batch", args=[batch.pk])]
    before = [queries_of(buyer_client, url) for url in urls]
    for status in (Status.STORED, Status.STORED, Status.QUEUED, Status.FAILED):
        task = a_task(status, order_batch=batch)
        if status == Status.STORED:
            a_video(task)
        a_batch(status)
    assert [queries_of(buyer_client, url) for url in urls] == before

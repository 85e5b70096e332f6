"""Failed orders by kind, and one receipt that tries all of a kind again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from generations.admin import queue_again
from generations.admin.queue_again import Kind
from generations.models import GenerationTask, Status
from tests.admin.receipts import confirm
from tests.factories import a_task

PAGE, AGAIN = reverse("admin:queue"), reverse("admin:queue_again")


def a_failure(kind: str = "provider", *, days: float = 0, **changes: Any) -> GenerationTask:
    at = timezone.now() - timedelta(days=days)
    return a_task(Status.FAILED, error_kind=kind, finished_at=at, **changes)


def test_failures_of_the_last_week_are_counted_by_kind(db: None) -> None:
    for kind, days in (("provider", 0), ("provider", 6), ("content", 1), ("provider", 8)):
        a_failure(kind, days=days)
    a_task(Status.QUEUED, retry_of=a_failure("unknown"))
    assert queue_again.kinds(at=timezone.now()) == [Kind("provider", 2), Kind("content", 1)]


def test_the_page_says_what_helps_and_offers_no_retry_that_would_be_refused(buyer_client: Client) -> None:
    for kind in ("provider", "provider", "content"):
        a_failure(kind)
    page = buyer_client.get(PAGE).content.decode()
    assert "The provider had a problem. Try again later." in page
    assert "Try all 2 again" in page
    assert "A content filter refused the prompt" in page
    assert page.count(f'action="{AGAIN}"') == 1


def test_all_of_a_kind_are_tried_again_through_one_receipt(buyer_client: Client) -> None:
    failures = [a_failure() for _ in range(3)]
    other = a_failure("unknown")
    receipt = buyer_client.post(AGAIN, {"kind": "provider"}, follow=True)
    assert not GenerationTask.objects.filter(status=Status.QUEUED).exists()
    confirm(buyer_client, receipt)
    retried = GenerationTask.objects.filter(status=Status.QUEUED).values_list("retry_of", flat=True)
    assert set(retried) == {task.pk for task in failures}
    assert not other.retries.exists()


def test_more_than_one_receipt_holds_are_offered_as_the_newest(monkeypatch: Any, buyer_client: Client) -> None:
    monkeypatch.setattr(queue_again, "MAX_RETRIES", 2)
    oldest, *newest = (a_failure() for _ in range(3))
    assert "Try the newest 2 again" in buyer_client.get(PAGE).content.decode()
    confirm(buyer_client, buyer_client.post(AGAIN, {"kind": "provider"}, follow=True))
    assert [task.retries.count() for task in (oldest, *newest)] == [0, 1, 1]


def test_what_must_be_changed_first_is_not_ordered_by_address_either(buyer_client: Client, said: Any) -> None:
    a_failure("content")
    for data in ({"kind": "content"}, {"kind": "moon"}, {"kind": "x" * 99}):
        response = buyer_client.post(AGAIN, data, follow=True)
        assert said(response) == ["None of these can be tried again. Nothing was charged."]
    assert GenerationTask.objects.count() == 1


def test_who_may_only_look_is_offered_nothing_and_refused(viewer_client: Client) -> None:
    a_failure()
    assert AGAIN not in viewer_client.get(PAGE).content.decode()
    assert viewer_client.post(AGAIN, {"kind": "provider"}).status_code == 403
    assert viewer_client.get(AGAIN).status_code == 405

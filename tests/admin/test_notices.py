"""The count in the header, and the list of a person's notices."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations.admin import notices
from generations.models import Notice, NoticeKind
from generations.models.notices import MOST_COUNTED
from tests.admin.conftest import person
from tests.notices.telling import fail, told

pytestmark = pytest.mark.django_db
PAGE, READ = reverse("admin:notices"), reverse("admin:notices_read")


def words(client: Client, url: str = PAGE) -> str:
    return " ".join(client.get(url).content.decode().split())


def test_the_header_counts_what_is_unread_on_every_staff_page(buyer: User, buyer_client: Client) -> None:
    assert "notices-count" not in words(buyer_client, "/admin/")
    for _ in range(2):
        fail(buyer)
    assert told(buyer) == [NoticeKind.FAILED] * 2
    for url in ("/admin/", reverse("admin:queue"), reverse("new_clip")):
        assert '<span class="notices-count">2<' in words(buyer_client, url)


def test_many_are_99_and_more(buyer: User, buyer_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(Notice.objects), "count_unread", lambda self, person: MOST_COUNTED, raising=False)
    assert ">99+<" in words(buyer_client, "/admin/")


def test_the_header_costs_one_query_however_many_there_are(buyer: User, buyer_client: Client) -> None:
    fail(buyer)
    told(buyer)

    def counts() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            buyer_client.get(reverse("batches"))
        return [each["sql"] for each in queries if "generations_notice" in each["sql"]]

    assert len(counts()) == 1
    for _ in range(5):
        fail(buyer)
    told(buyer)
    assert len(counts()) == 1


def test_the_sign_in_page_counts_nothing(client: Client) -> None:
    assert "notices-link" not in words(client, "/admin/login/")


def test_the_list_leads_to_what_each_is_about_the_newest_first(buyer: User, buyer_client: Client) -> None:
    tasks = [fail(buyer) for _ in range(2)]
    told(buyer)
    page = words(buyer_client)
    places = [page.index(f'<a href="{task.get_absolute_url()}">') for task in tasks]
    assert places[1] < places[0]


def test_the_list_has_pages(buyer: User, buyer_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "LISTED", 2)
    for _ in range(3):
        fail(buyer)
    told(buyer)
    assert "Page 1 of 2" in words(buyer_client)
    assert "Page 2 of 2" in words(buyer_client, f"{PAGE}?page=2")
    assert "Page 2 of 2" in words(buyer_client, f"{PAGE}?page=77")


def test_the_list_costs_as_many_queries_for_many_as_for_few(buyer: User, buyer_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            buyer_client.get(PAGE)
        return len(found)

    fail(buyer)
    told(buyer)
    few = queries()
    for _ in range(5):
        fail(buyer)
    told(buyer)
    assert queries() == few


def test_all_are_read_up_to_what_was_shown(buyer: User, buyer_client: Client) -> None:
    fail(buyer)
    told(buyer)
    shown = buyer_client.get(PAGE).context["newest"].pk
    fail(buyer)
    told(buyer)
    buyer_client.post(READ, {"up_to": shown})
    assert list(Notice.objects.unread(buyer).values_list("pk", flat=True)) == [Notice.objects.latest("pk").pk]


def test_one_is_read_alone_and_only_ones_own(buyer: User, buyer_client: Client) -> None:
    other = person("other", "view_generationtask")
    for each in (buyer, buyer, other):
        fail(each)
    told(buyer)
    theirs = Notice.objects.get(person=other)
    mine = Notice.objects.filter(person=buyer).latest("pk")
    for notice in (mine, theirs):
        buyer_client.post(READ, {"notice": notice.pk})
    assert set(Notice.objects.exclude(read_at=None)) == {mine}


@pytest.mark.parametrize("sent", [{}, {"up_to": "x"}, {"notice": "9" * 30}, {"up_to": "-1"}])
def test_what_names_no_notice_changes_nothing(buyer: User, buyer_client: Client, sent: dict[str, Any]) -> None:
    fail(buyer)
    told(buyer)
    assert buyer_client.post(READ, sent).status_code == 302
    assert Notice.objects.count_unread(buyer) == 1


def test_who_was_told_nothing_reads_when_they_would_be(viewer_client: Client) -> None:
    assert "There is no notice for you." in words(viewer_client)

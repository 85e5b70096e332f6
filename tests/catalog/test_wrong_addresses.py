"""An address that asks a page for what it does not offer is answered by 400 and the name of what is wrong."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from generations.models import Collection, Status
from tests.factories import NOW, a_prompt, a_task, a_video

pytestmark = pytest.mark.django_db
# Lists of the catalog and the admin that are no model's, and a name that each of them offers, once.
LISTS = {
    "/": "sort", "/collections/": "", "/collections/reel/": "", "/shots/{shot}/": "", "/mentions/": "",
    "/searches/": "", "/links/": "", "/admin/search/": "q", "/admin/queue/": "mine", "/admin/queue/live/": "mine",
    "/admin/batches/": "page", "/admin/notices/": "page", "/admin/generations/reports/": "money",
    "/admin/generations/reports/prompts/": "money", "/admin/generations/reports/providers/": "money",
    "/admin/generations/reports/statement/": "money",
}  # fmt: skip
UNKNOWN = ("prompt_text__regex", "task__prompt_text__regex", "password", "id__in", "__", "page__gt", "<b>", "a\0")
WRONG = [
    ("/", {"before": "x"}, "before"), ("/", {"after": "1"}, "after"), ("/", {"before": "x", "after": "y"}, "before"),
    ("/", {"sort": "sideways"}, "Sort"), ("/", {"rating": "(a|a)*$x"}, "Rating"),
    ("/links/new/", {"video": "x"}, "video"), ("/links/new/", {"collection": "a\0"}, "collection"),
    ("/links/new/", {"search": "sort=sideways"}, "sort"),
    ("/admin/batches/", {"page": "0"}, "page"), ("/admin/batches/", {"page": "a"}, "page"),
    ("/admin/notices/", {"page": "-1"}, "page"), ("/admin/notices/", {"page": "9" * 30}, "page"),
    ("/admin/queue/", {"mine": "2"}, "mine"), ("/admin/search/", {"q": "a\0"}, "q"),
    ("/admin/new/", {"video": "x"}, "video"), ("/admin/new/", {"like": "-1"}, "like"),
    ("/admin/new/", {"instead": "²"}, "instead"),
    ("/admin/generations/prompt/{prompt}/versions/", {"from": "one"}, "from"),
    ("/admin/generations/reports/", {"table": "nothing"}, "table"),
    ("/admin/generations/reports/", {"table": "days", "file": "exe"}, "file"),
    ("/admin/generations/reports/statement/", {"money": "false"}, "money"),
    ("/admin/autocomplete/", {"app_label": "generations", "model_name": "prompt", "field_name": "tags", "page": "x"},
     "page"),
    ("/admin/generations/video/", {"task__prompt_text__regex": "x"}, "task__prompt_text__regex"),
]  # fmt: skip


@pytest.fixture
def paths() -> dict[str, Any]:
    prompt = a_prompt()
    prompt.text += " again"
    prompt.save()
    video = a_video(a_task(Status.STORED, prompt=prompt))
    Collection.objects.create(name="Reel", slug="reel", created_at=NOW)
    return {"shot": video.shot_id, "prompt": prompt.pk}


@pytest.mark.parametrize("address", LISTS)
def test_a_list_takes_the_names_that_it_offers_and_no_others(
    address: str, admin_client: Client, paths: dict[str, Any]
) -> None:
    path = address.format(**paths)
    assert admin_client.get(path).status_code == 200
    for name in UNKNOWN:
        answer = admin_client.get(f"{path}?{urlencode({name: '(a|a)*$x'})}")
        assert (answer.status_code, "does not offer" in answer.content.decode()) == (400, True), name
        assert "<b>" not in answer.content.decode()


@pytest.mark.parametrize(("address", "query", "named"), WRONG)
def test_a_value_of_another_form_is_named(
    address: str, query: dict[str, str], named: str, admin_client: Client, paths: dict[str, Any]
) -> None:
    answer = admin_client.get(f"{address.format(**paths)}?{urlencode(query)}")
    assert (answer.status_code, named in answer.content.decode()) == (400, True)


@pytest.mark.parametrize("address", [address for address, name in LISTS.items() if name and "reports" not in address])
def test_a_name_that_stands_twice_is_answered(address: str, admin_client: Client) -> None:
    sent = {"sort": "newest", "page": "1", "mine": "1", "q": "fox"}[LISTS[address]]
    answer = admin_client.get(f"{address}?{urlencode([(LISTS[address], sent)] * 2)}")
    assert answer.status_code == (200 if address == "/" else 400)  # two ways to sort are one


def test_a_row_that_is_not_there_is_not_found(admin_client: Client, paths: dict[str, Any]) -> None:
    for address in (
        "/admin/new/?video=999", "/admin/new/?like=999", "/links/new/?video=999", "/links/new/?collection=none",
    ):  # fmt: skip
        assert admin_client.get(address).status_code == 404, address


def test_a_site_with_debug_shows_the_same_page(settings: Any, admin_client: Client) -> None:
    settings.DEBUG = True
    answer = admin_client.get("/?before=x")
    assert (answer.status_code, "“before”" in answer.content.decode()) == (400, True)

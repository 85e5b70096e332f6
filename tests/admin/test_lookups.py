"""The address of a list asks only for what its page offers: everything else is 400 with words, and no query."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations.admin.lookups import OfferedLookups
from generations.models import Status
from tests.factories import a_prompt, a_task, a_video

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
HUGE, NUL = "9" * 30, "a\0b"


def hostile(model: type[models.Model]) -> list[str]:
    """Addresses that no page of ours leads to."""
    page = admin.site.get_model_admin(model)
    names = [field.name for field in model._meta.get_fields() if not field.is_relation]
    lookups = [f"{name}__{how}" for name in names for how in ("regex", "iregex", "startswith", "contains", "gt", "in")]
    across = [
        "password", "password__startswith", "entries__note__contains", "user__password__startswith", "pk__in", "__",
        "created_by__password__regex", "task__prompt_text__regex", "groups__user__password__gt", "id__in__in", "id__",
    ]  # fmt: skip
    found = [{name: "(a|a)*$x"} for name in [*lookups, *across] if name != "id__in"]
    found += [{"id__in": value} for value in ("a", HUGE, "1,,2", NUL, ",".join("1" * 2000))]
    found += [{"p": value} for value in ("a", "-1", "0", HUGE, NUL)] + [{"q": NUL}, {"o": NUL}, {NUL: "1"}]
    found += [{"_to_field": "password"}, {"status__exact": "queued"}]
    if day := page.date_hierarchy:
        years = ("9999", "0", "a", HUGE, NUL, "-1", "1e3")
        found += [{f"{day}__year": value} for value in years] + [{f"{day}__year": "2026", f"{day}__month": "13"}]
        found += [{f"{day}__year": "2026", f"{day}__month": "2", f"{day}__day": "31"}, {f"{day}__gte": "2026-01-01"}]
    return [urlencode(each) for each in found]


def test_every_list_of_the_admin_takes_only_what_it_offers() -> None:
    assert all(isinstance(page, OfferedLookups) for page in admin.site._registry.values())


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.model_name)
def test_a_hostile_address_is_answered_by_400_and_is_in_no_query(
    model: type[models.Model], admin_client: Client
) -> None:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    wrong = {}
    for query in hostile(model):
        with CaptureQueriesContext(connection) as asked:
            answer = admin_client.get(f"{address}?{query}")
        assert not [each["sql"] for each in asked if "(a|a)" in each["sql"]], query
        if answer.status_code != 400 or "does not offer" not in answer.content.decode():
            wrong[query] = answer.status_code
    assert not wrong


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.model_name)
def test_each_filter_takes_its_own_values_in_any_number_and_no_others(
    model: type[models.Model], admin_client: Client
) -> None:
    page = admin.site.get_model_admin(model)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    cl = admin_client.get(address).context["cl"]
    links = {choice["query_string"] for spec in cl.filter_specs for choice in spec.choices(cl)} | {"?p=9", "?o=-1.2.x"}
    assert {link: admin_client.get(address + link).status_code for link in links} == dict.fromkeys(links, 200)
    offered: list[str] = [name for spec in cl.filter_specs for name in spec.expected_parameters() if name]
    if page.date_hierarchy:
        offered += [f"{page.date_hierarchy}__{part}" for part in ("year", "month", "day")]
    for name in offered:
        for values in ([HUGE], [NUL], ["banana"], ["-1"], ["1", "banana"], ["", "0"], ["(a|a)*$x"]):
            query = urlencode({name: values}, doseq=True)
            assert admin_client.get(f"{address}?{query}").status_code in (200, 400), query


@pytest.mark.parametrize(
    "query", ["status=banana", "practice__exact=banana", "favourites=1", "archived=never", "tags__id__exact=x"]
)
def test_a_value_that_the_filter_does_not_offer_is_refused(query: str, admin_client: Client) -> None:
    lists = {"status": "generationtask", "practice__exact": "video"}
    name = lists.get(query.partition("=")[0], "prompt")
    assert admin_client.get(f"/admin/generations/{name}/?{query}").status_code == 400


def test_our_own_links_are_followed(admin_client: Client) -> None:
    task = a_task(Status.STORED)
    for query in (
        f"id__in={task.pk},77",
        f"prompt={task.prompt_id}",
        "order_batch=5",
        "status=person&practice__exact=1",
    ):
        assert admin_client.get(f"/admin/generations/generationtask/?{query}").status_code == 200, query


def test_other_readers_of_a_list_refuse_the_same(admin_client: Client) -> None:
    a_prompt(), a_video()
    for address in (
        "/admin/generations/generationtask/live/", "/admin/generations/prompt/export.csv",
        "/admin/generations/auditentry/export.csv",
    ):  # fmt: skip
        assert admin_client.get(f"{address}?id__regex=(a|a)*$x").status_code == 400, address


def test_a_choice_of_rows_that_cannot_be_ids_is_refused(admin_client: Client) -> None:
    sent = {"action": "delete_selected", "_selected_action": ["1", "x"], "index": "0"}
    for model in REGISTERED:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert admin_client.post(address, sent).status_code in (400, 403), address


@pytest.mark.parametrize("page", ["change", "delete", "history"])
@pytest.mark.parametrize(("field", "status"), [("", 200), ("password", 400), ("text", 400), ("x", 400)])
def test_a_row_is_named_by_its_number_alone(page: str, field: str, status: int, admin_client: Client) -> None:
    answer = admin_client.get(f"/admin/generations/prompt/{a_prompt().pk}/{page}/?_to_field={field}")
    assert answer.status_code == (200 if page == "history" else status)  # which reads no such name

"""The base of pages that change nothing."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from generations.admin.base import NameFilter, ReadOnlyAdmin
from generations.models import LedgerEntry, Status
from tests.factories import a_task


def test_no_right_opens_what_is_read_only(staff: User) -> None:
    page = ReadOnlyAdmin(LedgerEntry, admin.site)
    request = RequestFactory().get("/")
    request.user = staff
    assert page.has_view_permission(request)
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)


def test_a_filter_offers_models_under_their_names_and_asks_nothing(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    a_task(Status.STORED), a_task(Status.STORED, model="kling-2-6")
    tasks = admin_client.get("/admin/generations/generationtask/?model=kling-2-6").context["cl"]
    assert [task.model for task in tasks.result_list] == ["kling-2-6"]
    spec = next(spec for spec in tasks.filter_specs if isinstance(spec, NameFilter) and spec.field_path == "model")
    with django_assert_num_queries(0):
        choices = list(spec.choices(tasks))
    assert [each["display"] for each in choices if each["selected"]] == ["Kling 2.6"]
    assert "Kling 2.1" in [each["display"] for each in choices]

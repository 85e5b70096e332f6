"""The base of pages that change nothing."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory

from generations.admin.base import ReadOnlyAdmin
from generations.models import LedgerEntry


def test_no_right_opens_what_is_read_only(staff: User) -> None:
    page = ReadOnlyAdmin(LedgerEntry, admin.site)
    request = RequestFactory().get("/")
    request.user = staff
    assert page.has_view_permission(request)
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)

"""Whoever looks at the page that is being drawn, whose links lead only where that person may go."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from generations.models import Person

logger = logging.getLogger(__name__)

_viewer: ContextVar[Person | AnonymousUser | None] = ContextVar("viewer", default=None)


class Viewer:
    """Remember who asks while a request is answered: the columns and fields of the admin are drawn without it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = _viewer.set(request.user)
        try:
            return self.get_response(request)
        finally:
            _viewer.reset(token)


def may_enter(request: HttpRequest) -> bool:
    """Return whether whoever asks is staff; the log names other people who are signed in and come to staff's pages."""
    may = AdminSite.has_permission(admin.site, request)
    if not may and request.user.is_authenticated and request.path != reverse("admin:login"):
        person = request.user
        logger.warning("%s (number %s) is no staff, and was refused %s", person, person.pk, request.path)
    return may


def may_open(model: Any) -> bool:
    """Return whether the viewer may see the rows of a model in the admin; outside of a request nobody is refused."""
    person, meta = _viewer.get(), model._meta
    names = (f"{meta.app_label}.{get_permission_codename(verb, meta)}" for verb in ("view", "change"))
    return person is None or any(person.has_perm(name) for name in names)

"""How large the body of a request may be; a larger one is refused before anything of it is read."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import Error
from django.http import HttpRequest, HttpResponse, parse_cookie
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve

from generations.media.images import MAX_IMAGE_BYTES
from generations.webhooks import BODY_MAX_BYTES

MOST = 1_000_000  # bytes, wherever nothing else is said, and of everybody who is not signed in
TEXTS = 2_500_000  # a CSV or XLSX, or the rows that a preview sends back; Django's own limit for texts is 5 % above
PICTURES = 2 * MAX_IMAGE_BYTES + TEXTS
LIMITS = {
    "webhook": BODY_MAX_BYTES,
    "new_clip": PICTURES,
    "admin:generations_prompt_generate": PICTURES,
    "new_clip_rows": TEXTS,
    "admin:generations_prompt_import": TEXTS,
}
LEAST, LARGEST = min(LIMITS.values()), max(LIMITS.values())


class BodyLimit:
    """Refuse a body by its Content-Length, before CSRF and views parse it; Django reads no body without one.

    It stands behind the sessions, as strangers may send less; what reads a body comes later, with the view.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0  # as Django reads it
        if length > LEAST:
            most = limit(request.path_info, is_known=lambda: request.user.is_authenticated)
            if length > most:
                return refused(request, most)
        return self.get_response(request)


def limit(path: str, *, is_known: Callable[[], bool]) -> int:
    """Return how many bytes may be sent to an address; `is_known` says whether by a person who is signed in."""
    try:
        most = LIMITS.get(resolve(path).view_name, MOST)
    except Resolver404:
        most = MOST
    return most if most <= MOST or is_known() else MOST


def is_session(cookies: str) -> bool:
    """Return whether a Cookie header names a session of somebody who signed in; the web server asks before it reads."""
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
    if not key:
        return False
    try:
        return SESSION_KEY in import_module(settings.SESSION_ENGINE).SessionStore(key).load()
    except Error:
        return False


def refused(request: HttpRequest, most: int) -> HttpResponse:
    size = f"{most / 1_000_000:g} MB" if most >= MOST else f"{most // 1024} KiB"
    return render(request, "413.html", {"size": size}, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

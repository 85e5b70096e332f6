"""Browsers in which a person has signed in before: their tries are counted apart from those of strangers.

So whoever guesses at a password does not keep its owner out. A signed cookie names the browser and, for each account,
a mark of its password: a new password makes all of them strangers again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

SALT = "generations.known_browsers"
AGE = timedelta(days=180)  # since the last sign-in
MOST_ACCOUNTS = 8  # of one browser; the one that signed in first makes room


class KnownBrowsers:
    """Give a browser its cookie when somebody has signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if person := getattr(request, "just_signed_in", None):
            browser, marks = _read(request)
            marks.pop(str(person.pk), None)
            marks[str(person.pk)] = _mark(person)
            kept = dict(list(marks.items())[-MOST_ACCOUNTS:])
            response.set_cookie(
                cookie_name(), signing.dumps([browser or secrets.token_hex(8), kept], salt=SALT), max_age=AGE,
                secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax",
            )  # fmt: skip
        return response


def cookie_name() -> str:
    return f"{settings.COOKIE_PREFIX}known_browser"


def known_as(request: HttpRequest, username: str) -> str:
    """Return the browser's own name, if the account of this name has signed in there with its present password."""
    browser, marks = _read(request)
    person = get_user_model().objects.filter(username=username.replace("\0", "")).first() if marks else None
    mark = marks.get(str(person.pk), "") if person else ""
    return browser if person and constant_time_compare(mark, _mark(person)) else ""


def _read(request: HttpRequest) -> tuple[str, dict[str, str]]:
    try:
        browser, marks = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=AGE)
    except signing.BadSignature:
        return "", {}
    return browser, marks


def _mark(person: Any) -> str:
    """Return what only this password of this account gives."""
    return salted_hmac(SALT, f"{person.pk}:{person.password}", algorithm="sha256").hexdigest()[:32]

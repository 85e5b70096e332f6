"""Sessions in the database that end after SESSION_COOKIE_AGE of silence, at the price of one write an hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

RENEWED = timedelta(hours=1)  # so long after its last write a session is written again


class SessionStore(db.SessionStore):
    """Django's sessions, which also know until when they last."""

    ends_at: datetime | None = None  # set once its row was read

    def _get_session_from_db(self) -> Session | None:
        session: Session | None = super()._get_session_from_db()  # type: ignore[misc]
        self.ends_at = session.expire_date if session else None
        return session


class RenewSession:
    """Have a session last longer when its person did something; what a page polls by itself does not count."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        session: Any = request.session
        age = timedelta(seconds=settings.SESSION_COOKIE_AGE)
        if session.ends_at and not is_poll(request):
            left = session.ends_at - timezone.now()
            if not age - RENEWED < left <= age:  # or it is from before, when sessions lasted longer
                session.modified = True
        return response


def is_poll(request: HttpRequest) -> bool:
    """Return whether a script of a page sent this; browsers say so on https and on this machine."""
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return request.method == "GET" and mode != "navigate"

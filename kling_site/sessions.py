"""Sessions in the database: they end after SESSION_COOKIE_AGE of silence, and LIFETIME after the sign-in at the latest.

Silence costs one write an hour.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from generations.models.sessions import SIGNED_IN, Session

LIFETIME = timedelta(days=30)  # since the sign-in, whatever is done meanwhile
RENEWED = timedelta(hours=1)  # so long after its last write a session is written again


class SessionStore(db.SessionStore):
    """Django's sessions, which also know whose they are and until when they last."""

    ends_at: datetime | None = None  # set once its row was read

    @classmethod
    def get_model_class(cls) -> type[Any]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.person_id = data.get(SESSION_KEY)
        return row

    def get_session_cookie_age(self) -> int:
        """Return how many seconds of silence the session lasts."""
        seconds: int = settings.SESSION_COOKIE_AGE
        if signed_in := self.get(SIGNED_IN):
            seconds = min(seconds, int(signed_in[0] + LIFETIME.total_seconds() - timezone.now().timestamp()))
        return seconds

    def _get_session_from_db(self) -> Any:
        session: Any = super()._get_session_from_db()  # type: ignore[misc]
        self.ends_at = session.expire_date if session else None
        return session


class RenewSession:
    """Have a session last longer when its person did something; what a page polls by itself does not count."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        session: Any = request.session
        if session.ends_at and not is_poll(request):
            age = timedelta(seconds=session.get_session_cookie_age() + 1)  # it is rounded down
            left = session.ends_at - timezone.now()
            if not age - RENEWED < left <= age:  # or it is from before, when sessions lasted longer
                session.modified = True
        return response


def is_poll(request: HttpRequest) -> bool:
    """Return whether a script of a page sent this; browsers say so on https and on this machine."""
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return request.method == "GET" and mode != "navigate"

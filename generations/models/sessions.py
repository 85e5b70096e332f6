"""Sessions of the site: Django's, with a column that says whose each is, so that a person's can be listed and ended."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models

from generations.models.people import Person

SIGNED_IN = "signed_in"  # in a session: when (seconds since 1970), from which address and with which browser


class SessionManager(BaseSessionManager["Session"]):
    def open_of(self, person: Person, *, at: datetime) -> models.QuerySet[Session]:
        """Return the sessions in which a person is signed in."""
        return self.filter(person=person, expire_date__gt=at)

    def end(self, person: Person, *, but: str | None = None) -> int:
        """Sign a person out of all browsers, but for that of one session's key; return of how many."""
        return self.filter(person=person).exclude(session_key=but or "").delete()[0]


class Session(AbstractBaseSession):
    """What the site remembers of a browser; `person` is who is signed in there."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")

    objects = SessionManager()  # type: ignore[misc]

    def __str__(self) -> str:
        return str(self.person or "-")  # not its key, by which anybody could go on with it

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_module(settings.SESSION_ENGINE).SessionStore

"""Words for a person's next page, in a cookie whose name is that of the site's other cookies."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class InCookie(CookieStorage):
    """Django's cookie of messages, under the site's prefix."""

    @property
    def cookie_name(self) -> str:  # type: ignore[override]
        return f"{settings.COOKIE_PREFIX}messages"


class Messages(FallbackStorage):
    """Django's storage: a cookie, and the session for what is too long for one."""

    storage_classes = (InCookie, SessionStorage)

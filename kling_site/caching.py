"""Who may keep a page: of people who are signed in, their own browser alone."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control


class PrivatePages:
    """Mark what is sent to whoever has a session, where the view says nothing of its own: no browser writes it down.

    Lists and pages of clips say `no-cache` instead (catalog/access.py): a browser asks again before it shows one, but
    going back and forward stays at once, which `no-store` would end.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.COOKIES.get(settings.SESSION_COOKIE_NAME):
            return response
        if "Cache-Control" not in response:
            patch_cache_control(response, private=True, no_cache=True, no_store=True)
        if request.session.is_empty():
            forget(response)
        return response


def forget(response: HttpResponseBase) -> None:
    """Have a browser forget what it kept of a session that has ended: by signing out, or by silence.

    Its cookies of the language and of being known stay; they say nothing that the next person must not know.
    """
    response["Clear-Site-Data"] = '"cache", "storage"'
    if (messages := f"{settings.COOKIE_PREFIX}messages") not in response.cookies:
        response.delete_cookie(messages)

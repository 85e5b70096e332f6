"""What every answer carries, whoever made it, and which requests nobody needs to look at."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware

METHODS = ("GET", "HEAD", "POST")
# Programs ask these, with a secret in the address: a redirect to https would hide that they send it for all to read.
OF_PROGRAMS = re.compile(r"/(webhooks|reference|feeds)/")
# On what the web server answers by itself, when it cannot read a request.
OF_THE_SERVER = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class EveryAnswer:
    """Django's headers and ours, also where Django's own middleware is not reached: a wrong host fails within it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.add_headers = SecurityMiddleware(get_response).process_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: Any = refused(request) or self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return self.add_headers(request, response)


def refused(request: HttpRequest) -> HttpResponse | None:
    """Refuse methods that no page has, and programs that come without TLS."""
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if settings.BEHIND_TLS and not request.is_secure() and OF_PROGRAMS.match(request.path_info):
        return HttpResponseForbidden("Use https.\n", content_type="text/plain; charset=utf-8")
    return None

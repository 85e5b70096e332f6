"""Addresses that ask a page for what it does not offer: an unknown name, a name twice, or a value of another form.

They are answered by 400 and a page that names what is wrong. A row that is not there is answered by 404.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

View = Callable[..., HttpResponseBase]
NUMBER = re.compile(r"\d{1,18}", re.ASCII)  # what a column of ids takes
PAGE = re.compile(r"[1-9]\d{0,17}", re.ASCII)
YES = re.compile("1")
ANYTHING = re.compile(r"[^\0]*", re.DOTALL)
MOST_SHOWN = 40  # characters of a name that the page repeats


class WrongAddress(BadRequest):
    """An address asks for what its page does not offer; `name` is what it names so, if one can say it."""

    def __init__(self, name: str = "") -> None:
        super().__init__(f"not offered: {name[:MOST_SHOWN]!r}")
        self.name = name


class WrongAddresses:
    """Answer a view that raises WrongAddress, on a site with DEBUG too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, WrongAddress):
            return None
        context = {"path": request.path, "name": error.name[:MOST_SHOWN]}
        return render(request, "400.html", context, status=HTTPStatus.BAD_REQUEST)


def offering(**forms: re.Pattern[str]) -> Callable[[View], View]:
    """Let an address name these alone after its `?`, each once and with a value of its form.

    Raises: WrongAddress.
    """

    def decorated(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            for name, values in request.GET.lists():
                form = forms.get(name)
                if form is None or len(values) > 1 or not all(map(form.fullmatch, values)):
                    raise WrongAddress(name)
            return view(request, *args, **kwargs)

        return checked

    return decorated


def number_named(request: HttpRequest, name: str) -> int | None:
    """Return the number that an address names so, None for none or an empty one. Raises: WrongAddress."""
    text = request.GET.get(name)
    if text and not NUMBER.fullmatch(text):
        raise WrongAddress(name)
    return int(text) if text else None

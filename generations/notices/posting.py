"""POST a webhook to an address that a person gave: only https at a public address, no redirects, 10 s at most.

A practice site also posts by http, and to this machine, where a receiver is tried out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests
import urllib3
from django.conf import settings
from requests_hardened.ip_filter import InvalidIPAddress

from generations.media.origins import Deadline, NotAllowed, Origin, any_origin, session_for
from generations.providers.addresses import is_loopback, is_private

POST_SECONDS = 10.0  # for all of it; a receiver answers first and works afterwards
PRIVATE = "its host has an address that is not public"


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of an answer, if there was one; `error` says what went wrong, without the address and its query."""

    http_status: int | None
    error: str
    seconds: float


def check_address(address: str) -> Origin:
    """Return the origin of an address to which webhooks may go. Raises: NotAllowed."""
    try:
        is_near = settings.PRACTICE and is_loopback(address)  # a receiver that one tries on the same machine
        origin = any_origin(address, near=[address] if is_near else [])
    except NotAllowed as error:
        raise NotAllowed("it is no plain https address") from error
    if not settings.PRACTICE and origin.scheme != "https":
        raise NotAllowed("it is no https address")
    if is_private(address) and not is_near:
        raise NotAllowed(PRIVATE)
    return origin


def post(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a body once; every failure becomes an Answer. What is answered is not read."""
    began = time.monotonic()
    status, error = None, ""
    try:
        status = _status(address, body, headers)
        if not 200 <= status < 300:
            error = f"the answer was {status}"
    except NotAllowed as refused:
        error = str(refused)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, InvalidIPAddress, ValueError) as failure:
        error = _words(failure)
    return Answer(status, error, round(time.monotonic() - began, 3))


def _status(address: str, body: bytes, headers: Mapping[str, str]) -> int:
    origin = check_address(address)
    with Deadline(POST_SECONDS) as deadline, session_for(origin, deadline) as session:
        # requests resolves a redirect even where it does not follow it, and reads its body without a limit.
        session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]
        answer = session.post(
            address, data=body, headers=dict(headers), stream=True, allow_redirects=False, timeout=POST_SECONDS
        )
        answer.close()
        return int(answer.status_code)


def _words(error: BaseException) -> str:
    if isinstance(error, InvalidIPAddress) or isinstance(error.__cause__ or error.__context__, InvalidIPAddress):
        return PRIVATE
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    return f"no connection, or no answer within {POST_SECONDS:g} s"

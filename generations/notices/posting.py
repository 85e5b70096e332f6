"""POST a webhook to an address that a person gave: only https at a public address, no redirects, 10 s at most.

A practice site also posts by http, and to this machine, where a receiver is tried out. Of what answers near this site
nothing is told but that it took a webhook; the log has the rest.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests
from django.conf import settings

from generations.media.origins import NO_ANSWER, Deadline, NotAllowed, Origin, any_origin, cause, session_for
from generations.providers.addresses import is_loopback, is_private

logger = logging.getLogger(__name__)

POST_SECONDS = 10.0  # for all of it; a receiver answers first and works afterwards
PRIVATE = "its host is no public address"
NOT_TAKEN = "nothing on this machine took it"


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
        is_elsewhere = is_private(address) and not is_near
    except (NotAllowed, ValueError) as error:
        raise NotAllowed("it is no plain https address") from error
    if not settings.PRACTICE and origin.scheme != "https":
        raise NotAllowed("it is no https address")
    if is_elsewhere:
        raise NotAllowed(PRIVATE)
    return origin


def post(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a body once; every failure becomes an Answer. What is answered is not read."""
    began = time.monotonic()
    status, error, host, is_near = None, "", "", False
    try:
        origin = check_address(address)
        host, is_near = origin.host, origin.private
        status = _status(origin, address, body, headers)
        if not 200 <= status < 300:
            error = f"the answer was {status}"
    except NotAllowed as refused:
        error = str(refused)
    except (*NO_ANSWER, ValueError) as failure:
        logger.info("no answer to a webhook from %s: %s", host, cause(failure))
        error = _words(failure)
    if error and is_near:
        logger.info("a webhook to %s: %s", host, error)
        return Answer(None, NOT_TAKEN, 0.0)
    return Answer(status, error, round(time.monotonic() - began, 3))


def _status(origin: Origin, address: str, body: bytes, headers: Mapping[str, str]) -> int:
    with Deadline(POST_SECONDS) as deadline, session_for(origin, deadline) as session:
        # requests resolves a redirect even where it does not follow it, and reads its body without a limit.
        session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]
        answer = session.post(
            address, data=body, headers=dict(headers), stream=True, allow_redirects=False, timeout=POST_SECONDS
        )
        answer.close()
        return int(answer.status_code)


def _words(error: BaseException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    return f"no connection, or no answer within {POST_SECONDS:g} s"

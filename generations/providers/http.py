"""One pooled Session, and what an HTTP exchange proved: sent or not, answered or not."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from generations.providers.errors import NotSent, OutcomeUnknown

USER_AGENT = "kling-studio/1.0"
CONNECT_SECONDS = 10
READ_SECONDS = 30  # between two bytes; an order is answered in a second or two, a minute of silence is an outage
ANSWER_SECONDS = 60  # for the whole body, however slowly it drips
ANSWER_MAX_BYTES = 1_000_000  # a status answer has about 1 kB
EXCERPT = 2000  # characters of an unreadable answer that are kept for people
POOL = 32  # connections kept open; the conductor asks with fewer threads


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the HTTP status, the JSON object (None when it was not one), and the text's beginning."""

    status: int
    body: dict[str, Any] | None
    excerpt: str
    retry_after_seconds: float | None


class ApiClient:
    """Talks JSON to one provider: no redirects, no retries, no proxies from the environment, one request a call."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        self.session.headers["Authorization"] = f"Bearer {api_key}"
        # max_retries=0: a POST that may have left is never sent again by the library.
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=POOL, max_retries=0))

    def get(self, path: str, **params: str) -> Answer:
        return self._exchange("GET", path, params=params)

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        return self._exchange("POST", path, json=body)

    def _exchange(self, method: str, path: str, **kwargs: Any) -> Answer:
        """Raise NotSent when provably nothing left, OutcomeUnknown when it may have."""
        try:
            response = self.session.request(
                method,
                f"{self.base_url}{path}",
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                **kwargs,
            )
            with response:
                return _answer(response)
        except requests.exceptions.InvalidURL as error:
            raise NotSent(f"not an address: {_reason(error)}") from error
        except requests.exceptions.ConnectTimeout as error:
            raise NotSent(f"no connection within {CONNECT_SECONDS} s") from error
        except requests.exceptions.RequestException as error:
            if _never_connected(error):
                raise NotSent(f"no connection: {_reason(error)}") from error
            raise OutcomeUnknown(f"the answer was lost: {_reason(error)}") from error


def _answer(response: requests.Response) -> Answer:
    """Read the body within its limits of size and time; what is too long or too slow is not an answer."""
    received = bytearray()
    deadline = time.monotonic() + ANSWER_SECONDS
    for chunk in response.iter_content(16_384):
        received += chunk
        if len(received) > ANSWER_MAX_BYTES or time.monotonic() > deadline:
            raise OutcomeUnknown(f"HTTP {response.status_code}, and an answer that is too long or too slow")
    return Answer(
        status=response.status_code,
        body=_json_object(bytes(received)),
        excerpt=received.decode("utf-8", "replace")[:EXCERPT],
        retry_after_seconds=_retry_after(response.headers.get("Retry-After", "")),
    )


def _json_object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _retry_after(header: str) -> float | None:
    """Seconds; the date form of the header is rare, and a backoff serves for it."""
    try:
        seconds = float(header)
    except ValueError:
        return None
    return min(max(seconds, 0.0), 3600.0) if seconds == seconds else None


def _never_connected(error: BaseException) -> bool:
    """Whether it failed before a connection stood: DNS, refused, unreachable, connect timeout, a bad certificate.

    Other TLS errors can also come while the answer is read, so they prove nothing.
    """
    return any(
        isinstance(cause, NewConnectionError | ConnectTimeoutError | ssl.SSLCertVerificationError)
        for cause in _causes(error)
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and those that requests and urllib3 wrapped into it, outermost first."""
    inner: object = error
    while isinstance(inner, BaseException):
        yield inner
        inner = getattr(inner, "reason", None) or next((a for a in inner.args if isinstance(a, BaseException)), None)


def _reason(error: BaseException) -> str:
    """The innermost cause's type and words, without the URL that requests puts around it."""
    *_, inner = _causes(error)
    return f"{type(inner).__name__}: {str(inner).rsplit('>: ', 1)[-1]}"[:300]

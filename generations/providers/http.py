"""Exchange JSON with a provider over one pooled Session, and tell what a failure proves: sent or not, answered?"""

from __future__ import annotations

import http.client
import io
import json
import math
import re
import socket
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError

from generations.logs import without_secrets
from generations.providers.base import storable
from generations.providers.errors import AccountProblem, FailureKind, NotSent, OutcomeUnknown, Rejected

USER_AGENT = "kling-studio/1.0"
CONNECT_SECONDS = 10  # for each of a host's addresses, and for each step of the TLS handshake
READ_SECONDS = 30  # between two bytes; an order is answered within 2 s
EXCHANGE_SECONDS = 90  # from the call to the last byte; shorter than a row's lease
ANSWER_MAX_BYTES = 1_000_000  # a status answer has about 1 kB
EXCERPT = 2000  # characters of an answer that are stored for staff
POOL = 80  # open connections to a host; the conductor has fewer threads for each provider
USABLE_KEY = re.compile(r"[!-~]+")  # characters of a header
BROKEN = (requests.RequestException, HTTPError, http.client.HTTPException, OSError, ValueError)

_give_up_at: ContextVar[float] = ContextVar("_give_up_at", default=math.inf)  # time.monotonic() of this exchange


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: its status, its JSON object (None when it is not one), and the beginning of its text."""

    status: int
    body: dict[str, Any] | None
    excerpt: str
    retry_after_seconds: float | None


class ApiClient:
    """A JSON client of one provider: no redirects, no retries, no proxies from the environment, one request a call."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._key = api_key.strip()
        self.session = _Session()
        self.session.trust_env = False
        # Not compressed, so no decompression bomb.
        self.session.headers.update(
            {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"}
        )
        self.session.headers["Authorization"] = f"Bearer {self._key}"
        # The library must never send a POST again that may have left.
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, _Adapter(pool_connections=2, pool_maxsize=POOL, max_retries=0))

    def get(self, path: str, **params: str) -> Answer:
        return self._exchange(self._prepare("GET", path, params=params))

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        return self._exchange(self._prepare("POST", path, json=body))

    def _prepare(self, method: str, path: str, **content: Any) -> requests.PreparedRequest:
        """Build the request. Raises: AccountProblem, Rejected or NotSent for what fails before a connection."""
        if not USABLE_KEY.fullmatch(self._key):
            raise AccountProblem("the API key is empty or has characters that no header can carry", code="key")
        try:
            request = self.session.prepare_request(requests.Request(method, f"{self.base_url}{path}", **content))
            self.session.get_adapter(str(request.url))  # raises for other schemes
            return request
        except requests.exceptions.InvalidJSONError as error:
            raise Rejected(f"the order cannot be written as JSON: {_reason(error)}", kind=FailureKind.INPUT) from error
        except BROKEN as error:
            raise NotSent(f"the base URL is not valid: {_reason(error)}") from error

    def _exchange(self, request: requests.PreparedRequest) -> Answer:
        """Send a request. Raises: NotSent when provably nothing left, OutcomeUnknown when it may have."""
        _give_up_at.set(time.monotonic() + EXCHANGE_SECONDS)
        try:
            with self.session.send(
                request, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False, stream=True
            ) as response:
                return self._answer(response)
        except BROKEN as error:
            if _never_connected(error):
                raise NotSent(f"no connection: {self._why(error)}") from error
            raise OutcomeUnknown(f"the answer was lost: {self._why(error)}") from error

    def _answer(self, response: requests.Response) -> Answer:
        """Read the body within its limits; if it breaks off, put what came into the error: it may hold an id."""
        received = bytearray()
        wrong = "the answer is too long"
        try:
            if response.status_code < 200:
                raise ValueError("an interim status instead of a final one")  # the rest of the body belongs to it
            while len(received) <= ANSWER_MAX_BYTES:
                chunk = response.raw.read1(16_384, decode_content=True)
                if not chunk:
                    response.raw.release_conn()
                    retry_after = response.headers.get("Retry-After", "")
                    return read_answer(response.status_code, self._masked(received), retry_after)
                received += chunk
        except BROKEN as error:
            wrong = f"the answer broke off ({self._why(error)})"
        text = _text(self._masked(received))
        raise OutcomeUnknown(f"HTTP {response.status_code}, {wrong}: {text}", code=str(response.status_code))

    def _why(self, error: BaseException) -> str:
        return self._masked(_reason(error).encode()).decode()

    def _masked(self, text: bytes | bytearray) -> bytes:
        """Mask the key, and the tokens of an order's addresses, in a provider's text: some servers repeat them."""
        # As UTF-8, with each byte that is none kept as it is.
        as_text = without_secrets(text.decode("utf-8", "surrogateescape"), self._key)
        return as_text.encode("utf-8", "surrogateescape")


def read_answer(status: int, raw: bytes, retry_after: str = "") -> Answer:
    """Return the answer with this status and body."""
    return Answer(
        status=status, body=_json_object(raw), excerpt=_text(raw), retry_after_seconds=_retry_after(retry_after)
    )


def _text(raw: bytes) -> str:
    return storable(raw.decode("utf-8", "replace"), EXCERPT)


def _json_object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw.decode("utf-8-sig"))  # from bytes it would accept UTF-16, where the key is not masked
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _retry_after(header: str) -> float | None:
    """Parse seconds; the rare date form gives None, so that a backoff serves."""
    try:
        seconds = float(header)
    except ValueError:
        return None
    return min(max(seconds, 0.0), 3600.0) if seconds == seconds else None


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None, so that no redirect is read.

        Even with allow_redirects=False, Session.send resolves a redirect: it reads the body without a limit, and
        raises a ValueError for a malformed Location.
        """


class _Reader(io.RawIOBase):
    """The socket's bytes until the exchange's deadline: the timeouts of requests begin anew with each byte."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = _give_up_at.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"not finished within {EXCHANGE_SECONDS} s")
        self._sock.settimeout(min(READ_SECONDS, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Reader(sock))


class _Connection(HTTPConnection):
    """A connection that knows whether it was ever established, and sends a POST only when it is new.

    The provider may have just closed a pooled one; whether it received an order sent into that is unknown.
    """

    response_class = _Response
    used = False

    def connect(self) -> None:
        """Connect. Raises: NewConnectionError for every failure: name, address, time, TLS, certificate."""
        try:
            super().connect()
            if time.monotonic() > _give_up_at.get():
                raise TimeoutError("connected too late to send")
        except (OSError, HTTPError, ValueError) as error:
            self.close()
            raise NewConnectionError(self, _reason(error)) from error
        self.used = False

    def request(self, method: str, *args: Any, **kwargs: Any) -> None:
        if self.used and method == "POST":
            self.close()  # http.client reconnects
        try:
            super().request(method, *args, **kwargs)
        finally:
            self.used = True


class _TLSConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


def _never_connected(error: BaseException) -> bool:
    return any(isinstance(cause, NewConnectionError) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that requests and urllib3 wrapped into it, outermost first."""
    inner: object = error
    while isinstance(inner, BaseException):
        yield inner
        reason = getattr(inner, "reason", None)
        inner = reason if isinstance(reason, BaseException) else _first_exception(inner.args)


def _first_exception(values: tuple[object, ...]) -> BaseException | None:
    return next((value for value in values if isinstance(value, BaseException)), None)


def _reason(error: BaseException) -> str:
    """Return the innermost cause's type and message, without the object that urllib3 puts first."""
    *_, inner = _causes(error)
    words = str(inner).rsplit("): ", 1)[-1]
    return storable(words if isinstance(inner, NewConnectionError) else f"{type(inner).__name__}: {words}", 300)

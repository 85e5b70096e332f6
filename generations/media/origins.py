"""Decide where results may be fetched from, and connect only there, until a deadline.

An entry is a bare host (https on port 443, public addresses only) or a full origin with its port, such as
http://127.0.0.1:8900; only a full origin may be plain http or on a private network.
"""

import re
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from types import TracebackType
from typing import Any
from urllib.parse import urljoin

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

# A provider's result host answered 403 to the default of Python's urllib.
USER_AGENT = "kling-studio/1.0"
# A CDN may redirect to a storage host; a longer chain is an error or a loop.
MAX_REDIRECTS = 3
# A healthy CDN answers within a second; after this, retrying is better than waiting.
CONNECT_SECONDS = 10
SILENCE_SECONDS = 20
# Signed result URLs have about 500 characters.
MAX_URL_LENGTH = 8_192

LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
NAME = rf"{LABEL}(?:\.{LABEL})*"
# A bare host has a dot and ends in letters: some resolvers read 127.1, 0x7f.1 and 2130706433 as addresses.
PUBLIC_NAME = re.compile(rf"(?:{LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]")
ORIGIN = re.compile(rf"(?P<scheme>https?)://(?P<host>{NAME}|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?", re.A)
# The rest of the URL; programs differ on backslashes and control characters.
REST = re.compile(r"(?:[/?#][^\\\x00-\x1f\x7f]*)?")
FULL = "nor scheme, host and port such as http://127.0.0.1:8900"

# What `get` raises where nobody answers: no name, no connection, no time, or an address that is not asked.
NO_ANSWER = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, InvalidIPAddress)


class DownloadError(Exception):
    """A result was not fetched; the text is our own, for staff, without the query of a signed URL."""


class NotAllowed(DownloadError):
    """The URL is outside of RESULT_ORIGINS: a person must check it, or add the origin."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A place to fetch from; `private` allows it to resolve to a private address."""

    scheme: str
    host: str
    port: int
    private: bool = False

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins that results may come from."""

    allowed: frozenset[Origin]

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "Origins":
        """Parse the entries of RESULT_ORIGINS, skipping blanks. Raises: ValueError, which names the bad one."""
        return cls(frozenset(_parse(entry) for entry in map(str.strip, entries) if entry))

    def check(self, url: str) -> Origin:
        """Return the origin of a URL. Raises: NotAllowed when it is not one of these."""
        scheme, host, port = _split(url)
        for origin in self.allowed:
            if (origin.scheme, origin.host, origin.port) == (scheme, host, port):
                return origin
        raise NotAllowed(f"{scheme}://{host}:{port} is not among RESULT_ORIGINS")


def any_origin(url: str, *, near: Collection[str] = ()) -> Origin:
    """Return the origin of a URL that a person gave; `near` are the origins that may be on a private network.

    Raises: NotAllowed when it is no plain web address.
    """
    origin = _split(url)
    return Origin(*origin, private=origin in map(_split, near))


def _parse(entry: str) -> Origin:
    lowered = entry.lower().removesuffix("/")
    if "://" not in lowered or lowered.startswith("https://") and lowered.count(":") == 1:
        # "https://host" means "host"; the exemption for private networks needs an explicit port.
        host = lowered.removeprefix("https://")
        if not PUBLIC_NAME.fullmatch(host):
            raise ValueError(f"RESULT_ORIGINS: {entry!r} is neither a host such as cdn.example.com {FULL}")
        return Origin("https", host, 443)
    found = ORIGIN.fullmatch(lowered)
    if not found or not found["port"] or not 0 < int(found["port"]) < 65_536:
        raise ValueError(f"RESULT_ORIGINS: {entry!r} is neither a bare host {FULL}")
    return Origin(found["scheme"], found["host"], int(found["port"]), private=True)


def _split(url: str) -> tuple[str, str, int]:
    """Split the origin off a URL strictly: refuse what two parsers might read differently."""
    end = min((url.find(mark, 8) for mark in "/?#" if mark in url[8:]), default=len(url))
    found = ORIGIN.fullmatch(url[:end].lower())
    if len(url) > MAX_URL_LENGTH or not url[:end].isascii() or not found or not REST.fullmatch(url[end:]):
        raise NotAllowed("the result's address is no plain http or https address")
    port = int(found["port"] or (443 if found["scheme"] == "https" else 80))
    return found["scheme"], found["host"], port


def shown(url: str) -> str:
    """Return the URL without its query, which may be the key of a signed URL."""
    return re.split(r"[?#]", url, maxsplit=1)[0][:200].encode("unicode_escape").decode("ascii")


def cause(error: BaseException) -> str:
    """Return what went wrong, for the log: exceptions of requests repeat the address, of which the query is a key."""
    outer = (requests.RequestException, urllib3.exceptions.HTTPError)
    while isinstance(error, outer) and (inner := error.__cause__ or error.__context__):
        error = inner
    return type(error).__name__ if isinstance(error, outer) else f"{type(error).__name__}: {error}"


class Deadline:
    """Cut every connection at a deadline.

    Timeouts of requests are for one read: a server that sends headers, TLS or body byte by byte never exceeds them. So
    a timer shuts the sockets down. It cannot end a slow name resolution.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(max(seconds, 0), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for twin in self._sockets:
                twin.close()
            self._sockets.clear()

    def left(self) -> float:
        """Return the seconds left, 0 after the deadline."""
        return 0.0 if self._over.is_set() else max(0.0, self._ends - time.monotonic())

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the deadline."""
        self._over.wait(min(seconds, self.left()))

    def watch(self, connection: socket.socket) -> None:
        """Keep a duplicate of this socket: shutting it down also ends a connection under TLS."""
        with self._lock:
            self._sockets.append(connection.dup())
        if self._over.is_set():
            self._cut()

    def _cut(self) -> None:
        self._over.set()
        with self._lock:
            for twin in self._sockets:
                with suppress(OSError):  # it has ended already
                    twin.shutdown(socket.SHUT_RDWR)


@contextmanager
def get(
    url: str, allowed: Callable[[str], Origin], deadline: Deadline, headers: Mapping[str, str] | None = None
) -> Iterator[requests.Response]:
    """Request a URL and yield the unread response; redirects are followed here, so that `allowed` judges each URL.

    Raises: NotAllowed, requests.TooManyRedirects, and whatever requests and urllib3 raise.
    """
    with ExitStack() as open_things:
        for _ in range(1 + MAX_REDIRECTS):
            session = open_things.enter_context(session_for(allowed(url), deadline))
            left = max(deadline.left(), 0.001)
            timeout = (min(CONNECT_SECONDS, left), min(SILENCE_SECONDS, left))
            answer = session.get(url, headers=headers, stream=True, allow_redirects=False, timeout=timeout)
            open_things.callback(answer.close)
            target = session.get_redirect_target(answer)
            if target is None:
                yield answer
                return
            url = urljoin(url, target)
        raise requests.TooManyRedirects(f"sent on more than {MAX_REDIRECTS} times")


class _PublicOnly(IPFilterAdapter):  # type: ignore[misc]
    """Refuse also what the filter of the library lets pass: addresses that nobody on the internet has."""

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        host, more = super().build_connection_pool_key_attributes(*args, **kwargs)
        address = ip_address(host["host"].strip("[]"))
        if not address.is_global or address.is_reserved or getattr(address, "is_site_local", False):
            raise InvalidIPAddress(address)
        return host, more


def session_for(origin: Origin, deadline: Deadline) -> requests.Session:
    """Return a session for one origin, without cookies, credentials or proxies.

    requests-hardened resolves a public host once, refuses private addresses, and connects to the resolved one.
    """
    session = requests.Session()
    session.trust_env = False  # no proxies or ~/.netrc: the filter must see the real address
    session.headers = requests.structures.CaseInsensitiveDict(
        {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
    )
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter() if origin.private else _PublicOnly(is_https_proto=origin.scheme == "https")
    adapter.poolmanager.pool_classes_by_scheme = {
        "http": _watched(HTTPConnectionPool, deadline),
        "https": _watched(HTTPSConnectionPool, deadline),
    }
    session.adapters.clear()
    session.mount(f"{origin.scheme}://", adapter)
    return session


def _watched(pool: type[HTTPConnectionPool], deadline: Deadline) -> type[HTTPConnectionPool]:
    """Return a pool whose connections end at the deadline."""

    class Connection(pool.ConnectionCls):  # type: ignore[name-defined,misc]
        def _new_conn(self) -> socket.socket:
            connection: socket.socket = super()._new_conn()
            deadline.watch(connection)
            return connection

    return type("WatchedPool", (pool,), {"ConnectionCls": Connection})

"""Decide where results may be fetched from; connect there, nowhere else, and only until a deadline.

An entry is a bare host (https on port 443, public addresses only) or a full origin with its port, such as
http://127.0.0.1:8900, which alone may be plain http or lie on a private network.
"""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

# A result host of a provider was seen to answer 403 to the default of Python's urllib.
USER_AGENT = "kling-studio/1.0"
# A CDN may send on to a storage host; a chain of more is a mistake or a loop.
MAX_REDIRECTS = 3
# A healthy CDN takes well under one second; after these another try is worth more than patience.
CONNECT_SECONDS = 10
SILENCE_SECONDS = 20
# Signed result URLs are some 500 characters long.
MAX_URL_LENGTH = 8_192

LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
NAME = rf"{LABEL}(?:\.{LABEL})*"
# A bare host has a dot, and ends in letters: 127.1, 0x7f.1 and 2130706433 are addresses to some resolvers.
PUBLIC_NAME = re.compile(rf"(?:{LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]")
ORIGIN = re.compile(rf"(?P<scheme>https?)://(?P<host>{NAME}|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?", re.A)
# What follows the origin; a backslash or a control character is read differently by different programs.
REST = re.compile(r"(?:[/?#][^\\\x00-\x1f\x7f]*)?")
FULL = "nor scheme, host and port such as http://127.0.0.1:8900"


class DownloadError(Exception):
    """A result was not fetched; the message is our own words for staff, without the query of a signed URL."""


class NotAllowed(DownloadError):
    """The URL leads outside of RESULT_ORIGINS: a person must check it, or add the origin."""


@dataclass(frozen=True, slots=True)
class Origin:
    """One place to fetch from; `private` means that it may resolve to an address that is not public."""

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
        """Read the entries of RESULT_ORIGINS, skipping blanks. Raises: ValueError, which names the bad one."""
        return cls(frozenset(_parse(entry) for entry in map(str.strip, entries) if entry))

    def check(self, url: str) -> Origin:
        """Return the origin that this URL belongs to. Raises: NotAllowed, when it is none of these."""
        scheme, host, port = _split(url)
        for origin in self.allowed:
            if (origin.scheme, origin.host, origin.port) == (scheme, host, port):
                return origin
        raise NotAllowed(f"{scheme}://{host}:{port} is not among RESULT_ORIGINS")


def any_origin(url: str, *, private: bool) -> Origin:
    """Return the origin of a URL that a person gave. Raises: NotAllowed, when it is no plain web address."""
    return Origin(*_split(url), private=private)


def _parse(entry: str) -> Origin:
    lowered = entry.lower().removesuffix("/")
    if "://" not in lowered or lowered.startswith("https://") and lowered.count(":") == 1:
        # "https://host" says no more than "host"; the exemption for private networks wants a written port.
        host = lowered.removeprefix("https://")
        if not PUBLIC_NAME.fullmatch(host):
            raise ValueError(f"RESULT_ORIGINS: {entry!r} is neither a host such as cdn.example.com {FULL}")
        return Origin("https", host, 443)
    found = ORIGIN.fullmatch(lowered)
    if not found or not found["port"] or not 0 < int(found["port"]) < 65_536:
        raise ValueError(f"RESULT_ORIGINS: {entry!r} is neither a bare host {FULL}")
    return Origin(found["scheme"], found["host"], int(found["port"]), private=True)


def _split(url: str) -> tuple[str, str, int]:
    """Take the origin off a URL, strictly: what two parsers might read in two ways is refused."""
    end = min((url.find(mark, 8) for mark in "/?#" if mark in url[8:]), default=len(url))
    found = ORIGIN.fullmatch(url[:end].lower())
    if len(url) > MAX_URL_LENGTH or not url[:end].isascii() or not found or not REST.fullmatch(url[end:]):
        raise NotAllowed("the result's address is no plain http or https address")
    port = int(found["port"] or (443 if found["scheme"] == "https" else 80))
    return found["scheme"], found["host"], port


class Deadline:
    """Cut every connection when the time is up.

    A timeout of requests is for one read: a server that sends its headers, its TLS greeting or its body byte
    by byte is never late. So a timer shuts the sockets down. What it cannot end is a slow look-up of a name.
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
        """Return the seconds left, 0 when it is over."""
        return 0.0 if self._over.is_set() else max(0.0, self._ends - time.monotonic())

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the end."""
        self._over.wait(min(seconds, self.left()))

    def watch(self, connection: socket.socket) -> None:
        """Remember a twin of this socket: shutting the twin down ends the connection under TLS, too."""
        with self._lock:
            self._sockets.append(connection.dup())
        if self._over.is_set():
            self._cut()

    def _cut(self) -> None:
        self._over.set()
        with self._lock:
            for twin in self._sockets:
                with suppress(OSError):  # it has ended by itself
                    twin.shutdown(socket.SHUT_RDWR)


@contextmanager
def get(
    url: str, allowed: Callable[[str], Origin], deadline: Deadline, headers: Mapping[str, str] | None = None
) -> Iterator[requests.Response]:
    """Get a URL and yield the answer, unread. Redirects are followed here, so that `allowed` judges each address.

    Raises: NotAllowed, requests.TooManyRedirects, and what else requests and urllib3 raise.
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


def session_for(origin: Origin, deadline: Deadline) -> requests.Session:
    """Return a session for one origin, without cookies, credentials or proxies of ours.

    requests-hardened looks a public host up once, refuses private addresses, and connects to what it saw.
    """
    session = requests.Session()
    session.trust_env = False  # neither proxies nor ~/.netrc: the filter must see the real address
    session.headers = requests.structures.CaseInsensitiveDict(
        {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
    )
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter() if origin.private else IPFilterAdapter(is_https_proto=origin.scheme == "https")
    adapter.poolmanager.pool_classes_by_scheme = {
        "http": _watched(HTTPConnectionPool, deadline),
        "https": _watched(HTTPSConnectionPool, deadline),
    }
    session.adapters.clear()
    session.mount(f"{origin.scheme}://", adapter)
    return session


def _watched(pool: type[HTTPConnectionPool], deadline: Deadline) -> type[HTTPConnectionPool]:
    """Return a pool whose connections are cut at the deadline."""

    class Connection(pool.ConnectionCls):  # type: ignore[name-defined,misc]
        def _new_conn(self) -> socket.socket:
            connection: socket.socket = super()._new_conn()
            deadline.watch(connection)
            return connection

    return type("WatchedPool", (pool,), {"ConnectionCls": Connection})

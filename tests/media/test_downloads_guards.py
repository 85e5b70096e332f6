"""Nothing is fetched but from where it may come: redirects, private addresses, certificates."""

import socket

import pytest

from generations.media.downloads import NotAllowed, Origins, TryAgain, fetch
from tests.certificates import self_signed
from tests.fetching import CLIP, FORBIDDEN, is_clip, said
from tests.fetching import canary as canary
from tests.fetching import get as get
from tests.fetching import server as server
from tests.servers import PreparedServer

# Redirects


def to(target: str) -> bytes:
    return said(b"", "302 Found", Location=target)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_within_the_origin_is_followed(status, get, server):
    assert is_clip(get(said(b"", f"{status} Elsewhere", Location="/new.mp4", Set_Cookie="a=b"), said(CLIP)))
    assert server.requests[1].startswith(b"GET /new.mp4 ")
    assert server.header("Cookie") is None


def test_redirect_to_another_listed_origin_is_followed(get, server, canary):
    listed = Origins.parse([server.url, canary.url])
    assert is_clip(get(to(canary.url + "/clip.mp4"), origins=listed))


def test_three_redirects_are_followed(get):
    assert is_clip(get(to("/1"), to("/2"), to("/3"), said(CLIP)))


def test_four_redirects_are_too_many(get, server):
    with pytest.raises(TryAgain, match="more than 3 times"):
        get(*[to("/again")] * 9)
    assert server.connections == 4


@pytest.mark.parametrize("hops", [0, 2])
def test_redirect_to_another_port_is_not_followed(hops, get, canary):
    with pytest.raises(NotAllowed):
        get(*[to("/next")] * hops, to(canary.url + "/clip.mp4?key=secret"))
    assert canary.connections == 0


@pytest.mark.parametrize(
    "spelling", ["localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "a@127.0.0.1"]
)
def test_redirect_to_another_spelling_is_not_followed(spelling, get, canary):
    with pytest.raises(NotAllowed):
        get(to(canary.url.replace("127.0.0.1", spelling)))
    assert canary.connections == 0


def reaches_elsewhere(url: str) -> bool:
    """Leave out what a Location cannot carry, and what means a path on the same server."""
    return url.isascii() and url.isprintable() and "://" in url and url == url.strip() and len(url) < 5000


@pytest.mark.parametrize("url", [url for url in FORBIDDEN if reaches_elsewhere(url)])
def test_redirect_to_a_forbidden_address_is_not_followed(url, get, server):
    with pytest.raises(NotAllowed):
        get(to(url))
    assert server.connections == 1


@pytest.mark.parametrize("url", FORBIDDEN)
def test_forbidden_address_is_not_asked(url, tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", None)
    monkeypatch.setattr(socket, "getaddrinfo", None)
    origins = Origins.parse(["cdn.example.com", "http://127.0.0.1:8900", "https://[::1]:8443"])
    with pytest.raises(NotAllowed):
        fetch(url, tmp_path / "part", origins=origins, max_bytes=10**6, deadline_seconds=5)


# Names that resolve to private addresses


@pytest.fixture
def resolver(monkeypatch):
    """Answer every look-up with these addresses, one a look-up, and count them."""
    asked: list[str] = []

    def use(*addresses: str) -> list[str]:
        answers = iter(addresses)

        def look_up(host, port, *args, **kwargs):
            asked.append(host)
            address = next(answers)
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            return [(family, socket.SOCK_STREAM, 6, "", (address, port or 443))]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return use


PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "fe80::1",
    "fc00::1",
    "fd00::1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "ff02::1",
    "::127.0.0.1",
    "::ffff:0:7f00:1",
    "fec0::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_host_with_a_private_address_is_not_allowed(address, resolver, tmp_path, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", None)
    resolver(address)
    with pytest.raises(NotAllowed, match="not public"):
        fetch(
            "https://cdn.example.com/clip.mp4?key=secret",
            tmp_path / "part",
            origins=Origins.parse(["cdn.example.com"]),
            max_bytes=10**6,
            deadline_seconds=5,
        )


def test_rebinding_name_is_looked_up_once_and_pinned(resolver, tmp_path, monkeypatch):
    """The second look-up would give a private address; the connection goes to the first."""
    went: list[object] = []

    def connect(self, address):
        went.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    asked = resolver("93.184.215.14", "93.184.215.14", "127.0.0.1")
    with pytest.raises(TryAgain):
        fetch(
            "https://cdn.example.com/clip.mp4",
            tmp_path / "part",
            origins=Origins.parse(["cdn.example.com"]),
            max_bytes=10**6,
            deadline_seconds=5,
        )
    assert went == [("93.184.215.14", 443)]
    assert asked == ["cdn.example.com", "93.184.215.14"]


# Certificates


@pytest.fixture
def secure(tmp_path):
    """A server with a certificate that nobody vouches for."""
    one = PreparedServer(certificate=self_signed(tmp_path))
    yield one
    one.stop()


def test_a_certificate_that_nobody_vouches_for_is_refused(secure, tmp_path):
    origin = secure.url.replace("127.0.0.1", "localhost")
    with pytest.raises(TryAgain, match="certificate"):
        fetch(
            origin + "/clip.mp4",
            tmp_path / "part",
            origins=Origins.parse([origin]),
            max_bytes=10**6,
            deadline_seconds=5,
        )
    assert secure.requests == []

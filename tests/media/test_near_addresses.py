"""Addresses that a person gives, of pictures, videos and webhooks: none near this site is asked, however it is spelled.

Near are the practice provider and this site's own PUBLIC_URL alone, to practice too, and a webhook's receiver then.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from generations.media.origins import USER_AGENT, Deadline, NotAllowed, any_origin, get
from generations.media.remote_images import NotSeen, WrongPicture, probe
from generations.media.remote_videos import UnusableVideo, probe_seconds
from generations.notices import posting
from generations.notices.posting import post
from generations.providers.addresses import is_loopback
from tests.clips import png
from tests.fetching import FORBIDDEN, said
from tests.servers import PreparedServer

NEAR = "http://127.0.0.1:8900"  # the practice provider
LOCAL = [
    "127.0.0.1", "127.1", "127.0.1", "127.9.9.9", "2130706433", "017700000001", "0x7f000001", "0x7F.0.0.1",
    "0177.0.0.1", "0177.0x0.0.1", "127.0.0.01", "0", "0.0.0.0", "0x0", "localhost", "LOCALHOST", "localhost.",
    "127.0.0.1.", "a.localhost", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "[::ffff:0:127.0.0.1]", "[::1%25lo]",
    "[::1%lo]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "user@127.0.0.1", "user:word@127.0.0.1", "@127.0.0.1",
    "127.0.0.1%00", "127.0.0.1%2f", "127.0.0.1\\", "127.0.0.1\t", "127.0.0.1\r\nX: y", "127.0.0.1\x00", "①②⑦.0.0.1",
    "127。0。0。1", "127.0.0.1", "ⓛocalhost", "loc\u00adalhost", "xn--localhost-", "%6c%6f%63alhost", "%31%32%37.0.0.1",
]  # fmt: skip
OTHERS = [
    "10.0.0.1", "10.1", "0x0a000001", "167772161", "172.16.0.1", "192.168.1.1", "192.168.257", "169.254.169.254",
    "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "100.64.0.1", "198.18.0.1", "192.0.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "[fc00::1]", "[fd12:3456::1]", "[fe80::1]", "[fec0::1]", "[ff02::1]",
    "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a00:1]", "metadata.google.internal", "printer.local",
    "router.lan", "fileserver", "db.internal",
]  # fmt: skip
SPELLINGS = [f"http://{host}:{{port}}/frame" for host in LOCAL + OTHERS]
SCHEMES = [f"{scheme}127.0.0.1:{{port}}/" for scheme in (
    "ftp://", "gopher://", "dict://", "file://", "ldap://", "tftp://", "unix://", "http+unix://", "jar:http://", "//",
    "", "http:", "http:/", "http:///", "http:\\\\", "HTTP://", "\thttp://", " http://", "ht\ntp://", "https://",
    "data:,",
)]  # fmt: skip


@pytest.fixture
def canary() -> Iterator[PreparedServer]:
    """A server on this machine that must not be asked."""
    one = PreparedServer()
    one.answers = itertools.repeat(said(png()))
    yield one
    one.stop()


@pytest.fixture
def far_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolve what is no address as an internal resolver would: to this machine."""
    resolve = socket.getaddrinfo

    def look_up(host: str, port: int, *args: object, **kwargs: object) -> object:
        name = host.decode() if isinstance(host, bytes) else host
        is_name = name[-1:].isalpha() and ":" not in name and not name.lower().startswith("0x")
        return resolve("127.0.0.1" if is_name else host, port, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def picture(url: str) -> str:
    with pytest.raises((NotSeen, WrongPicture)) as refused:
        probe(url, kinds=("jpg", "png"), near=[NEAR])
    return str(refused.value)


def video(url: str) -> str:
    with pytest.raises(UnusableVideo) as refused:
        probe_seconds(url, near=[NEAR])
    return str(refused.value)


def webhook(url: str) -> str:
    answer = post(url, b"{}", {})
    assert answer.http_status is None
    return answer.error


def webhook_for_real(url: str) -> str:
    return webhook(url.replace("http://", "https://", 1))


WAYS = [picture, video, webhook, webhook_for_real]


@pytest.mark.parametrize("way", WAYS)
def test_no_spelling_of_a_near_address_is_asked(
    way: Callable[[str], str], far_names: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[object] = []

    def connect(sock: socket.socket, address: object) -> None:
        went.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    port = "8911"
    settings.PRACTICE = way is webhook
    assert len(SPELLINGS + SCHEMES) >= 78
    told = set()
    for spelling in SPELLINGS + SCHEMES:
        url = spelling.format(port=port)
        if way is webhook and url.lower().startswith(("http://", "https://")) and is_loopback(url):
            continue  # a receiver that one tries at home: its answer is told below
        told.add(way(url))
    assert went == []
    assert not any(port in words or "127" in words or "root" in words for words in told)
    assert len(told) <= 4


@pytest.mark.parametrize("url", FORBIDDEN)
def test_what_may_be_read_in_two_ways_is_never_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever host these spellings name, it is connected to as the public one that it is, or not at all."""
    went: list[str] = []

    def look_up(host: object, port: int, *args: object, **kwargs: object) -> list[object]:
        went.append(str(host))
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", None)
    picture(url)
    video(url)
    assert all(each.isascii() and not set(each) & set("@\\/%\r\n\0 ") for each in went)


def test_a_redirect_to_any_spelling_is_not_followed(canary: PreparedServer, far_names: None) -> None:
    port = canary.url.rpartition(":")[2]
    for spelling in SPELLINGS + SCHEMES:
        target = spelling.format(port=port)
        if not target.isascii() or "\r" in target or "\n" in target or "\0" in target:
            continue  # no server can send it in one header
        one = PreparedServer()
        one.answers = iter([said(b"", "302 Found", Location=target)])
        with pytest.raises((NotSeen, WrongPicture)):
            probe(f"{one.url}/here", kinds=("png",), near=[one.url])
        one.stop()
    assert canary.requests == []


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], ["10.0.0.1", "93.184.215.14"], ["::1"], ["::ffff:10.0.0.1"]], ids=str
)
@pytest.mark.parametrize("way", [picture, video, webhook_for_real])
def test_a_name_that_leads_near_answers_as_one_that_does_not_exist(
    way: Callable[[str], str], answers: list[str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRACTICE = False
    monkeypatch.setattr(socket.socket, "connect", None)

    def look_up(host: str, port: int, *args: object, **kwargs: object) -> list[object]:
        if host == "nobody.example.com":
            raise socket.gaierror
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in each], socket.SOCK_STREAM, 6, "", (each, port)) for each in answers]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert way("http://inside.example.com/a.png") == way("http://nobody.example.com/a.png")


def test_a_name_is_asked_for_once_and_a_public_address_beside_a_private_one_is_pinned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    went: list[object] = []
    found = iter([["93.184.215.14", "10.0.0.1"], ["93.184.215.14"], ["10.0.0.1"]])

    def look_up(host: str, port: int, *args: object, **kwargs: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in next(found)]

    def connect(sock: socket.socket, address: object) -> None:
        went.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)
    picture("http://both.example.com/a.png")
    assert went == [("93.184.215.14", 80)]


STATUSES = ["200 OK", "204 No Content", "301 Moved", "400 Bad", "401 Who", "403 No", "404 Not Found", "410 Gone"]


def test_a_person_is_not_told_what_answered() -> None:
    """One sentence for whatever a public server answers that is no good picture, but for one that is in trouble."""
    told = set()
    for status, kind in itertools.product(STATUSES, ["text/html", "application/json", "image/png"]):
        one = PreparedServer()
        one.answers = iter([said(b"SSH-2.0", status, Content_Type=kind)])
        with pytest.raises(WrongPicture) as refused:
            probe(f"{one.url}/here", kinds=("jpg", "png"), near=[one.url])
        told.add(str(refused.value))
        one.stop()
    assert told == {"no picture that can be used: jpg or png of at most 10 MB"}


def test_nothing_near_tells_a_practice_site_more_than_that_it_took_a_webhook() -> None:
    told = set()
    for status in [*STATUSES[2:], "500 Oh"]:
        one = PreparedServer()
        one.answers = iter([said(b"", status)])
        answer = post(f"{one.url}/hook", b"{}", {})
        told.add((answer.http_status, answer.error, answer.seconds))
        one.stop()
    closed = post(f"{one.url}/hook", b"{}", {})
    assert told == {(closed.http_status, closed.error, closed.seconds)} == {(None, posting.NOT_TAKEN, 0.0)}


def test_only_plain_web_addresses_are_asked_and_nothing_is_given_away(canary: PreparedServer) -> None:
    with Deadline(5) as deadline, get(f"{canary.url}/a", lambda url: any_origin(url, near=[canary.url]), deadline):
        head = canary.requests[0].decode().lower()
    assert "cookie" not in head
    assert "authorization" not in head
    assert USER_AGENT in head
    with pytest.raises(NotAllowed):
        any_origin(f"ftp{canary.url[4:]}", near=[canary.url])

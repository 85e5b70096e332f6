"""Nothing but RESULT_ORIGINS is ever connected to, however the address is spelled."""

import socket
import threading
import time

import pytest
import requests

from generations.media.origins import Deadline, NotAllowed, Origin, Origins, cause, session_for
from tests.fetching import FORBIDDEN

LISTED = ["cdn.example.com", "http://127.0.0.1:8900", "https://[::1]:8443"]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_other_addresses_are_not_allowed(url):
    with pytest.raises(NotAllowed) as refused:
        Origins.parse(LISTED).check(url)
    assert "password" not in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://cdn.example.com", False),
        ("https://cdn.example.com/a/clip.mp4?X-Signature=ab%2Fc&e=1#t", False),
        ("https://cdn.example.com:443/a", False),
        ("HTTPS://CDN.Example.COM/a b/é.mp4", False),
        ("https://cdn.example.com?x", False),
        ("http://127.0.0.1:8900/clip.mp4", True),
        ("https://[::1]:8443/", True),
    ],
)
def test_listed_addresses_are_allowed(url, private):
    assert Origins.parse(LISTED).check(url).private is private


@pytest.mark.parametrize(
    "entry",
    [
        "*.example.com",
        "example",
        "localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "cdn.example.com:443",
        "cdn.example.com/path",
        "user@cdn.example.com",
        "http://cdn.example.com",
        "ftp://cdn.example.com:21",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:x",
        "http://127.0.0.1:8900/path",
        "http://:80",
        "http://u:p@127.0.0.1:8900",
        "http://127.0.0.1:8900?x",
        "https://*:443",
        "-x.example.com",
        "cdn..example.com",
        "é.example",
        "https://localhost",
        "http://",
    ],
)
def test_bad_entry_is_named(entry):
    with pytest.raises(ValueError, match="RESULT_ORIGINS") as refused:
        Origins.parse([entry])
    assert repr(entry) in str(refused.value)


def test_blank_entries_are_skipped():
    assert Origins.parse(["", " ", " cdn.example.com "]).allowed == {Origin("https", "cdn.example.com", 443)}


def test_an_https_origin_without_port_is_a_bare_host():
    assert Origins.parse(["https://CDN.example.com/"]) == Origins.parse(["cdn.example.com"])


def test_nothing_listed_allows_nothing():
    with pytest.raises(NotAllowed):
        Origins.parse([]).check("https://cdn.example.com/")


def test_session_has_nothing_to_give_away(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://evil.example")
    with Deadline(5) as deadline:
        session = session_for(Origin("https", "cdn.example.com", 443), deadline)
    assert session.trust_env is False
    assert dict(session.headers) == {"User-Agent": "kling-studio/1.0", "Accept": "*/*", "Accept-Encoding": "identity"}
    assert list(session.adapters) == ["https://"]


def test_deadline_ends_a_wait():
    began = time.monotonic()
    with Deadline(0.1) as deadline:
        deadline.wait(30)
        assert deadline.left() == 0
    assert time.monotonic() - began < 5


def test_deadline_ends_a_connection_that_is_being_read():
    ours, theirs = socket.socketpair()
    with Deadline(0.1) as deadline, ours, theirs:
        deadline.watch(ours)
        ours.settimeout(30)
        assert ours.recv(1) == b""


def test_deadline_ends_a_connection_that_comes_too_late():
    ours, theirs = socket.socketpair()
    with Deadline(0) as deadline, ours, theirs:
        deadline.wait(5)
        deadline.watch(ours)
        ours.settimeout(30)
        assert ours.recv(1) == b""


def test_deadline_leaves_no_thread_behind():
    with Deadline(60):
        pass
    assert not [
        thread
        for thread in threading.enumerate()
        if isinstance(thread, threading.Timer) and not thread.finished.is_set()
    ]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9/a.mp4?key=secret", "ConnectionRefusedError: [Errno 111] Connection refused"),
        ("http://[x/a.mp4?key=secret", "LocationParseError"),
    ],
)
def test_why_there_was_no_answer_is_said_without_the_address(url, said):
    with pytest.raises(requests.RequestException) as failed:
        requests.get(url, timeout=5)
    assert cause(failed.value) == said
    assert cause(NotAllowed("it is no https address")) == "NotAllowed: it is no https address"

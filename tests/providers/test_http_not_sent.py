"""Where nothing of an order can have left, the exchange says so."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from generations.providers import http as module
from generations.providers.errors import NotSent

from .exchanges import Raw, post


def test_a_refused_connection_is_not_sent(closed_port: int) -> None:
    with pytest.raises(NotSent, match="refused"):
        post(f"http://127.0.0.1:{closed_port}")


@pytest.mark.parametrize("name", ["nowhere.invalid", "a..b", "x" * 70])
def test_a_name_that_nobody_knows_is_not_sent(name: str) -> None:
    with pytest.raises(NotSent):
        post(f"http://{name}")


@pytest.mark.parametrize("url", ["", "no scheme", "http://", "ftp://127.0.0.1", "http://[", "http://127.0.0.1:99999"])
def test_what_is_no_address_is_not_sent(url: str) -> None:
    with pytest.raises(NotSent):
        post(url)


def test_a_connect_timeout_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.2)
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):  # fill the backlog: whoever comes next waits
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        with pytest.raises(NotSent, match="timed out"):
            post(f"http://127.0.0.1:{server.getsockname()[1]}")


def test_a_certificate_that_nobody_vouches_for_is_not_sent(raw: Raw) -> None:
    server = raw(lambda line: line.request(), tls=True)
    with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
        post(server.url)
    assert server.requests == []


def test_a_server_that_speaks_no_tls_gets_nothing(raw: Raw) -> None:
    server = raw(lambda line: line.sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
    with pytest.raises(NotSent):
        post(server.url.replace("http:", "https:"))


def test_a_hang_up_during_the_tls_handshake_is_not_sent(raw: Raw) -> None:
    server = raw(lambda line: line.reset())
    with pytest.raises(NotSent):
        post(server.url.replace("http:", "https:"))


def test_silence_during_the_tls_handshake_is_not_sent(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.2)
    server = raw(lambda line: line.server.stopping.wait(10))
    with pytest.raises(NotSent, match="timed out"):
        post(server.url.replace("http:", "https:"))


def test_a_connection_that_comes_too_late_is_not_used(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXCHANGE_SECONDS", -1)
    server = raw(lambda line: line.request() and line.answer())
    with pytest.raises(NotSent, match="too late"):
        post(server.url)
    assert server.hung_up.wait(5) and server.requests == []

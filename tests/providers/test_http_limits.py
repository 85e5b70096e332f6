"""An exchange ends at its deadline and at its size, whatever the server sends."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable

import pytest

from generations.providers.errors import OutcomeUnknown
from tests.servers import Line

from .exchanges import Raw, a_trusting_client, post, stop_in_the_body


def silence(line: Line) -> None:
    line.request()
    line.hold()


def dripping_head(line: Line) -> None:
    line.request()
    line.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 500)


def dripping_body(line: Line) -> None:
    line.request()
    line.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    line.drip(b" " * 500)


def dripping_chunks(line: Line) -> None:
    line.request()
    line.sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    line.drip(b"1\r\n \r\n" * 100)


def body_without_an_end(line: Line) -> None:
    line.request()
    line.sock.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"code": 200}')
    line.hold()


@pytest.mark.parametrize(
    "script", [silence, dripping_head, dripping_body, dripping_chunks, body_without_an_end], ids=lambda s: s.__name__
)
def test_the_whole_exchange_has_a_deadline(raw: Raw, short_times: None, script: Callable[[Line], None]) -> None:
    server = raw(script)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        post(server.url)
    assert time.monotonic() - began < 2
    assert len(server.requests) == 1


def pouring_body(line: Line) -> None:
    line.request()
    line.sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    line.pour(b" " * 65_536)


def pouring_chunks(line: Line) -> None:
    line.request()
    line.sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    line.pour(b"1000\r\n" + b" " * 4096 + b"\r\n")


def pouring_redirect(line: Line) -> None:
    line.request()
    line.sock.sendall(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\n\r\n")
    line.pour(b" " * 65_536)


def gzip_bomb(line: Line) -> None:
    line.request()
    line.answer(gzip.compress(b" " * 20_000_000), headers="Content-Encoding: gzip\r\n")


@pytest.mark.parametrize(
    "script", [pouring_body, pouring_chunks, pouring_redirect, gzip_bomb], ids=lambda s: s.__name__
)
def test_an_answer_without_end_is_cut_off(raw: Raw, script: Callable[[Line], None]) -> None:
    server = raw(script)
    with pytest.raises(OutcomeUnknown, match="too long"):
        post(server.url)
    assert server.hung_up.wait(5) and len(server.requests) == 1


@pytest.mark.parametrize("script", [stop_in_the_body, body_without_an_end], ids=lambda s: s.__name__)
def test_what_came_of_a_broken_answer_is_kept_for_people(
    raw: Raw, short_times: None, script: Callable[[Line], None]
) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        post(raw(script).url)
    assert '{"code": 200' in caught.value.message


@pytest.mark.parametrize("script", [dripping_head, dripping_body, silence], ids=lambda s: s.__name__)
def test_an_exchange_over_tls_has_a_deadline_too(raw: Raw, short_times: None, script: Callable[[Line], None]) -> None:
    server = raw(script, tls=True)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        a_trusting_client(server).post("/order", {})
    assert time.monotonic() - began < 2 and len(server.requests) == 1

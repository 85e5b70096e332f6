"""Where something of an order may have left, it is an answer or an unknown outcome, and never asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Response

from generations.providers.errors import NotSent, OutcomeUnknown, ProviderError
from tests.servers import Line, RawServer

from .exchanges import KEY, Raw, a_client, post, stop_in_the_body


def hang_up(line: Line) -> None:
    line.request()


def reset(line: Line) -> None:
    line.request()
    line.reset()


def stop_in_the_status_line(line: Line) -> None:
    line.request()
    line.sock.sendall(b"HTTP/1.1 4")


def cut_chunks(line: Line) -> None:
    line.request()
    line.sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{")


def no_http(line: Line) -> None:
    line.request()
    line.sock.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")


def endless_head(line: Line) -> None:
    line.request()
    line.sock.sendall(b"HTTP/1.1 200 OK\r\n")
    line.pour(b"X-More: and more\r\n")


def two_lengths(line: Line) -> None:
    line.request()
    line.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}")


def bad_gzip(line: Line) -> None:
    line.request()
    line.answer(b"this is not gzip", headers="Content-Encoding: gzip\r\n")


def early_hints(line: Line) -> None:
    line.request()
    line.sock.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    line.answer(b'{"code": 200}')


LOST = [
    hang_up,
    reset,
    stop_in_the_status_line,
    stop_in_the_body,
    cut_chunks,
    no_http,
    endless_head,
    two_lengths,
    bad_gzip,
    early_hints,
]


@pytest.mark.parametrize("script", LOST, ids=lambda script: script.__name__)
def test_an_answer_that_is_lost_leaves_the_outcome_unknown_and_the_post_is_not_repeated(
    raw: Raw, script: Callable[[Line], None]
) -> None:
    server = raw(script)
    with pytest.raises(OutcomeUnknown):
        post(server.url)
    assert server.hung_up.wait(5)
    assert (server.connections, len(server.requests)) == (1, 1)


def test_a_reset_at_once_is_not_sent_or_unknown_and_never_tried_again(raw: Raw) -> None:
    """It may reach us while we connect, or only when the order has been handed to the kernel."""
    server = raw(lambda line: line.reset())
    with pytest.raises((NotSent, OutcomeUnknown)):
        post(server.url)
    assert server.hung_up.wait(5) and server.connections == 1


def test_a_head_that_breaks_off_is_an_answer_without_a_body(raw: Raw) -> None:
    def script(line: Line) -> None:
        line.request()
        line.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-")

    assert post(raw(script).url).body is None


@pytest.mark.parametrize("status", [413, 429, 500, 502, 503, 504])
def test_a_bad_status_is_an_answer_and_never_asked_again(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/order").respond_with_data("later", status=status, headers={"Retry-After": "0"})
    answer = post(httpserver.url_for(""))
    assert (answer.status, answer.body, answer.retry_after_seconds) == (status, None, 0.0)
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_and_the_key_goes_nowhere_else(
    raw: Raw, httpserver: HTTPServer, status: int, method: str
) -> None:
    canary = raw(lambda line: line.request() and line.answer())
    httpserver.expect_request("/order").respond_with_data("", status=status, headers={"Location": canary.url})
    client = a_client(httpserver.url_for(""))
    answer = client.post("/order", {}) if method == "POST" else client.get("/order")
    assert (answer.status, canary.connections, len(httpserver.log)) == (status, 0, 1)


@pytest.mark.parametrize("location", ["http://[", "//[::1", "\\\\", "http://a b\x7f/", "%", "é", "/order", "data:,x"])
def test_a_senseless_redirect_is_an_answer_too(raw: Raw, location: str) -> None:
    def script(line: Line) -> None:
        line.request()
        line.answer(b"", status="307 Temporary Redirect", headers=f"Location: {location}\r\n")

    server = raw(script)
    assert post(server.url).status == 307
    assert len(server.requests) == 1


# -- whatever a server says --


@pytest.fixture(scope="module")
def parrot() -> Iterator[tuple[HTTPServer, dict[str, Any]]]:
    """A server that answers whatever stands in the dictionary."""
    says: dict[str, Any] = {}
    server = HTTPServer()
    server.expect_request("/order").respond_with_handler(lambda request: Response(**says))
    server.start()
    yield server, says
    server.stop()


@given(status=st.sampled_from([200, 201, 204, 304, 307, 400, 429, 500, 599]), body=st.binary(max_size=200))
def test_any_answer_of_a_server_is_an_answer(
    parrot: tuple[HTTPServer, dict[str, Any]], status: int, body: bytes
) -> None:
    server, says = parrot
    says.update(response=body, status=status)
    assert post(server.url_for("")).status == status


@given(head=st.binary(max_size=100), body=st.binary(max_size=100))
def test_any_bytes_of_a_server_are_an_answer_or_a_provider_error(head: bytes, body: bytes) -> None:
    def script(line: Line) -> None:
        line.request()
        line.sock.sendall(b"HTTP/1.1 " + head + b"\r\n\r\n" + body)

    server = RawServer(script)
    try:
        post(server.url)
    except ProviderError as error:
        assert not isinstance(error, NotSent) and KEY not in repr(error)
    finally:
        server.stop()
    assert len(server.requests) == 1

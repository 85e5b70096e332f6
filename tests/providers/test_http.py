"""What an exchange of HTTP proves: nothing left, something may have left, or an answer."""

from __future__ import annotations

import gzip
import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Response

from generations.providers import http as module
from generations.providers.errors import AccountProblem, NotSent, OutcomeUnknown, ProviderError, Rejected
from generations.providers.http import ApiClient, read_answer

from .conftest import UNTRUSTED, Line, RawServer

KEY = "sk-SECRET-0123456789"
Raw = Callable[..., RawServer]


def a_client(url: str, key: str = KEY) -> ApiClient:
    return ApiClient(url, key)


def post(url: str) -> module.Answer:
    return a_client(url).post("/order", {"prompt": "a lighthouse"})


@pytest.fixture
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte may take 0.3 s, and everything together 0.5 s."""
    monkeypatch.setattr(module, "READ_SECONDS", 0.3)
    monkeypatch.setattr(module, "EXCHANGE_SECONDS", 0.5)


# -- what is sent --


def test_a_post_is_one_request_with_the_json_of_its_body(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/order", method="POST", json={"prompt": "é"}).respond_with_json({"code": 200})
    answer = a_client(httpserver.url_for("")).post("/order", {"prompt": "é"})
    assert (answer.status, answer.body, len(httpserver.log)) == (200, {"code": 200}, 1)


def test_a_request_says_who_asks_and_carries_the_key_in_one_header_only(raw: Raw) -> None:
    server = raw(lambda line: line.request() and line.answer())
    a_client(server.url).get("/status", taskId="a b")
    (request,) = server.requests
    assert request.startswith(b"GET /status?taskId=a+b HTTP/1.1\r\n")
    assert b"User-Agent: kling-studio/" in request
    assert request.count(KEY.encode()) == 1 and f"Authorization: Bearer {KEY}\r\n".encode() in request


def test_no_compressed_answer_is_asked_for(raw: Raw) -> None:
    server = raw(lambda line: line.request() and line.answer())
    a_client(server.url).get("/status")
    assert b"Accept-Encoding: identity\r\n" in server.requests[0]


def test_proxies_and_passwords_of_the_environment_are_ignored(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, closed_port: int, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password other\nmachine localhost login eve password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    httpserver.expect_request("/status", headers={"Authorization": f"Bearer {KEY}"}).respond_with_json({})
    assert a_client(httpserver.url_for("")).get("/status").status == 200


def test_blanks_around_the_key_are_no_part_of_it(raw: Raw) -> None:
    server = raw(lambda line: line.request() and line.answer())
    a_client(server.url, f" {KEY}\n").get("/status")
    assert f"Authorization: Bearer {KEY}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize("key", ["", "  ", "clé-secrète-123", "ключ-секрет", "sk-SECRET\r\nX-Evil: 1", "sk SECRET 123"])
def test_a_key_that_no_header_can_carry_is_an_account_problem_and_nothing_is_sent(raw: Raw, key: str) -> None:
    server = raw(lambda line: line.request() and line.answer())
    with pytest.raises(AccountProblem) as caught:
        a_client(server.url, key).post("/order", {})
    assert server.connections == 0
    assert "SECRET" not in repr(caught.value) and not key.strip() or key not in repr(caught.value)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_an_order_that_is_no_json_is_refused_here_for_good(raw: Raw, number: float) -> None:
    server = raw(lambda line: line.request() and line.answer())
    with pytest.raises(Rejected):
        a_client(server.url).post("/order", {"cfg_scale": number})
    assert server.connections == 0


# -- provably not sent --


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


# -- perhaps sent: never again --


def hang_up(line: Line) -> None:
    line.request()


def reset(line: Line) -> None:
    line.request()
    line.reset()


def stop_in_the_status_line(line: Line) -> None:
    line.request()
    line.sock.sendall(b"HTTP/1.1 4")


def stop_in_the_body(line: Line) -> None:
    line.request()
    line.answer(b'{"code": 200', length=500)


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


# -- limits of time and size --


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


# -- kept connections --


def polite(line: Line) -> None:
    while line.request():
        line.answer()


def test_two_questions_share_a_connection(raw: Raw) -> None:
    server = raw(polite)
    client = a_client(server.url)
    assert [client.get("/status").status for _ in range(3)] == [200] * 3
    assert (server.connections, len(server.requests)) == (1, 3)


def chunked(line: Line) -> None:
    while line.request():
        line.sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")


def test_a_chunked_answer_leaves_its_connection_usable(raw: Raw) -> None:
    server = raw(chunked)
    client = a_client(server.url)
    assert [client.get("/status").body for _ in range(3)] == [{}] * 3
    assert server.connections == 1


def test_a_question_after_an_idle_connection_was_closed_is_asked_on_a_new_one(raw: Raw) -> None:
    server = raw(lambda line: line.request() and line.answer())
    client = a_client(server.url)
    client.get("/status")
    assert server.hung_up.wait(5)
    assert client.get("/status").status == 200
    assert len(server.requests) == 2


def test_an_order_never_travels_on_a_kept_connection(raw: Raw) -> None:
    def script(line: Line) -> None:
        """Answer once, and hang up when a second request comes: no look at an idle connection can foretell it."""
        line.request()
        line.answer()
        line.request()

    server = raw(script)
    client = a_client(server.url)
    client.get("/status")
    assert [client.post("/order", {}).status for _ in range(3)] == [200] * 3
    assert [request[:4] for request in server.requests] == [b"GET ", b"POST", b"POST", b"POST"]
    assert server.connections == 4


def test_a_late_second_answer_does_not_answer_the_next_question(raw: Raw) -> None:
    one, two = (f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}" for body in ("{}", '{"a": 13}'))

    def script(line: Line) -> None:
        while line.request():
            line.sock.sendall((one + two).encode())

    server = raw(script)
    client = a_client(server.url)
    assert [client.get("/status").body for _ in range(2)] == [{}, {}]


# -- TLS --


def a_trusting_client(url: str) -> ApiClient:
    client = a_client(url)
    client.session.verify = str(UNTRUSTED)
    return client


def test_questions_share_a_tls_connection_and_orders_do_not(raw: Raw) -> None:
    server = raw(polite, tls=True)
    client = a_trusting_client(server.url)
    assert [client.get("/status").status, client.get("/status").status] == [200, 200]
    assert server.connections == 1
    assert [client.post("/order", {}).status, client.post("/order", {}).status] == [200, 200]
    assert (server.connections, len(server.requests)) == (3, 4)


@pytest.mark.parametrize("script", [dripping_head, dripping_body, silence], ids=lambda s: s.__name__)
def test_an_exchange_over_tls_has_a_deadline_too(raw: Raw, short_times: None, script: Callable[[Line], None]) -> None:
    server = raw(script, tls=True)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        a_trusting_client(server.url).post("/order", {})
    assert time.monotonic() - began < 2 and len(server.requests) == 1


# -- reading an answer --


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("-5", 0.0),
        ("999999", 3600.0),
        ("inf", 3600.0),
        ("1e400", 3600.0),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("5, 10", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_within_an_hour(header: str, seconds: float | None) -> None:
    assert read_answer(429, b"", header).retry_after_seconds == seconds


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"7",
        b'"a"',
        b'{"a":',
        b"\xff\xfe",
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"code":' + b"1" * 5000 + b"}",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_json_object_has_no_body(text: bytes) -> None:
    answer = read_answer(200, text)
    assert answer.body is None and len(answer.excerpt) <= module.EXCERPT


def test_the_excerpt_is_text_that_a_database_takes() -> None:
    assert read_answer(200, b"id\x00 \xed\xa0\x80 \xff").excerpt.encode().count(b"\x00") == 0


def test_a_key_that_the_server_repeats_is_masked(raw: Raw) -> None:
    def echo(line: Line) -> None:
        request = line.request()
        line.answer(b'{"message": "bad ' + request.split(b"Bearer ")[1].split(b"\r\n")[0] + b'"}', status="401 No")

    answer = post(raw(echo).url)
    assert answer.body == {"message": "bad [key]"} and KEY not in answer.excerpt


def test_the_word_practice_is_not_masked(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/status").respond_with_json({"url": "/practice/clip.mp4"})
    assert a_client(httpserver.url_for(""), "practice").get("/status").body == {"url": "/practice/clip.mp4"}


@given(status=st.integers(100, 599), raw_body=st.binary(max_size=300), header=st.text(max_size=20))
def test_any_bytes_make_an_answer(status: int, raw_body: bytes, header: str) -> None:
    read_answer(status, raw_body, header).excerpt.encode()


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


def test_the_connections_are_ours(raw: Raw) -> None:
    """A change of urllib3 that went round them would take the deadline and the proof of NotSent away."""
    server = raw(polite)
    client = a_client(server.url)
    client.get("/status")
    adapter = client.session.get_adapter(server.url)
    assert isinstance(adapter, module._Adapter)
    for scheme, connection in (("http", module._Connection), ("https", module._TLSConnection)):
        pool = adapter.poolmanager.connection_from_url(f"{scheme}://127.0.0.1:1")
        assert pool.ConnectionCls is connection
        assert connection.response_class is module._Response
        assert issubclass(connection.response_class, http.client.HTTPResponse)

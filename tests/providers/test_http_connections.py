"""Questions share a connection; an order has one of its own."""

from __future__ import annotations

import http.client

from generations.providers import http as module
from tests.servers import Line

from .exchanges import Raw, a_client, a_trusting_client


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


def test_questions_share_a_tls_connection_and_orders_do_not(raw: Raw) -> None:
    server = raw(polite, tls=True)
    client = a_trusting_client(server)
    assert [client.get("/status").status, client.get("/status").status] == [200, 200]
    assert server.connections == 1
    assert [client.post("/order", {}).status, client.post("/order", {}).status] == [200, 200]
    assert (server.connections, len(server.requests)) == (3, 4)


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

"""The HTTP plumbing."""

import socket
from concurrent.futures import ThreadPoolExecutor

import requests


def raw(sandbox, text: str) -> bytes:
    with socket.create_connection(sandbox._server.server_address, timeout=5) as connection:
        connection.sendall(text.encode())
        return connection.makefile("rb").read()


def test_a_connection_is_kept_for_the_next_request(apixo):
    for _ in range(5):
        apixo.balance()
    pool = next(iter(apixo.session.adapters["http://"].poolmanager.pools._container.values()))
    assert pool.num_connections == 1 and pool.num_requests == 5


def test_an_endless_body_is_refused_unread(sandbox):
    answer = raw(sandbox, "POST /api/v1/generateTask/kling-2-6 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413") and b"Connection: close" in answer


def test_a_wrong_length_is_refused(sandbox):
    assert raw(sandbox, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n").startswith(b"HTTP/1.1 413")


def test_garbage_is_answered_and_harms_nothing(sandbox):
    assert b"400" in raw(sandbox, "\x00\x01 garbage\r\n\r\n")
    assert requests.get(sandbox.url, timeout=5).status_code == 200


def test_an_unknown_path_is_answered_with_404(apixo):
    assert apixo.get("/nowhere").json()["code"] == 404


def test_many_clients_at_once_are_all_answered(sandbox):
    def ask(_: int) -> int:
        return requests.get(sandbox.url, timeout=10).status_code

    with ThreadPoolExecutor(40) as pool:
        assert set(pool.map(ask, range(200))) == {200}

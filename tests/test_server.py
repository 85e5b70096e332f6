"""The web server: slow clients hold no thread, and what is too large is refused before it is kept."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from waitress import wasyncore

from generations.models import Delivery, Video
from kling_site import server
from kling_site.headers import OF_THE_SERVER
from kling_site.server import make_server
from tests.catalog.conftest import published
from tests.factories import a_task
from tests.webserver import web_server

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 2
CLIENTS = 12
LARGE = 40_000_000
PAGE = b"GET /login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
POST = "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n{}\r\n"


@pytest.fixture
def port() -> Iterator[int]:
    """The site on the web server, with few threads."""
    with web_server(threads=THREADS) as served:
        yield served


@pytest.fixture
def no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_file(*args: Any, **more: Any) -> None:
        raise AssertionError("a body reaches the disk")

    for name in ("TemporaryFile", "NamedTemporaryFile"):
        monkeypatch.setattr(tempfile, name, no_file)


@pytest.fixture
def large_clip(settings: Any) -> Video:
    """A clip above the size at which waitress has threads wait for readers; anybody may see it."""
    settings.CATALOG_PUBLIC = True
    video = published()
    os.truncate(video.path, LARGE)
    Video.objects.update(size_bytes=LARGE)
    return video


def connect(port: int, sent: bytes = b"", *, buffer: int = 0) -> socket.socket:
    client = socket.socket()
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(20)
    client.connect(("127.0.0.1", port))
    client.sendall(sent)
    return client


def everything(client: socket.socket) -> bytes:
    with closing(client):
        return b"".join(iter(lambda: client.recv(1 << 20), b""))


def page_seconds(port: int) -> float:
    began = time.perf_counter()
    assert everything(connect(port, PAGE)).startswith(b"HTTP/1.1 200")
    return time.perf_counter() - began


@pytest.mark.parametrize(
    "sent", [b"", b"GET /lo", POST.format("/login/", "Content-Length: 500\r\n").encode() + b"--x"], ids=repr
)
def test_clients_that_send_no_more_hold_no_thread(sent: bytes, port: int) -> None:
    with ExitStack() as stack:
        for _ in range(CLIENTS):
            stack.enter_context(closing(connect(port, sent)))
        assert page_seconds(port) < 5


@pytest.mark.parametrize("ranged", ["", f"Range: bytes=1-{LARGE - 2}\r\n"])
def test_those_who_read_no_file_hold_no_thread_and_nothing_is_kept_for_them(
    ranged: str, port: int, large_clip: Video, no_files: None
) -> None:
    wanted = f"GET {large_clip.url} HTTP/1.1\r\nHost: localhost\r\n{ranged}\r\n".encode()
    with ExitStack() as stack:
        for _ in range(CLIENTS):
            stack.enter_context(closing(connect(port, wanted, buffer=4096)))
        assert page_seconds(port) < 5


def test_a_client_that_asks_ahead_gets_one_answer_and_holds_no_thread(port: int, large_clip: Video) -> None:
    wanted = f"GET {large_clip.url} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 3
    with ExitStack() as stack:
        for _ in range(CLIENTS):
            stack.enter_context(closing(connect(port, wanted, buffer=4096)))
        assert page_seconds(port) < 5
    answers = everything(connect(port, PAGE.replace(b"close", b"keep-alive") * 3))
    assert answers.count(b"HTTP/1.1 200") == 1


def test_a_file_comes_whole_and_in_parts(port: int, large_clip: Video) -> None:
    content = os.urandom(3_000_000)
    large_clip.path.write_bytes(content)
    Video.objects.update(size_bytes=len(content))
    request = f"GET {large_clip.url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head, _, whole = everything(connect(port, f"{request}\r\n".encode())).partition(b"\r\n\r\n")
    assert whole == content
    assert b"Content-Length: 3000000" in head
    answer = everything(connect(port, f"{request}Range: bytes=1000000-2499999\r\n\r\n".encode()))
    head, _, part = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 206")
    assert part == content[1_000_000:2_500_000]


def chunks(size: int) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (100_000, b"x" * 100_000) for _ in range(size // 100_000)) + b"0\r\n\r\n"


@pytest.mark.parametrize("cookie", ["", f"Cookie: sessionid={'a' * 32}\r\n"], ids=["stranger", "made-up session"])
@pytest.mark.parametrize(
    ("headers", "body"),
    [("Content-Length: 8000000\r\n", b"x" * 8_000_000), ("Transfer-Encoding: chunked\r\n", chunks(8_000_000))],
    ids=["length", "chunks"],
)
def test_a_strangers_upload_is_refused_with_a_page_and_kept_nowhere(
    headers: str, body: bytes, cookie: str, port: int, no_files: None
) -> None:
    client = connect(port, POST.format("/admin/new/", headers + cookie).encode())
    client.sendall(body)  # all of it, as browsers do before they read
    answer = everything(client)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"At most 1 MB" in answer


def test_what_is_declared_too_large_is_refused_before_it_is_sent(port: int) -> None:
    headers = "Content-Length: 8000000\r\nExpect: 100-continue\r\n"
    with closing(connect(port, POST.format("/login/", headers).encode())) as client:
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_a_person_may_upload_pictures(port: int, staff: User) -> None:
    browser = Client()
    browser.force_login(staff)
    cookie = f"Cookie: sessionid={browser.cookies['sessionid'].value}\r\nConnection: close\r\n"
    client = connect(port, POST.format("/admin/new/", f"Content-Length: 8000000\r\n{cookie}").encode())
    client.sendall(b"x" * 8_000_000)
    assert everything(client).startswith(b"HTTP/1.1 403")  # without the form's token


@pytest.mark.parametrize(("size", "status"), [(200, b"200"), (200_000, b"413")])
def test_a_callback_in_chunks_is_read_up_to_its_limit(size: int, status: bytes, port: int) -> None:
    path = a_task().callback_url().removeprefix("http://127.0.0.1:8000")
    body = b'{"data": {"taskId": "' + b"x" * size + b'"}}'
    sent = POST.format(path, "Transfer-Encoding: chunked\r\nConnection: close\r\n").encode()
    answer = everything(connect(port, sent + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)))
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert Delivery.objects.count() == (status == b"200")


def test_a_silent_connection_is_closed() -> None:
    running = make_server(WSGIHandler(), host="127.0.0.1", port=0, threads=1)
    with closing(connect(int(running.effective_port))), closing(running):
        running.handle_accept()
        (channel,) = running.active_channels.values()
        running.maintenance(time.time() + server.SILENCE_SECONDS - 1)
        assert not channel.will_close
        running.maintenance(time.time() + server.SILENCE_SECONDS + 1)
        assert channel.will_close


def test_the_headers_of_a_proxy_reach_the_site() -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        seen.update(environ)
        start("200 OK", [])
        return [b""]

    running = make_server(application, host="127.0.0.1", port=0, threads=1)
    with closing(running):
        request = PAGE.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 10.1.1.1\r\nX-Forwarded-Proto: https\r\n\r\n")
        client = connect(int(running.effective_port), request)
        running.handle_accept()
        wasyncore.loop(timeout=0.1, map=running._map, use_poll=True, count=5)
        everything(client)
        running.task_dispatcher.shutdown()
    assert (seen["HTTP_X_FORWARDED_FOR"], seen["HTTP_X_FORWARDED_PROTO"]) == ("10.1.1.1", "https")
    assert seen["REMOTE_ADDR"] == "127.0.0.1"


BODY = b"5\r\nhello\r\n0\r\n\r\nGET /login/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
AMBIGUOUS = {
    "both": b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "other order": b"POST /login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    "none to read": b"POST /login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
    "old version": b"POST /login/ HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    "two lengths": b"POST /login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 40\r\n\r\n",
    "signed": b"POST /login/ HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n",
    "folded": b"POST /login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n",
    "space": b"POST /login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n",
    "vertical tab": b"POST /login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n",
    "other coding": b"POST /login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
    "bare line": b"POST /login/ HTTP/1.1\nHost: x\r\nContent-Length: 5\r\n\r\n",
}


@pytest.mark.parametrize("head", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_request_of_which_two_servers_could_see_two_ends_is_refused(head: bytes, port: int) -> None:
    answer = everything(connect(port, head + BODY))
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400", b"HTTP/1.1 501"))
    assert answer.count(b"HTTP/1.") == 1  # and what follows is no request


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01 hello\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: ".ljust(server.HEADER_BYTES, b"x"), b"431"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
    ids=["no request", "too long", "no chunk"],
)
def test_what_the_server_answers_itself_carries_headers_and_names_no_software(
    sent: bytes, status: bytes, port: int
) -> None:
    head, _, body = everything(connect(port, sent)).partition(b"\r\n\r\n")
    assert head.split()[1] == status
    for name, value in OF_THE_SERVER.items():
        assert f"{name}: {value}".encode() in head
    assert b"text/plain; charset=utf-8" in head
    assert b"waitress" not in (head + body).lower()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "OPTIONS", "PUT", "X-ODD"])
def test_no_other_method_is_taken(method: str, port: int) -> None:
    sent = f"{method} /login/ HTTP/1.1\r\nHost: localhost\r\nX-Mine: a-secret\r\nConnection: close\r\n\r\n"
    answer = everything(connect(port, sent.encode()))
    assert answer.startswith(b"HTTP/1.1 405")
    assert b"a-secret" not in answer

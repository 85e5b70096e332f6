"""What nginx lets through, refuses and answers itself: a real one, with the configuration that the documents print."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from generations.catalog.sign_in import client_address
from kling_site import headers
from tests.factories import a_video
from tests.nginx import Nginx

OF_NGINX = (
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'", "Content-Type: text/html; charset=utf-8",
    "Referrer-Policy: no-referrer", "Strict-Transport-Security: max-age=31536000", "X-Content-Type-Options: nosniff",
)  # fmt: skip
GET = b"GET /login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def a_post(path: str, more: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n\r\n".encode()


def everything(client: ssl.SSLSocket) -> bytes:
    with closing(client):
        return b"".join(iter(lambda: client.recv(65_536), b""))


@pytest.mark.parametrize(
    ("path", "length", "most"),
    [
        ("/login/", 2_000_000, b"1 MB"),
        ("/webhooks/apixo/token/", 70_000, b"64 KiB"),
        ("/admin/new/", 24_000_000, b"1 MB"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_sent_with_the_page_of_the_site(
    path: str, length: int, most: bytes, nginx: Nginx
) -> None:
    answer = everything(nginx.connected(a_post(path, f"Connection: close\r\nContent-Length: {length}")))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"At most " + most in answer
    assert answer.lower().count(b"content-security-policy") == 1


def test_what_is_too_large_in_chunks_is_refused_with_the_same_page(nginx: Nginx) -> None:
    with closing(nginx.connected(a_post("/login/", "Connection: close\r\nTransfer-Encoding: chunked"))) as client:
        client.sendall(b"%x\r\n%s\r\n" % (1_100_000, b"x" * 1_100_000))
        answer = client.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"At most 1 MB" in answer


def test_pictures_pass(nginx: Nginx, staff: User) -> None:
    browser = Client()
    browser.force_login(staff)
    session = f"{settings.SESSION_COOKIE_NAME}={browser.session.session_key}"
    status, _, page = nginx.ask("/admin/new/", "POST", body=b"x" * 9_000_000, Cookie=session)
    assert (status, b"nginx" in page) == (403, False)  # by the site: without the form's token


def test_slow_senders_are_closed_and_the_requests_of_one_address_are_counted(nginx: Nginx) -> None:
    with ExitStack() as stack:
        half = stack.enter_context(closing(nginx.connected(b"GET /lo")))
        for _ in range(100):
            body = stack.enter_context(closing(nginx.connected(a_post("/login/", "Content-Length: 500"))))
        one_more = stack.enter_context(closing(nginx.connected(GET)))
        answer = one_more.recv(1000)
        assert answer.startswith(b"HTTP/1.1 429")
        assert b"nosniff" in answer
        assert half.recv(1000) == b""
        assert body.recv(1000) == b""


@pytest.mark.parametrize(
    ("version", "ciphers"),
    [(ssl.TLSVersion.TLSv1_1, "ALL"), (ssl.TLSVersion.TLSv1_2, "AES128-SHA256:AES128-GCM-SHA256"),
     (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA")],
    ids=["TLS 1.1", "no forward secrecy", "CBC"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused(version: ssl.TLSVersion, ciphers: str, nginx: Nginx) -> None:
    context = nginx.trusting()
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        nginx.connected(GET, context=context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_new_tls_is_taken(version: ssl.TLSVersion, nginx: Nginx) -> None:
    context = nginx.trusting()
    context.minimum_version = context.maximum_version = version
    answer = everything(nginx.connected(GET, context=context))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Strict-Transport-Security: max-age=31536000" in answer
    assert b"__Host-csrftoken" in answer


def test_without_tls_people_are_led_to_it_and_programs_are_refused(nginx: Nginx) -> None:
    status, sent, _ = nginx.ask_without_tls("/videos/7/?q=fox")
    assert (status, sent["location"]) == (301, "https://studio.example.com/videos/7/?q=fox")
    for path in ("/webhooks/apixo/token/", "/reference/7:token.png", "/feeds/token.atom"):
        for method in ("GET", "POST"):
            status, sent, _ = nginx.ask_without_tls(path, method)
            assert (status, "location" in sent) == (403, False)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The requests that reach the site."""
    found: list[Any] = []
    monkeypatch.setattr(headers, "refused", found.append)
    yield found


def test_nobody_can_say_who_they_are_or_how_they_come(nginx: Nginx, seen: list[Any]) -> None:
    lies = (
        "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: http\r\nX_Forwarded_Proto: http\r\nX_Forwarded_For: 9.9.9.9\r\n"
        "X-Forwarded-Host: evil.example\r\nForwarded: for=9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\n"
        "Connection: close, X-Forwarded-For"
    )
    sent = f"GET /login/ HTTP/1.1\r\nHost: localhost\r\n{lies}\r\n\r\n"
    assert everything(nginx.connected(sent.encode())).startswith(b"HTTP/1.1 200")
    (request,) = seen
    assert (client_address(request), request.is_secure(), request.get_host()) == ("127.0.0.1", True, "localhost")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "X-ODD"])
def test_no_other_method_is_taken(method: str, nginx: Nginx) -> None:
    sent = f"{method} /login/ HTTP/1.1\r\nHost: localhost\r\nX-Mine: a-secret\r\nConnection: close\r\n\r\n"
    answer = everything(nginx.connected(sent.encode()))
    assert answer.split()[1] in (b"400", b"405")
    assert b"a-secret" not in answer
    assert b"nosniff" in answer
    assert b"nginx/" not in answer


@pytest.mark.parametrize(
    "more",
    ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
     "Content-Length: 5\r\nContent-Length: 40", "Transfer-Encoding: chunked, identity", "Transfer-Encoding : chunked",
     "Transfer-Encoding: \x0bchunked", "Content-Length: +5"],
)  # fmt: skip
def test_a_request_of_which_two_servers_could_see_two_ends_is_refused(more: str, nginx: Nginx, seen: list[Any]) -> None:
    answer = everything(nginx.connected(a_post("/login/", more) + b"5\r\nhello\r\n0\r\n\r\n" + GET))
    assert answer.split()[1] in (b"400", b"501")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert not seen


@pytest.mark.parametrize(
    "path",
    ["/.env", "/.git/config", "/.htaccess", "/media/.env", "/static/../.env", "/static/%2e%2e/%2e%2e/.env", "/media/",
     "/media/videos/", "/static/", "/protected/", "/protected", "/protected/.env", "/protected/../.env", "//protected/",
     "/protected/{file}", "/PROTECTED/{file}", "/%70rotected/{file}", "/media/%2e%2e/%2e%2e/.env", "/media/x%00.mp4"],
)  # fmt: skip
def test_no_folder_and_no_file_of_the_machine_is_shown(path: str, nginx: Nginx) -> None:
    status, sent, page = nginx.ask(path.format(file=a_video().file))
    assert status in (301, 400, 404)
    assert "/protected" not in sent.get("location", "")
    assert b"Index of" not in page
    assert (sent["x-content-type-options"], "max-age" in sent["strict-transport-security"]) == ("nosniff", True)


def test_what_nginx_answers_itself_carries_headers(nginx: Nginx) -> None:
    for sent in (b"GET / HTTP/1.1\r\n\r\n", b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        head = everything(nginx.connected(sent)).partition(b"\r\n\r\n")[0].decode()
        assert head.split()[1] in ("400", "414")
        for line in OF_NGINX:
            assert line in head


def test_its_log_names_no_token_and_no_page_that_somebody_came_from(nginx: Nginx, tmp_path: Path) -> None:
    token = "aB-_9aB-_9aB-_9"
    doors = ["s", "embed", "feeds", "reference", "webhooks/apixo"]
    for door in doors:
        for path in (f"/{door}/{token}/", f"/{door}/{token}/videos/7/?{token}", f"/{door}/{token}"):
            nginx.ask(path, Referer=f"https://localhost/s/{token}/", User_Agent="curl")
    nginx.ask("/videos/7/?sort=newest")
    log = (tmp_path / "studio.log").read_text()
    assert token not in log
    assert [f'"GET /{door}/" ' in log for door in doors] == [True] * len(doors)
    assert re.search(
        r'^127\.0\.0\.1 \d{4}-\d\d-\d\dT[\d:]{8}[+-]\d\d:\d\d "GET /videos/7/\?sort=newest" 302 ', log, re.M
    )

"""Files that the site hands over to nginx: a real one, with the configuration that the documents print."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generations import clock
from generations.library import sharing
from generations.library.sharing import Terms
from generations.models import Video
from tests.catalog.conftest import with_poster
from tests.factories import a_video

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
DOCUMENTED = Path(__file__).resolve().parents[2] / "generations/docs/operating.md"
CONTENT = bytes(range(256)) * 4
CONFIGURATION = """
{user}daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    {documented}
}}
"""
Ask = Callable[..., tuple[int, dict[str, str], bytes]]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def nginx(site: str, settings: Any, media_root: Path, tmp_path: Path) -> Iterator[str]:
    """The host and port of nginx, in front of the site."""
    if not NGINX:
        why = "needs Debian's nginx-light"
        (pytest.fail if os.environ.get("REQUIRE_NGINX") else pytest.skip)(why)
    settings.ACCEL_REDIRECT = "/protected"
    found = re.search(r"```nginx\n(.*?)```", DOCUMENTED.read_text(), re.DOTALL)
    assert found
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    documented = found[1].replace("http://127.0.0.1:8000", site).replace("/srv/studio/var/media", str(media_root))
    documented = documented.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("_timeout 10s", "_timeout 1s")
    user = "user root; " if os.geteuid() == 0 else ""
    file = tmp_path / "nginx.conf"
    file.write_text(CONFIGURATION.format(user=user, folder=tmp_path, documented=documented))
    process = subprocess.Popen([NGINX, "-p", str(tmp_path), "-c", str(file)], stderr=subprocess.PIPE)
    try:
        wait_for(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    pytest.fail(f"nginx does not start: {process.communicate()[1].decode()}")


@pytest.fixture
def video() -> Video:
    return with_poster(a_video(content=CONTENT, title="Neon rain"))


@pytest.fixture
def ask(nginx: str, staff: User) -> Ask:
    """Ask nginx, as staff unless `cookie` is empty; header names in lower case."""
    client = Client()
    client.force_login(staff)
    session = f"sessionid={client.session.session_key}"

    def answer(path: str, method: str = "GET", *, cookie: str = session, **headers: str) -> Any:
        connection = http.client.HTTPConnection(nginx, timeout=10)
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | {"Cookie": cookie}
        connection.request(method, path, headers=sent)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, body

    return answer


def test_the_entitled_get_the_file_with_the_headers_that_the_site_gave_it(ask: Ask, video: Video) -> None:
    status, headers, body = ask(video.url)
    assert (status, body) == (200, CONTENT)
    assert headers["content-type"] == "video/mp4"
    assert headers["content-length"] == "1024"
    assert headers["accept-ranges"] == "bytes"
    assert headers["cache-control"] == "private, max-age=3600"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "sandbox" in headers["content-security-policy"]
    assert "x-accel-redirect" not in headers


def test_nginx_answers_ranges_conditions_and_head(ask: Ask, video: Video) -> None:
    status, headers, body = ask(video.url, Range="bytes=100-199")
    assert (status, body, headers["content-range"]) == (206, CONTENT[100:200], "bytes 100-199/1024")
    assert ask(video.url, Range="bytes=5000-")[0] == 416
    status, headers, body = ask(video.url, "HEAD")
    assert (status, body, headers["content-length"]) == (200, b"", "1024")
    etag, modified = headers["etag"], headers["last-modified"]
    assert ask(video.url, If_None_Match=etag)[::2] == (304, b"")
    assert ask(video.url, If_Modified_Since=modified)[0] == 304
    assert ask(video.url, If_None_Match='"another"')[0] == 200
    assert ask(video.url, Range="bytes=0-9", If_Range=etag)[0] == 206
    assert ask(video.url, Range="bytes=0-9", If_Range='"another"')[0] == 200


def test_others_get_nothing_by_any_way(ask: Ask, video: Video) -> None:
    for method in ("GET", "HEAD"):
        for headers in ({}, {"Range": "bytes=0-3"}, {"If_None_Match": "*"}):
            status, got, body = ask(video.url, method, cookie="", **headers)
            assert status == 404
            assert CONTENT[:8] not in body
            assert "etag" not in got
    assert urlsplit(video.url).path.startswith("/media/")
    for path in (f"/protected/{video.file}", "/protected/../nginx.conf", f"/protected//{video.file}"):
        assert ask(path)[0] in (400, 404), path


def test_downloads_have_their_name_and_damaged_clips_are_refused(ask: Ask, video: Video) -> None:
    assert ask(video.url + "?download=1")[1]["content-disposition"].startswith("attachment; filename=")
    Video.objects.update(damage="its file is missing")
    assert ask(video.url)[0] == 410


def test_a_missing_file_is_not_found(ask: Ask, video: Video) -> None:
    Path(video.poster.path).unlink()
    assert ask(video.poster_url)[0] == 404


def test_guests_of_a_link_get_its_files_uncached(ask: Ask, video: Video, staff: User) -> None:
    share = sharing.share(video, Terms(), at=clock.now(), by=staff)
    status, headers, body = ask(f"{share.get_absolute_url()}media/{video.file}", cookie="", Range="bytes=0-3")
    assert (status, body) == (206, CONTENT[:4])
    assert headers["cache-control"] == "private, no-store"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["referrer-policy"] == "no-referrer"
    sharing.revoke(share, at=clock.now())
    assert ask(f"{share.get_absolute_url()}media/{video.file}", cookie="")[0] == 404


def connected(nginx: str, sent: bytes) -> socket.socket:
    host, _, port = nginx.partition(":")
    client = socket.create_connection((host, int(port)), timeout=20)
    client.sendall(sent)
    return client


def a_post(path: str, length: int) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("path", "length"), [("/login/", 2_000_000), ("/webhooks/apixo/token/", 70_000), ("/admin/new/", 24_000_000)]
)
def test_nginx_refuses_what_the_site_would_refuse_before_it_is_sent(path: str, length: int, nginx: str) -> None:
    with closing(connected(nginx, a_post(path, length))) as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 413")


def test_pictures_pass_nginx(nginx: str, staff: User) -> None:
    browser = Client()
    browser.force_login(staff)
    cookie = f"\r\nCookie: sessionid={browser.session.session_key}\r\n\r\n".encode()
    with closing(connected(nginx, a_post("/admin/new/", 9_000_000).replace(b"\r\n\r\n", cookie))) as client:
        client.sendall(b"x" * 9_000_000)
        assert client.recv(1000).startswith(b"HTTP/1.1 403")  # by the site: without the form's token


def test_half_requests_are_closed_and_those_of_one_address_are_counted(nginx: str) -> None:
    with ExitStack() as stack:
        half = stack.enter_context(closing(connected(nginx, b"GET /lo")))
        for _ in range(100):
            stack.enter_context(closing(connected(nginx, a_post("/login/", 500))))
        assert half.recv(1000) == b""
        one_more = stack.enter_context(closing(connected(nginx, a_post("/login/", 500))))
        assert one_more.recv(1000).startswith(b"HTTP/1.1 429")

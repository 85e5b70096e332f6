"""A real nginx in front of the site, with the configuration that the documents print."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.certificates import self_signed

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
DOCUMENTED = Path(__file__).resolve().parents[1] / "generations/docs/operating.md"
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
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True, slots=True)
class Nginx:
    """Where it listens, with TLS and without, and who vouches for it."""

    port: int
    plain_port: int
    certificate: Path

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def connected(self, sent: bytes = b"", *, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """Return a connection by TLS, over which that was sent."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        client = (context or self.trusting()).wrap_socket(plain, server_hostname="localhost")
        client.sendall(sent)
        return client

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Return status, headers by their names in lower case, and body."""
        return answer_of(
            http.client.HTTPSConnection("localhost", self.port, timeout=20, context=self.trusting()),
            path, method, body, headers,
        )  # fmt: skip

    def ask_without_tls(self, path: str, method: str = "GET") -> Answer:
        return answer_of(http.client.HTTPConnection("localhost", self.plain_port, timeout=20), path, method, None, {})


def answer_of(
    connection: http.client.HTTPConnection, path: str, method: str, body: bytes | None, headers: dict[str, str]
) -> Answer:
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    read = response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, read


@contextmanager
def in_front_of(site: int, folder: Path, *, media: Path, is_root: bool) -> Iterator[Nginx]:
    """Run nginx in front of a site on that port of this machine."""
    assert PROGRAM
    found = re.search(r"```nginx\n(.*?)```", DOCUMENTED.read_text(), re.DOTALL)
    assert found
    running = Nginx(a_free_port(), a_free_port(), self_signed(folder))
    changed = {
        "http://127.0.0.1:8000": f"http://127.0.0.1:{site}", "/srv/studio/var/media": str(media),
        "/etc/ssl/studio.pem": str(running.certificate), "listen 443 ": f"listen 127.0.0.1:{running.port} ",
        "listen 80 ": f"listen 127.0.0.1:{running.plain_port} ", "_timeout 10s": "_timeout 1s",
        "_timeout 15s": "_timeout 2s", "/var/log/nginx/": f"{folder}/",
    }  # fmt: skip
    documented = found[1]
    for was, now in changed.items():
        assert was in documented
        documented = documented.replace(was, now)
    file = folder / "nginx.conf"
    user = "user root; " if is_root else ""
    file.write_text(CONFIGURATION.format(user=user, folder=folder, documented=documented))
    process = subprocess.Popen([PROGRAM, "-p", str(folder), "-c", str(file)], stderr=subprocess.PIPE)
    try:
        wait_for(running.port, process)
        yield running
    finally:
        process.terminate()
        process.wait()


def a_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    process.terminate()
    assert process.stderr
    pytest.fail(f"nginx does not start: {process.stderr.read().decode()}")

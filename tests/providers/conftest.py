"""A server of bytes, for what no well-behaved HTTP server does."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

UNTRUSTED = Path(__file__).with_name("untrusted.pem")


class Line:
    """One accepted connection, as a script sees it."""

    def __init__(self, server: RawServer, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock

    def request(self) -> bytes:
        """The next request, whole; empty when the client has gone."""
        received = b""
        while b"\r\n\r\n" not in received:
            chunk = self.sock.recv(65_536)
            if not chunk:
                return b""
            received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += self.sock.recv(65_536)
        self.server.requests.append(head + b"\r\n\r\n" + body)
        return self.server.requests[-1]

    def answer(self, body: bytes = b"{}", *, status: str = "200 OK", headers: str = "", length: int = -1) -> None:
        size = len(body) if length < 0 else length
        self.sock.sendall(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {size}\r\n\r\n".encode() + body)

    def drip(self, text: bytes, *, every: float = 0.02) -> None:
        """One byte after the other, until the client has had enough."""
        for position in range(len(text)):
            self.sock.sendall(text[position : position + 1])
            if self.server.stopping.wait(every):
                return

    def pour(self, block: bytes) -> None:
        """The same block for ever."""
        while not self.server.stopping.is_set():
            self.sock.sendall(block)

    def hold(self) -> None:
        """Say nothing until the client hangs up."""
        self.sock.recv(1)

    def reset(self) -> None:
        """Hang up with RST and not with FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Script = Callable[[Line], None]


class RawServer:
    """Runs a script for each connection, each in a thread of its own; what arrived stands in `requests`."""

    def __init__(self, script: Script, *, tls: bool = False) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self.hung_up = threading.Event()  # set whenever a script has come to its end and its connection is closed
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.scheme = "https" if tls else "http"
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
        if self.tls:
            self.tls.load_cert_chain(UNTRUSTED)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.socket.getsockname()[1]}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                sock, _ = self.socket.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(10)
        with contextlib.suppress(OSError):  # the client went away, which many of these tests are about
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            self.script(Line(self, sock))
        sock.close()
        self.hung_up.set()

    def stop(self) -> None:
        self.stopping.set()
        self.socket.close()


@pytest.fixture
def raw() -> Iterator[Callable[..., RawServer]]:
    """Start servers of bytes: raw(script), raw(script, tls=True)."""
    running: list[RawServer] = []

    def start(script: Script, *, tls: bool = False) -> RawServer:
        running.append(RawServer(script, tls=tls))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])

"""Servers of bytes, for what no well-behaved HTTP server does."""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path


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

    def __init__(self, script: Script, *, certificate: Path | None = None) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self.hung_up = threading.Event()  # set whenever a script has come to its end and its connection is closed
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.socket.getsockname()[1]}"
        self.certificate = certificate
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self.tls and certificate:
            self.tls.load_cert_chain(certificate)
        threading.Thread(target=self._accept, daemon=True).start()

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
        with contextlib.suppress(OSError):  # it was stopped before
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a connection
        self.socket.close()


class PreparedServer(RawServer):
    """Gives the answers that a test has prepared, one a connection: bytes, or a script that follows the request."""

    def __init__(self, *, certificate: Path | None = None) -> None:
        self.answers: Iterator[bytes | Script] = iter(())
        super().__init__(self.give, certificate=certificate)

    def give(self, line: Line) -> None:
        line.request()
        answer = next(self.answers, b"HTTP/1.1 500 Nothing Left\r\nContent-Length: 0\r\n\r\n")
        answer(line) if callable(answer) else line.sock.sendall(answer)

    def header(self, name: str) -> str | None:
        """A header of the last request."""
        return http.client.parse_headers(io.BytesIO(self.requests[-1].split(b"\r\n", 1)[1])).get(name)


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

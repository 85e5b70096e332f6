"""The HTTP server: one thread a connection, keep-alive, and answers that break off on purpose."""

import logging
import select
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .files import Part
from .wire import Answer, Request, as_json

logger = logging.getLogger("generations.sandbox")

MOST_BODY_BYTES = 1024 * 1024  # an order is a few kilobytes
IDLE_SECONDS = 600  # longer than any client keeps a connection, so that none is closed just before a request
CHUNK = 64 * 1024
CHECK_SECONDS = 0.2  # between two checks whether the client of a hanging answer is connected

Respond = Callable[[Request], tuple[Answer, Part | None]]
Sent = Callable[[Answer, int], None]


class Server(ThreadingHTTPServer):
    """A server that listens when created and answers in `serve_forever`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, host: str, port: int, respond: Respond, sent: Sent) -> None:
        self.respond = respond
        self.sent = sent
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((host, port), Handler)

    def server_bind(self) -> None:
        # HTTPServer looks up the host's full name, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close every connection, so that no client sends to a stopped server."""
        self.stopping.set()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client closed it first

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that disconnects is normal; anything else is a bug.
        error = sys.exception()
        if not isinstance(error, OSError):
            logger.exception("a request could not be answered")


class Handler(BaseHTTPRequestHandler):
    """Read a request, call `respond`, and send its answer."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "practice-provider", ""
    disable_nagle_algorithm = True
    wbufsize = -1  # send head and body together
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            self._send(as_json(413, {"code": 413, "message": "Request body too large", "data": None}), None)
            return
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self._send(*self.server.respond(Request(self.command, parts.path, query, headers, body)))

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MOST_BODY_BYTES or "Transfer-Encoding" in self.headers:
            return None
        return self.rfile.read(int(length))

    def _send(self, answer: Answer, part: Part | None) -> None:
        if answer.silent:
            self._wait_for_hang_up(answer.hang_seconds)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        if answer.status != 304:
            self.send_header("Content-Length", str(part.length if part else len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return
        if part is None:
            self.wfile.write(answer.body)
        else:
            self._send_part(answer, part)

    def _send_part(self, answer: Answer, part: Part) -> None:
        left = part.sent
        with Path(part.path).open("rb") as file:
            file.seek(part.start)
            while left and (chunk := file.read(min(CHUNK, left))):
                self.wfile.write(chunk)
                left -= len(chunk)
                self.server.sent(answer, len(chunk))
        if part.sent < part.length:
            self.close_connection = True  # fewer bytes than Content-Length announced

    def _wait_for_hang_up(self, seconds: float) -> None:
        while seconds > 0 and not self.server.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], min(CHECK_SECONDS, seconds))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return
            if readable:  # further requests on the same connection hang too
                self.server.stopping.wait(CHECK_SECONDS)
            seconds -= CHECK_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)

"""The HTTP plumbing: one thread for each connection, keep-alive, answers that may break off on purpose."""

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
IDLE_SECONDS = 600  # longer than any client keeps a connection: it shall not meet one that was just closed
CHUNK = 64 * 1024
LOOK_SECONDS = 0.2  # how often a hanging answer looks whether the client is still there

Respond = Callable[[Request], tuple[Answer, Part | None]]
Sent = Callable[[Answer, int], None]


class Server(ThreadingHTTPServer):
    """Listens at once; `serve_forever` answers."""

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
        # HTTPServer's own asks a name server for the host's full name, which can take seconds.
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
        """Closes every connection, so that no client goes on talking to a server that has stopped."""
        self.stopping.set()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was first

    def handle_error(self, request: Any, client_address: Any) -> None:
        # The thread's outermost door. A client that goes away is no news; anything else is a bug in here.
        error = sys.exception()
        if not isinstance(error, OSError):
            logger.exception("a request could not be answered")


class Handler(BaseHTTPRequestHandler):
    """Reads a request, has it answered, and sends what comes back."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "practice-provider", ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together
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
            self.close_connection = True  # the promise is broken here

    def _wait_for_hang_up(self, seconds: float) -> None:
        while seconds > 0 and not self.server.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], min(LOOK_SECONDS, seconds))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return
            if readable:  # more requests on the same connection: they hang as well
                self.server.stopping.wait(LOOK_SECONDS)
            seconds -= LOOK_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)

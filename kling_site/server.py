"""The web server of `manage.py web`: waitress, in which no thread waits for a slow client.

One thread holds all connections. A request gets a thread once all of it has arrived, and gives it back when its answer
is written to a buffer, or as a file that is read as it is sent (`wsgi.file_wrapper`).
"""

from __future__ import annotations

import logging
import resource
import socket
import time
from typing import Any

from django.db import close_old_connections
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask

from kling_site import bodies, headers

CONNECTIONS = 1000  # at once; above them new ones wait. Far more than people have, and no thread is held by one
SILENCE_SECONDS = 60  # after which a connection that sends or takes nothing is closed
HEADER_BYTES = 32 * 1024
SEND_BYTES = 256 * 1024  # the system's buffer of a connection, which it doubles; its own would be filled with 4 MB
LINGER_SECONDS = 30  # while what is refused still arrives and is thrown away: closed sooner, its sender sees no answer
STOP_SECONDS = 30  # for requests that are being answered when the server is told to stop
OPEN_FILES = 4096  # of the process: each connection may have an open file besides


class Request(HTTPRequestParser):  # type: ignore[misc]
    """A request whose body is refused by its size, before it is kept; Django then answers with the page for that."""

    most = bodies.LEAST
    is_refused = False
    content_length: int
    body_rcv: Any

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head. Raises: ParsingError where two servers could see two ends of the body."""
        super().parse_header(header_plus)
        if "TRANSFER_ENCODING" in self.headers or (self.chunked and "CONTENT_LENGTH" in self.headers):
            raise ParsingError("Transfer-Encoding beside another length")
        if self.chunked or self.content_length > self.most:
            self.most = bodies.limit(self.path, is_known=self._is_of_session)
            if self.content_length > self.most:
                self._refuse()

    def received(self, data: bytes) -> int:
        """Take what belongs to this request, and drop what was sent ahead of the answer.

        Answers of 16 MB to requests that were sent ahead would hold a thread until they are read. Browsers send none,
        and whoever does asks again on a new connection.
        """
        consumed: int = super().received(data)
        if self.chunked and self.body_rcv and len(self.body_rcv) > self.most:
            self.headers["CONTENT_LENGTH"] = str(len(self.body_rcv))
            self._refuse()
        if not self.completed or self.empty:
            return consumed
        if consumed < len(data):
            self.headers["CONNECTION"] = "close"
        return len(data)

    def _is_of_session(self) -> bool:
        close_old_connections()
        return bodies.is_session(self.headers.get("COOKIE", ""))

    def _refuse(self) -> None:
        if self.body_rcv:
            self.body_rcv.getbuf().close()
        self.body_rcv, self.content_length, self.expect_continue = None, 0, False
        self.headers["CONNECTION"] = "close"
        self.is_refused = self.completed = True


class Refusal(ErrorTask):  # type: ignore[misc]
    """What the server answers itself to a request that it cannot read."""

    def execute(self) -> None:
        self.response_headers.extend(headers.OF_THE_SERVER.items())
        super().execute()


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection, which is not cut while a refused body still arrives."""

    parser_class = Request
    error_task_class = Refusal
    is_refused = False
    lingers_until = 0.0

    def received(self, data: bytes) -> bool:
        taken: bool = super().received(data)
        self.is_refused |= any(request.is_refused for request in self.requests)
        return taken

    def readable(self) -> bool:
        return bool(self.lingers_until) or super().readable()

    def handle_read(self) -> None:
        if not self.lingers_until:
            super().handle_read()
        elif time.time() > self.lingers_until or not self.recv(64 * 1024):
            self.handle_close()

    def handle_close(self) -> None:
        if self.is_refused and not self.lingers_until and self.connected:
            self.will_close, self.lingers_until = False, time.time() + LINGER_SECONDS
            try:
                self.socket.shutdown(socket.SHUT_WR)
                return
            except OSError:
                pass  # the client has gone
        super().handle_close()


class Server(TcpWSGIServer):  # type: ignore[misc]
    """Waitress with these connections, which takes its time to stop."""

    channel_class = Channel

    def set_socket_options(self, conn: socket.socket) -> None:
        super().set_socket_options(conn)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)

    def run(self) -> None:
        """Serve until SystemExit or KeyboardInterrupt, then let the requests end that are being answered."""
        try:
            wasyncore.loop(timeout=1, map=self._map, use_poll=True)
        except (SystemExit, KeyboardInterrupt):
            self.socket.close()
            self.task_dispatcher.shutdown(timeout=STOP_SECONDS)


def make_server(application: Any, *, host: str, port: int, threads: int) -> Server:
    """Return a server that listens. Raises: OSError when it cannot."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < OPEN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard), hard))
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns whenever a request waits for a thread
    return Server(
        application,
        host=host,
        port=port,
        threads=threads,
        connection_limit=CONNECTIONS,
        channel_timeout=SILENCE_SECONDS,
        cleanup_interval=10,
        max_request_header_size=HEADER_BYTES,
        max_request_body_size=2 * bodies.LARGEST,  # `Request` refuses sooner; this counts what chunks add
        inbuf_overflow=bodies.MOST + 64 * 1024,  # no stranger's body reaches the disk
        clear_untrusted_proxy_headers=False,  # Django reads them as far as PUBLIC_URL and TRUSTED_PROXIES say
        ident="",
    )

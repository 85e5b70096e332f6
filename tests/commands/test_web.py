"""`manage.py web`: it serves, says when it cannot, and lets a running request end."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from kling_site.server import make_server
from tests.servers import free_port


def test_a_port_that_is_taken_is_told() -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CommandError, match="cannot be listened on"):
            call_command("web", port=other.getsockname()[1])


def test_a_stop_waits_for_the_request_that_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, port = threading.Event(), free_port()

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        asked.set()
        time.sleep(0.5)
        start("200 OK", [("Content-Length", "4")])
        yield b"done"

    def stop() -> None:
        asked.wait(10)
        os.kill(os.getpid(), signal.SIGTERM)

    def stop_when_asked(_application: Any, **options: Any) -> Any:
        server = make_server(application, **options)
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        threading.Thread(target=stop).start()
        clients.append(client)
        return server

    clients: list[socket.socket] = []
    monkeypatch.setattr("generations.management.commands.web.make_server", stop_when_asked)
    before = signal.getsignal(signal.SIGTERM)
    try:
        call_command("web", port=port)
    finally:
        signal.signal(signal.SIGTERM, before)
    with closing(clients[0]) as client:
        client.settimeout(5)
        assert client.recv(1000).endswith(b"done")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))

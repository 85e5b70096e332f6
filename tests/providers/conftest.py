"""What the tests of adapters may ask for: servers of bytes, and short times."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generations.providers import http
from tests.certificates import self_signed
from tests.servers import RawServer, Script


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody vouches for, with its key."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def raw(certificate: Path) -> Iterator[Callable[..., RawServer]]:
    """Start servers of bytes: raw(script), raw(script, tls=True)."""
    running: list[RawServer] = []

    def start(script: Script, *, tls: bool = False) -> RawServer:
        running.append(RawServer(script, certificate=certificate if tls else None))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte may take 0.3 s, and everything together 0.5 s."""
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    monkeypatch.setattr(http, "EXCHANGE_SECONDS", 0.5)

"""No page of these tests may call a provider."""

from __future__ import annotations

import socket
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise AssertionError("a page called a provider")

    monkeypatch.setattr(socket.socket, "connect", refuse)

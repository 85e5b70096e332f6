"""Clients of an HTTP exchange, and what is sent to them, for the tests of http.py."""

from __future__ import annotations

from collections.abc import Callable

from generations.providers.http import Answer, ApiClient
from tests.servers import Line, RawServer

KEY = "sk-SECRET-0123456789"
Raw = Callable[..., RawServer]


def a_client(url: str, key: str = KEY) -> ApiClient:
    return ApiClient(url, key)


def post(url: str) -> Answer:
    return a_client(url).post("/order", {"prompt": "a lighthouse"})


def a_trusting_client(server: RawServer) -> ApiClient:
    client = a_client(server.url)
    client.session.verify = str(server.certificate)
    return client


def stop_in_the_body(line: Line) -> None:
    line.request()
    line.answer(b'{"code": 200', length=500)

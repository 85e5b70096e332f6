"""How a contract talks to an adapter: in the words that its subclass fills in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from pytest_httpserver import HTTPServer

from generations.providers.base import Order, Provider, RemoteState, RemoteTask
from generations.providers.errors import AccountProblem, Busy, OutcomeUnknown, ProviderError, Rejected, ServerTrouble
from generations.providers.http import Answer

GOOD_ID = "task_12345678"
ANY_PATH = re.compile(r".*")
# What the code of an answer to an order means: the codes of the providers' pages, and some that no page knows.
MEANS: dict[int, type[ProviderError]] = {
    400: Rejected,
    401: AccountProblem,
    402: AccountProblem,
    403: Rejected,
    404: Rejected,
    413: Rejected,
    422: Rejected,
    429: Busy,
    500: ServerTrouble,
    502: ServerTrouble,
    503: ServerTrouble,
    504: OutcomeUnknown,
    0: OutcomeUnknown,
    201: OutcomeUnknown,
    418: OutcomeUnknown,
    599: OutcomeUnknown,
}


class Adapter:
    """Subclasses say how their provider words what is common to all."""

    text_field = "message"
    task_field = "taskId"
    state_words: dict[str, RemoteState]
    order: Order

    def make(self, url: str) -> Provider:
        """The adapter with KEY, at an address."""
        raise NotImplementedError

    def readers(self) -> list[Callable[[Answer], object]]:
        """What reads the answers of submit, fetch and balance."""
        raise NotImplementedError

    def result(self, urls: list[str]) -> dict[str, Any]:
        """What a status answer says of a finished task, besides its state."""
        return {"resultJson": json.dumps({"resultUrls": urls})}

    def envelope(self, code: Any, data: Any = None, text: str = "words") -> dict[str, Any]:
        return {"code": code, self.text_field: text, "data": data}

    def accepted(self, task_id: Any = GOOD_ID) -> dict[str, Any]:
        return self.envelope(200, {self.task_field: task_id}, "success")

    def status(self, state: str, **more: Any) -> dict[str, Any]:
        return self.envelope(200, {self.task_field: GOOD_ID, "state": state} | more, "success")

    def submit(self, server: HTTPServer, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> str:
        """The outcome of one order; it was one POST, whatever came of it."""
        server.clear()
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        server.expect_request(ANY_PATH).respond_with_data(text, status=status, headers=headers or {})
        try:
            return self.make(server.url_for("")).submit(self.order)
        finally:
            assert [request.method for request, _ in server.log] == ["POST"]

    def fetch(self, server: HTTPServer, body: Any, status: int = 200) -> RemoteTask:
        server.clear()
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        server.expect_request(ANY_PATH).respond_with_data(text, status=status)
        return self.make(server.url_for("")).fetch(model=self.order.model, remote_id=GOOD_ID)

    def word_of(self, state: RemoteState) -> str:
        return next(word for word, means in self.state_words.items() if means is state)

"""What happened to the POST of an order, and what it means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from generations.providers.errors import (
    AccountProblem,
    Busy,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    ServerTrouble,
)

from .contract_words import GOOD_ID, MEANS, Adapter
from .exchanges import Raw

HTTP_ONLY = MEANS | {500: OutcomeUnknown, 502: OutcomeUnknown, 503: OutcomeUnknown}  # a gateway's: no evidence
BAD_IDS: list[Any] = [
    None,
    "",
    " ",
    7,
    12345678,
    True,
    1.5,
    [],
    [GOOD_ID],
    {"id": GOOD_ID},
    "a b",
    "../../etc/passwd",
    "task/../1",
    "x" * 201,
    "x" * 5000,
    GOOD_ID + "\n",
    "id\x00",
    "\ud800",
    "ид",
    "<script>",
]


class OrderContract(Adapter):
    """An order is accepted, refused, not sent, or of unknown outcome."""

    def test_an_accepted_order_brings_its_id(self, httpserver: HTTPServer) -> None:
        assert self.submit(httpserver, self.accepted()) == GOOD_ID

    @pytest.mark.parametrize(
        "task_id", ["dff8afd34c4e47719b85ad6651daa3f0", "task_kling-2.6_1765182425861", "a", "x" * 200]
    )
    def test_ids_are_opaque(self, httpserver: HTTPServer, task_id: str) -> None:
        assert self.submit(httpserver, self.accepted(task_id)) == task_id

    @pytest.mark.parametrize("code", sorted(MEANS))
    def test_a_code_says_what_became_of_the_order(self, httpserver: HTTPServer, code: int) -> None:
        with pytest.raises(ProviderError) as caught:
            self.submit(httpserver, self.envelope(code))
        assert type(caught.value) is MEANS[code] and caught.value.code == str(code)

    @pytest.mark.parametrize("http_status", [200, 400, 401, 429, 500, 502])
    @pytest.mark.parametrize("code", sorted(MEANS))
    def test_the_code_outranks_the_http_status(self, httpserver: HTTPServer, code: int, http_status: int) -> None:
        with pytest.raises(ProviderError) as caught:
            self.submit(httpserver, self.envelope(code), http_status)
        assert type(caught.value) is MEANS[code]

    @pytest.mark.parametrize("code", ["absent", None, True, "", "bad", [], 400.0, "4" * 50])
    @pytest.mark.parametrize("http_status", [status for status in sorted(HTTP_ONLY) if status >= 201])
    def test_without_a_code_the_http_status_counts(self, httpserver: HTTPServer, code: Any, http_status: int) -> None:
        body = self.envelope(code)
        if code == "absent":
            del body["code"]
        with pytest.raises(ProviderError) as caught:
            self.submit(httpserver, body, http_status)
        assert type(caught.value) is HTTP_ONLY[http_status]

    @pytest.mark.parametrize(("code", "means"), [("400", Rejected), ("429", Busy), ("402", AccountProblem)])
    def test_a_code_may_be_written_as_a_string(
        self, httpserver: HTTPServer, code: str, means: type[ProviderError]
    ) -> None:
        with pytest.raises(means):
            self.submit(httpserver, self.envelope(code))

    def test_a_code_of_four_hundred_digits_is_no_yes(self, httpserver: HTTPServer) -> None:
        with pytest.raises(OutcomeUnknown):
            self.submit(httpserver, self.envelope(10**400, {self.task_field: GOOD_ID}))

    @pytest.mark.parametrize("http_status", [300, 302, 307, 399, 400, 404, 500, 502])
    def test_a_yes_in_a_bad_http_status_leaves_the_outcome_unknown_and_keeps_the_id(
        self, httpserver: HTTPServer, http_status: int
    ) -> None:
        with pytest.raises(OutcomeUnknown, match=GOOD_ID):
            self.submit(httpserver, self.accepted(), http_status)

    @pytest.mark.parametrize("task_id", [GOOD_ID, 12345678])
    @pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 422, 429, 500, 503])
    def test_a_refusal_that_carries_an_id_is_not_believed(
        self, httpserver: HTTPServer, code: int, task_id: Any
    ) -> None:
        with pytest.raises(OutcomeUnknown, match="12345678") as caught:
            self.submit(httpserver, self.envelope(code, {self.task_field: task_id}))
        assert not isinstance(caught.value, ServerTrouble)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"OK",
            b"<html><h1>Welcome</h1></html>",
            b"[]",
            b"null",
            b'{"code":200,"data":{"taskId":"task_1',
            b"\xff\xfe\xfa",
            b'{"a":' * 100_000,
            b"{}",
            b'{"code":200}',
            b'{"code":200,"data":null}',
            b'{"code":200,"data":[]}',
            b'{"code":200,"data":"task_12345678"}',
            b'{"code":200,"data":{}}',
            b'{"code":NaN,"data":Infinity}',
        ],
        ids=lambda body: repr(body[:30]),
    )
    def test_a_yes_without_an_id_leaves_the_outcome_unknown(self, httpserver: HTTPServer, body: bytes) -> None:
        with pytest.raises(OutcomeUnknown) as caught:
            self.submit(httpserver, body)
        assert not isinstance(caught.value, ServerTrouble)

    @pytest.mark.parametrize("task_id", BAD_IDS, ids=lambda value: repr(value)[:20])
    def test_an_id_that_cannot_be_one_leaves_the_outcome_unknown_and_is_kept_for_people(
        self, httpserver: HTTPServer, task_id: Any
    ) -> None:
        with pytest.raises(OutcomeUnknown) as caught:
            self.submit(httpserver, self.accepted(task_id))
        assert json.dumps(task_id)[:1000] in caught.value.message

    @pytest.mark.parametrize("http_status", [400, 403, 404, 413, 422, 500, 502, 503, 504, 520, 302, 307])
    def test_a_page_instead_of_an_answer_leaves_the_outcome_unknown(
        self, httpserver: HTTPServer, http_status: int
    ) -> None:
        with pytest.raises(OutcomeUnknown) as caught:
            self.submit(httpserver, b"<html>nginx</html>", http_status)
        assert not isinstance(caught.value, ServerTrouble) and "nginx" in caught.value.message

    @pytest.mark.parametrize(
        ("http_status", "means"), [(429, Busy), (401, AccountProblem), (402, AccountProblem)], ids=str
    )
    def test_a_page_may_still_say_busy_or_no_account(
        self, httpserver: HTTPServer, http_status: int, means: type[ProviderError]
    ) -> None:
        with pytest.raises(means):
            self.submit(httpserver, b"<html>nginx</html>", http_status)

    @pytest.mark.parametrize("body", [{"code": 429}, b"slow down"])
    def test_busy_says_when_to_come_again(self, httpserver: HTTPServer, body: Any) -> None:
        with pytest.raises(Busy) as caught:
            self.submit(httpserver, body, 429, {"Retry-After": "17"})
        assert caught.value.retry_after_seconds == 17

    def test_an_order_follows_no_redirect(self, raw: Raw, httpserver: HTTPServer) -> None:
        canary = raw(lambda line: line.request() and line.answer())
        with pytest.raises(OutcomeUnknown):
            self.submit(httpserver, b"", 307, {"Location": canary.url})
        assert canary.connections == 0

    def test_an_order_to_a_closed_port_is_not_sent(self, closed_port: int) -> None:
        with pytest.raises(NotSent):
            self.make(f"http://127.0.0.1:{closed_port}").submit(self.order)

    def test_an_order_whose_answer_is_cut_off_is_sent_once(self, raw: Raw) -> None:
        server = raw(lambda line: line.request() and None)
        with pytest.raises(OutcomeUnknown):
            self.make(server.url).submit(self.order)
        assert server.hung_up.wait(5) and len(server.requests) == 1

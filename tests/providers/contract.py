"""What every adapter does, whatever its provider calls things: subclass AdapterContract and fill in the words.

The tables are those of the design, section 3: what happened to the POST, and what it means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from generations.providers.base import Order, Provider, RemoteState, Report
from generations.providers.errors import (
    AccountProblem,
    Busy,
    Kind,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    ServerTrouble,
)
from generations.providers.http import Answer, read_answer

from .conftest import Line, RawServer

KEY = "sk-SECRET-0123456789"
ANY_PATH = re.compile(r".*")
Raw = Callable[..., RawServer]

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
HTTP_ONLY = MEANS | {500: OutcomeUnknown, 502: OutcomeUnknown, 503: OutcomeUnknown}  # a gateway's: no evidence
GOOD_ID = "task_12345678"
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

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([10**400, "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


class AdapterContract:
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

    # -- driving it --

    def submit(self, server: HTTPServer, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> str:
        """The outcome of one order; it was one POST, whatever came of it."""
        server.clear()
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        server.expect_request(ANY_PATH).respond_with_data(text, status=status, headers=headers or {})
        try:
            return self.make(server.url_for("")).submit(self.order)
        finally:
            assert [request.method for request, _ in server.log] == ["POST"]

    def fetch(self, server: HTTPServer, body: Any, status: int = 200) -> Report:
        server.clear()
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        server.expect_request(ANY_PATH).respond_with_data(text, status=status)
        return self.make(server.url_for("")).fetch(model=self.order.model, remote_id=GOOD_ID)

    # -- an order --

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

    # -- a question --

    def test_every_documented_state_has_its_meaning(self, httpserver: HTTPServer) -> None:
        for word, state in self.state_words.items():
            more = self.result(["https://cdn.example/a.mp4"]) if state is RemoteState.DONE else {}
            report = self.fetch(httpserver, self.status(word, **more))
            assert (report.state, report.raw_state) == (state, word)

    @pytest.mark.parametrize("word", ["processing_r2", "", "SUCCESS", "done", "cancelled", "\ud800", "x" * 5000])
    def test_a_word_that_is_not_known_means_working(self, httpserver: HTTPServer, word: str) -> None:
        report = self.fetch(httpserver, self.status(word, **self.result(["https://cdn.example/a.mp4"])))
        assert report.state is RemoteState.WORKING and len(report.raw_state) <= 50
        report.raw_state.encode()

    @pytest.mark.parametrize("word", [None, 7, True, [], {}, ["success"], 1.5], ids=repr)
    def test_a_state_that_is_no_word_means_working(self, httpserver: HTTPServer, word: Any) -> None:
        assert self.fetch(httpserver, self.status(word)).state is RemoteState.WORKING

    def test_a_finished_task_brings_its_urls(self, httpserver: HTTPServer) -> None:
        urls = ["https://cdn.example/a.mp4", "https://cdn.example/b.mp4?sig=1&x=%20"]
        report = self.fetch(httpserver, self.status(self.word_of(RemoteState.DONE), **self.result(urls)))
        assert report == Report(
            state=RemoteState.DONE, raw_state=self.word_of(RemoteState.DONE), result_urls=tuple(urls)
        )

    @pytest.mark.parametrize("body", [{"code": 404}, {"code": 404, "data": None}])
    @pytest.mark.parametrize("http_status", [200, 404])
    def test_not_found_means_unseen(self, httpserver: HTTPServer, body: Any, http_status: int) -> None:
        assert self.fetch(httpserver, body, http_status).state is RemoteState.UNSEEN

    @pytest.mark.parametrize("data", [None, {}], ids=repr)
    def test_no_data_means_unseen(self, httpserver: HTTPServer, data: Any) -> None:
        assert self.fetch(httpserver, self.envelope(200, data)).state is RemoteState.UNSEEN

    @pytest.mark.parametrize("data", [[], [1], "x", 7, True, False, ""], ids=repr)
    def test_data_that_is_no_task_says_nothing(self, httpserver: HTTPServer, data: Any) -> None:
        with pytest.raises(OutcomeUnknown):
            self.fetch(httpserver, self.envelope(200, data))

    @pytest.mark.parametrize("http_status", [200, 404, 502, 302])
    @pytest.mark.parametrize("page", [b"<html>not found</html>", b"", b"[]"], ids=repr)
    def test_a_page_says_nothing_of_a_task(self, httpserver: HTTPServer, page: bytes, http_status: int) -> None:
        with pytest.raises(OutcomeUnknown):
            self.fetch(httpserver, page, http_status)

    @pytest.mark.parametrize("code", [code for code in sorted(MEANS) if code != 404])
    def test_a_refused_question_says_nothing_of_a_task(self, httpserver: HTTPServer, code: int) -> None:
        with pytest.raises(ProviderError):
            self.fetch(httpserver, self.envelope(code))

    def test_an_answer_about_another_task_is_not_taken(self, httpserver: HTTPServer) -> None:
        with pytest.raises(OutcomeUnknown, match="task_other"):
            self.fetch(httpserver, self.status(self.word_of(RemoteState.DONE), **{self.task_field: "task_other"}))

    def test_an_answer_that_names_no_task_is_taken(self, httpserver: HTTPServer) -> None:
        body = self.status(self.word_of(RemoteState.FAILED), **{self.task_field: None})
        assert self.fetch(httpserver, body).state is RemoteState.FAILED

    # -- the balance --

    @pytest.mark.parametrize(
        ("data", "amount"),
        [("74.8700", "74.87"), ("0", "0"), ("-1.5", "-1.5"), ('"74.8700"', "74.8700"), ("200000", "200000")],
    )
    def test_a_balance_is_a_number_or_a_string_of_one(self, httpserver: HTTPServer, data: str, amount: str) -> None:
        httpserver.expect_request(ANY_PATH).respond_with_data(f'{{"code": 200, "data": {data}}}')
        assert self.make(httpserver.url_for("")).balance() == Decimal(amount)

    @pytest.mark.parametrize(
        "data",
        [
            "null",
            "true",
            "false",
            "[]",
            "{}",
            '""',
            '"much"',
            "NaN",
            "Infinity",
            "-Infinity",
            '"NaN"',
            '"sNaN"',
            '"Infinity"',
            "1e400",
            "1e300",
            '"1e300"',
            '"1E+9999999"',
            '"1e99999999999999999999"',
            "1" + "0" * 400,
        ],
        ids=lambda text: text[:12],
    )
    def test_what_is_no_balance_is_refused(self, httpserver: HTTPServer, data: str) -> None:
        httpserver.expect_request(ANY_PATH).respond_with_data(f'{{"code": 200, "data": {data}}}')
        with pytest.raises(OutcomeUnknown):
            self.make(httpserver.url_for("")).balance()

    def test_a_balance_that_is_missing_is_refused(self, httpserver: HTTPServer) -> None:
        httpserver.expect_request(ANY_PATH).respond_with_json({"code": 200})
        with pytest.raises(OutcomeUnknown):
            self.make(httpserver.url_for("")).balance()

    # -- whatever comes --

    def test_no_error_repeats_the_key(self, raw: Raw) -> None:
        codes = iter((*MEANS, 200))

        def echo(line: Line) -> None:
            key = line.request().split(b"Bearer ")[1].split(b"\r\n")[0].decode()
            line.answer(json.dumps(self.envelope(next(codes), {"error": f"no {key}"}, f"{key} is bad")).encode())

        server = raw(echo)
        for _ in (*MEANS, 200):
            provider = self.make(server.url)
            with pytest.raises(ProviderError) as caught:
                provider.submit(self.order)
            error: BaseException | None = caught.value
            assert KEY not in repr(provider)
            while error:
                assert KEY not in f"{error!r} {error} {vars(error)}"
                error = error.__cause__ or error.__context__

    @settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        status=st.sampled_from([100, 200, 204, 302, 400, 401, 404, 429, 500, 502]),
        body=st.one_of(
            json_values,
            st.fixed_dictionaries(
                {"code": st.sampled_from([200, 404, 400, "200", 500]) | json_values, "data": json_values}
            ),
            st.fixed_dictionaries(
                {
                    "code": st.just(200),
                    "data": st.dictionaries(
                        st.sampled_from(["taskId", "state", "resultJson", "failCode", "failMsg", "error"]),
                        st.sampled_from(["success", "failed", "fail", GOOD_ID, '{"resultUrls":["http://a/"]}'])
                        | json_values,
                    ),
                }
            ),
            st.binary(max_size=200),
        ),
    )
    def test_whatever_comes_is_a_return_or_a_provider_error(self, status: int, body: Any) -> None:
        answer = read_answer(status, body if isinstance(body, bytes) else json.dumps(body).encode())
        for read in self.readers():
            try:
                texts = _texts(read(answer))
            except ProviderError as error:
                texts = [error.message, error.code, error.kind, str(error)]
            for text in texts:
                assert "\x00" not in text and text.encode() is not None  # no lone surrogates

    @pytest.mark.parametrize(
        "text",
        ["nul \x00", "half \ud800", "\x00" * 3000, "x" * 5000, 7, None, [], {"a": 1}, True],
        ids=lambda t: repr(t)[:12],
    )
    def test_a_providers_words_fit_a_database(self, httpserver: HTTPServer, text: Any) -> None:
        with pytest.raises(Rejected) as caught:
            self.submit(httpserver, self.envelope(400, {"error": text}, text))
        assert len(caught.value.message.encode()) <= 9000 and "\x00" not in caught.value.message

    def test_fields_nobody_asked_for_are_ignored(self, httpserver: HTTPServer) -> None:
        more = {"createTime": "yesterday", "completeTime": [], "costTime": -1, "progress": "100", "param": "{"}
        word = self.word_of(RemoteState.FAILED)
        assert self.fetch(httpserver, self.status(word, **more)) == self.fetch(httpserver, self.status(word))

    def test_a_failure_without_a_reason_is_a_failure(self, httpserver: HTTPServer) -> None:
        report = self.fetch(httpserver, self.status(self.word_of(RemoteState.FAILED), failCode=None, failMsg=None))
        assert (report.state, report.error_kind, report.error_code) == (RemoteState.FAILED, Kind.UNKNOWN, "")

    def word_of(self, state: RemoteState) -> str:
        return next(word for word, means in self.state_words.items() if means is state)


def _texts(value: object) -> list[str]:
    """Every text of what a reader returned."""
    if isinstance(value, Report):
        return [value.raw_state, value.error_code, value.error_message, value.error_kind, *value.result_urls]
    return [str(value)]

"""What an adapter learns by asking: of a task, and of the balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import OutcomeUnknown, ProviderError

from .contract_words import ANY_PATH, MEANS, Adapter


class QuestionContract(Adapter):
    """A task is unseen, working, done or failed; a balance is a number."""

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
        assert report == RemoteTask(
            state=RemoteState.DONE, raw_state=self.word_of(RemoteState.DONE), result_urls=tuple(urls)
        )

    @pytest.mark.parametrize("body", [{"code": 404}, {"code": 404, "data": None}])
    @pytest.mark.parametrize("http_status", [200, 404])
    def test_not_found_means_unseen(self, httpserver: HTTPServer, body: Any, http_status: int) -> None:
        assert self.fetch(httpserver, body, http_status).state is RemoteState.UNSEEN

    @pytest.mark.parametrize("code", [404, 422, 501])
    def test_a_redirect_says_nothing_of_a_task(self, httpserver: HTTPServer, code: int) -> None:
        with pytest.raises(OutcomeUnknown):
            self.fetch(httpserver, self.envelope(code, text="not found"), 302)

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

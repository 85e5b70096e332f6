"""Whatever a provider answers, an adapter returns or raises what the rest of the program can bear."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import FailureKind, ProviderError, Rejected
from generations.providers.http import read_answer
from tests.servers import Line

from .contract_words import GOOD_ID, MEANS, Adapter
from .exchanges import KEY, Raw

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


class AnswerContract(Adapter):
    """Strange answers, long ones, and those that repeat the key."""

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

    # Every adapter's own subclass runs it: those are the differing executors.
    @settings(
        max_examples=500,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
    )
    @given(
        status=st.sampled_from([100, 200, 204, 302, 400, 401, 404, 429, 500, 502]),
        body=st.one_of(
            json_values,
            st.fixed_dictionaries(
                {"code": st.sampled_from([200, 404, 400, "200", 500, 501, 422]) | json_values, "data": json_values}
            ),
            st.fixed_dictionaries(
                {
                    "code": st.sampled_from([200, 501]),
                    "data": st.dictionaries(
                        st.sampled_from(["taskId", "task_id", "state", "resultJson", "failCode", "failMsg", "error"]),
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
        assert (report.state, report.error_kind, report.error_code) == (RemoteState.FAILED, FailureKind.UNKNOWN, "")


def _texts(value: object) -> list[str]:
    """Every text of what a reader returned."""
    if isinstance(value, RemoteTask):
        return [value.raw_state, value.error_code, value.error_message, value.error_kind, *value.result_urls]
    return [str(value)]

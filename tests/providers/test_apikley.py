"""Apikley keeps the contract, asks at its documented paths, and its codes are understood."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from generations.providers.apikley import CODES, ENVELOPE, Apikley, read_status
from generations.providers.base import Provider, RemoteState
from generations.providers.errors import AccountProblem, Busy, FailureKind, OutcomeUnknown, ProviderError, Rejected
from generations.providers.http import Answer, read_answer
from tests.factories import but

from .apikley_pages import OPENAPI, RESPONSE, SAMPLES, T2V, sample
from .contract import GOOD_ID, KEY, AdapterContract


class TestContract(AdapterContract):
    order = T2V
    text_field = "msg"
    state_words = {
        "waiting": RemoteState.WORKING,
        "queuing": RemoteState.WORKING,
        "generating": RemoteState.WORKING,
        "success": RemoteState.DONE,
        "fail": RemoteState.FAILED,
    }

    def make(self, url: str) -> Provider:
        return Apikley(url, KEY)

    def readers(self) -> list[Callable[[Answer], object]]:
        return [ENVELOPE.read_id, partial(read_status, remote_id=GOOD_ID), ENVELOPE.read_balance]


class TestContractInTheOtherWords(TestContract):
    """Examples on its pages have `message`, and those of its sister models `task_id`."""

    text_field = "message"
    task_field = "task_id"


# -- where it is sent --


def test_an_order_goes_to_its_path_with_the_key(httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/api/v1/jobs/createTask",
        method="POST",
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        json={
            "model": "kling-2.6/text-to-video",
            "input": {"prompt": T2V.prompt, "sound": True, "aspect_ratio": "16:9", "duration": "10"},
        },
    ).respond_with_json(RESPONSE["example"])
    assert Apikley(httpserver.url_for("/api/v1/"), KEY).submit(T2V) == "task_kling-2.6_1765182425861"


def test_a_question_goes_to_the_one_path_of_all_models(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/jobs/recordInfo", method="GET", query_string={"taskId": GOOD_ID}).respond_with_json(
        sample("success")
    )
    report = Apikley(httpserver.url_for(""), KEY).fetch(model="kling-2-6", remote_id=GOOD_ID)
    assert report.state is RemoteState.DONE


def test_the_credits_are_asked_for_at_their_path(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/chat/credit", method="GET").respond_with_data((SAMPLES / "credit.json").read_bytes())
    assert str(Apikley(httpserver.url_for(""), KEY).balance()) == "1234.5"


@pytest.mark.parametrize("changes", [{"model": "kling-3"}, {"mode": "pro"}, {"mode": "../x"}], ids=str)
def test_an_order_that_has_no_name_there_is_refused_here(httpserver: HTTPServer, changes: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        Apikley(httpserver.url_for(""), KEY).submit(but(T2V, **changes))
    assert httpserver.log == []


# -- refusals --


# Each code of the page's list, and those that were seen besides.
MEANS: dict[int, type[ProviderError]] = {
    401: AccountProblem,
    402: AccountProblem,
    404: Rejected,
    408: OutcomeUnknown,
    422: Rejected,
    429: Busy,
    433: AccountProblem,
    455: Busy,
    500: OutcomeUnknown,
    501: OutcomeUnknown,
    505: Busy,
}


@pytest.mark.parametrize("code", MEANS)
@pytest.mark.parametrize("http_status", [200, 500])
def test_a_documented_code_says_what_became_of_an_order(code: int, http_status: int) -> None:
    with pytest.raises(MEANS[code]) as caught:
        ENVELOPE.read_id(envelope(code, "words", status=http_status))
    assert caught.value.code == str(code)


def test_no_documented_code_is_left_out() -> None:
    documented = OPENAPI["components"]["schemas"]["ApiResponse"]["properties"]["code"]["enum"]
    assert set(documented) - {200} <= MEANS.keys()


@pytest.mark.parametrize("code", CODES)
def test_no_code_is_believed_beside_an_id(code: int) -> None:
    with pytest.raises(OutcomeUnknown, match="task_1"):
        ENVELOPE.read_id(envelope(code, "words", {"taskId": "task_1"}))


@pytest.mark.parametrize("code", [433, 455, 501, 505])
def test_its_own_codes_prove_nothing_as_an_http_status(code: int) -> None:
    with pytest.raises(OutcomeUnknown):
        ENVELOPE.read_id(read_answer(code, b'{"msg": "who says so?"}'))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (402, "The current credits are insufficient. Please top up."),
        (429, "The current credits are insufficient. Please top up."),
        (422, "Credits insufficient"),
        (400, "Insufficient credits"),
    ],
)
def test_no_money_in_any_wording_is_an_account_problem(code: int, text: str) -> None:
    with pytest.raises(AccountProblem):
        ENVELOPE.read_id(envelope(code, text))


def test_no_money_in_a_servers_trouble_proves_nothing() -> None:
    with pytest.raises(OutcomeUnknown):
        ENVELOPE.read_id(envelope(500, "Insufficient credits"))


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (422, "duration must be 5 or 10", FailureKind.INPUT),
        (422, "at most 2500 characters, code 501", FailureKind.INPUT),
        (404, "no such model", FailureKind.INPUT),
        (403, "not for this key", FailureKind.ACCESS),
    ],
)
def test_a_refusal_is_sorted_for_people(code: int, text: str, kind: FailureKind) -> None:
    with pytest.raises(Rejected) as caught:
        ENVELOPE.read_id(envelope(code, text))
    assert (caught.value.kind, caught.value.message) == (kind, text)


def envelope(code: int, text: str, data: Any = None, *, status: int = 200) -> Answer:
    return read_answer(status, json.dumps({"code": code, "msg": text, "data": data}).encode())

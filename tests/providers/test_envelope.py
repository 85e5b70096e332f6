"""What every envelope may hold: codes in odd places, two names of one field, results in odd shapes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from generations.providers.base import RemoteState, RemoteTask
from generations.providers.envelope import PAGES, REFUSALS, Envelope, result_urls
from generations.providers.errors import AccountProblem, Busy, FailureKind, OutcomeUnknown, Rejected
from generations.providers.http import Answer, read_answer

CLIP = "https://cdn.example/clip.mp4"
ENVELOPE = Envelope(
    text_fields=("msg", "message"),
    id_fields=("taskId", "task_id"),
    codes={**REFUSALS, 455: Busy},
    no_money=re.compile("no money"),
    no_money_codes=frozenset({422}),
    states={"success": RemoteState.DONE, "fail": RemoteState.FAILED},
    fail_codes={"NSFW": FailureKind.CONTENT},
)


def answer(status: int = 200, **body: Any) -> Answer:
    return read_answer(status, json.dumps(body).encode())


# -- names --


@pytest.mark.parametrize("data", [{"taskId": "a1"}, {"task_id": "a1"}, {"taskId": "", "task_id": "a1"}], ids=str)
def test_an_id_may_stand_under_either_name(data: dict[str, str]) -> None:
    assert ENVELOPE.read_id(answer(code=200, data=data)) == "a1"


@pytest.mark.parametrize("field", ["taskId", "task_id"])
def test_an_answer_that_names_another_task_under_either_name_is_not_taken(field: str) -> None:
    with pytest.raises(OutcomeUnknown, match="not the task"):
        ENVELOPE.read_status(answer(code=200, data={"state": "success", field: "b2"}), remote_id="a1")


@pytest.mark.parametrize("field", ["taskId", "task_id"])
def test_a_refusal_with_an_id_under_either_name_is_not_believed(field: str) -> None:
    with pytest.raises(OutcomeUnknown, match="b2"):
        ENVELOPE.read_id(answer(code=455, data={field: "b2"}))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"msg": "one", "message": "two"}, "one"),
        ({"msg": "", "message": "two"}, "two"),
        ({"message": "two", "data": {"error": "three"}}, "two: three"),
        ({"msg": None}, "code 200 without a message"),
    ],
)
def test_the_first_text_that_is_filled_counts(body: dict[str, Any], words: str) -> None:
    assert ENVELOPE.words(answer(**body)) == words


# -- what a code means --


def test_a_plain_status_never_proves_more_than_the_codes_do() -> None:
    assert PAGES.items() <= REFUSALS.items() and all(status < 500 for status in REFUSALS)


def test_a_code_of_the_provider_means_nothing_as_a_plain_status() -> None:
    assert isinstance(ENVELOPE.error(answer(code=455)), Busy)
    assert type(ENVELOPE.error(answer(455, msg="who says so?"))) is OutcomeUnknown


@pytest.mark.parametrize(("code", "means"), [(422, AccountProblem), (400, Rejected), (500, OutcomeUnknown)])
def test_no_money_is_looked_for_where_the_provider_puts_it(code: int, means: type[Exception]) -> None:
    assert type(ENVELOPE.error(answer(code=code, msg="there is no money"))) is means


def test_a_failure_code_in_a_refusal_sorts_it() -> None:
    assert ENVELOPE.error(answer(code=422, msg="nsfw prompt")).kind is FailureKind.CONTENT


# -- results --


@pytest.mark.parametrize(
    "result",
    [
        json.dumps({"resultUrls": [CLIP]}),
        {"resultUrls": [CLIP]},
        {"resultUrls": CLIP},
        {"resultUrls": [CLIP, CLIP]},
        {"resultUrls": [None, 7, "", "ftp://a/b", "file:///etc/passwd", "javascript:alert(1)", "//a/b", CLIP]},
        {
            "resultUrls": [
                CLIP,
                "http://a/\x00",
                "http://a/ b",
                "http://a/\n",
                "http://a/\ud800",
                "http://" + "a" * 2000,
            ]
        },
        {"resultUrls": [CLIP], "firstFrameUrl": "https://cdn.example/first.png"},
    ],
    ids=lambda result: str(result)[:50].encode("ascii", "replace").decode(),
)
def test_the_urls_of_a_result_are_found(result: Any) -> None:
    assert result_urls(result) == (CLIP,)


@pytest.mark.parametrize(
    "result",
    [
        None,
        "",
        "null",
        "{",
        "[]",
        7,
        True,
        [],
        [CLIP],
        {},
        {"resultUrls": None},
        {"resultUrls": []},
        {"resultUrls": [None]},
        {"resultUrls": {"0": CLIP}},
        {"urls": [CLIP]},
        CLIP,
        json.dumps(CLIP),
        json.dumps(json.dumps({"resultUrls": [CLIP]})),
        '{"a":' * 100_000,
        '{"resultUrls": [1' + "0" * 5000 + "]}",
    ],
    ids=lambda result: repr(result)[:24],
)
def test_a_success_without_urls_is_not_finished(result: Any) -> None:
    assert result_urls(result) == ()
    report = ENVELOPE.read_report({"state": "success", "resultJson": result})
    assert report == RemoteTask(state=RemoteState.WORKING, raw_state="success")


def test_a_success_without_a_result_is_not_finished() -> None:
    assert ENVELOPE.read_report({"state": "success"}).state is RemoteState.WORKING


def test_urls_keep_their_order() -> None:
    urls = [f"https://cdn.example/{number}.mp4" for number in (3, 1, 2)]
    assert result_urls({"resultUrls": urls}) == tuple(urls)


def test_a_list_of_urls_without_an_end_is_cut() -> None:
    urls = [f"https://cdn.example/{number}.mp4" for number in range(10_000)]
    assert result_urls({"resultUrls": urls}) == tuple(urls[:20])

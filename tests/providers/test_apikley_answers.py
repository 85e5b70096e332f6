"""What Apikley says of a task: in its words, and in codes that speak of the task and not of the question."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from generations.providers.apikley import ENVELOPE, read_status
from generations.providers.base import RemoteState, RemoteTask
from generations.providers.errors import AccountProblem, Busy, FailureKind, OutcomeUnknown, ProviderError
from generations.providers.http import read_answer

from .apikley_pages import CLIP, RESPONSE, SAMPLES
from .contract import GOOD_ID


def asked(body: Any, status: int = 200) -> RemoteTask:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_status(read_answer(status, raw), remote_id=GOOD_ID)


def without_times(task: RemoteTask) -> RemoteTask:
    return replace(task, created_at=None, completed_at=None, cost_ms=None)


def documented(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


# -- documented answers --


def test_the_documented_yes_is_accepted() -> None:
    answer = read_answer(200, json.dumps(RESPONSE["example"]).encode())
    assert ENVELOPE.read_id(answer) == "task_kling-2.6_1765182425861"


@pytest.mark.parametrize(("name", "words"), [("bad-key", "access permissions"), ("no-money", "Please top up")])
def test_a_key_or_money_that_is_missing_is_an_account_problem(name: str, words: str) -> None:
    with pytest.raises(AccountProblem, match=words):
        ENVELOPE.read_id(read_answer(200, documented(name)))


def test_a_url_in_a_task_that_waits_is_not_used() -> None:
    assert without_times(asked(documented("waiting"))) == RemoteTask(state=RemoteState.WORKING, raw_state="waiting")


def test_a_success_brings_its_url() -> None:
    task = asked(documented("success"))
    assert without_times(task) == RemoteTask(state=RemoteState.DONE, raw_state="success", result_urls=(CLIP,))
    created, completed = datetime(2023, 10, 31, 15, 16, 40, tzinfo=UTC), datetime(2023, 10, 31, 15, 17, 12, tzinfo=UTC)
    assert (task.created_at, task.completed_at, task.cost_ms) == (created, completed, 15000)


@pytest.mark.parametrize("value", ["yesterday", "", None, -1, 1.5e300, 10**400, True, [], {}, float("inf"), "9" * 50])
def test_a_time_that_is_none_is_left_out(value: Any) -> None:
    data = {"taskId": GOOD_ID, "state": "generating", "createTime": value, "completeTime": value, "costTime": value}
    task = asked({"code": 200, "msg": "success", "data": data})
    assert (task.created_at, task.completed_at, task.cost_ms) == (None, None, None)


def test_a_time_in_a_text_is_read() -> None:
    data = {"taskId": GOOD_ID, "state": "generating", "createTime": "1698765400000"}
    assert asked({"code": 200, "msg": "success", "data": data}).created_at == datetime(
        2023, 10, 31, 15, 16, 40, tzinfo=UTC
    )


def test_a_failure_says_why() -> None:
    assert without_times(asked(documented("fail"))) == RemoteTask(
        state=RemoteState.FAILED,
        raw_state="fail",
        error_kind=FailureKind.PROVIDER,
        error_code="GENERATION_FAILED",
        error_message="The generation failed",
    )


# -- not visible --


@pytest.mark.parametrize("body", [documented("not-visible"), {"code": 422, "msg": "Task not found"}], ids=repr)
@pytest.mark.parametrize("status", [200, 422])
def test_a_record_that_is_null_is_not_visible(body: Any, status: int) -> None:
    task = asked(body, status)
    assert (task.state, task.raw_state, bool(task.error_message)) == (RemoteState.UNSEEN, "422", True)


def test_a_question_that_was_not_understood_says_nothing_of_a_task() -> None:
    with pytest.raises(ProviderError, match="taskId is required"):
        asked({"code": 422, "msg": "taskId is required", "data": None})


# -- dead --


def test_the_failure_in_an_envelope_of_501_is_the_tasks_own() -> None:
    assert asked(documented("dead")) == RemoteTask(
        state=RemoteState.FAILED,
        raw_state="501",
        error_kind=FailureKind.PROVIDER,
        error_code="500",
        error_message="Internal Error, Please try again later.",
    )


@pytest.mark.parametrize("data", [None, {}, [], "x", {"taskId": GOOD_ID}, {"state": "cancelled"}], ids=repr)
@pytest.mark.parametrize("code", [501, 408, "501"])
def test_a_dead_task_is_failed_whatever_else_is_said(code: int | str, data: Any) -> None:
    report = asked({"code": code, "msg": "no result for over 10 minutes", "data": data})
    assert (report.state, report.error_kind, report.error_code) == (RemoteState.FAILED, FailureKind.PROVIDER, str(code))
    assert report.error_message == "no result for over 10 minutes"


@pytest.mark.parametrize("field", ["taskId", "task_id"])
def test_the_death_of_another_task_says_nothing_of_this_one(field: str) -> None:
    with pytest.raises(OutcomeUnknown, match="task_other"):
        asked({"code": 501, "msg": "failed", "data": {field: "task_other", "state": "fail"}})


@pytest.mark.parametrize("state", ["success", "generating", "waiting"])
def test_a_task_that_is_dead_by_its_code_and_alive_by_its_state_is_asked_for_again(state: str) -> None:
    with pytest.raises(OutcomeUnknown, match="alive"):
        asked({"code": 501, "msg": "failed", "data": {"taskId": GOOD_ID, "state": state}})


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"code": 408}', b'{"code": 501, "msg": "Not Implemented"}'])
@pytest.mark.parametrize("status", [302, 408, 501, 502])
def test_a_gateway_kills_no_task(body: bytes, status: int) -> None:
    with pytest.raises(ProviderError):
        asked(body, status)


# -- no answer --


@pytest.mark.parametrize("code", [400, 401, 402, 403, 422, 429, 433, 455, 500, 502, 503, 504, 505])
def test_other_codes_say_nothing_of_a_task(code: int) -> None:
    with pytest.raises(ProviderError):
        asked({"code": code, "msg": "words", "data": None})


def test_maintenance_passes() -> None:
    with pytest.raises(Busy):
        asked({"code": 455, "msg": "Service Unavailable"})

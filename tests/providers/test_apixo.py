"""APIXO keeps the contract, asks at its documented paths, and its refusals and failures are understood."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from generations.providers.apixo import ADVICE, ENVELOPE, FAIL_CODES, Apixo
from generations.providers.base import Provider, RemoteState
from generations.providers.errors import AccountProblem, FailureKind, Rejected
from generations.providers.http import Answer, read_answer

from .apixo_pages import SAMPLES, T2V_26, sample
from .contract import GOOD_ID, KEY, AdapterContract


class TestContract(AdapterContract):
    order = T2V_26
    state_words = {
        "pending": RemoteState.WORKING,
        "processing": RemoteState.WORKING,
        "success": RemoteState.DONE,
        "failed": RemoteState.FAILED,
    }

    def make(self, url: str) -> Provider:
        return Apixo(url, KEY)

    def readers(self) -> list[Callable[[Answer], object]]:
        return [ENVELOPE.read_id, partial(ENVELOPE.read_status, remote_id=GOOD_ID), ENVELOPE.read_balance]


# -- where it is sent --


def test_an_order_goes_to_its_models_path_with_the_key(httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/api/v1/generateTask/kling-2-6",
        method="POST",
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        json=sample("kling-2-6.order-text-to-video"),
    ).respond_with_json(sample("kling-2-6.accepted"))
    assert Apixo(httpserver.url_for("/api/v1/"), KEY).submit(T2V_26) == "task_12345678"


def test_a_question_goes_to_its_models_path(httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/statusTask/kling-2-6", method="GET", query_string={"taskId": "task_12345678"}
    ).respond_with_json(sample("kling-2-6.success"))
    report = Apixo(httpserver.url_for(""), KEY).fetch(model="kling-2-6", remote_id="task_12345678")
    assert report.state is RemoteState.DONE


def test_a_model_cannot_lead_to_another_path(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/generateTask/../apikeys?x=").respond_with_json(sample("kling-2-6.accepted"))
    assert Apixo(httpserver.url_for(""), KEY).submit(replace(T2V_26, model="../apikeys?x=")) == "task_12345678"


def test_the_balance_is_asked_for_at_its_path(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/apikeys/current-balance", method="GET").respond_with_data(
        (SAMPLES / "balance.json").read_bytes()
    )
    assert str(Apixo(httpserver.url_for(""), KEY).balance()) == "74.87"


# -- refusals --


@pytest.mark.parametrize(
    "text",
    ["Insufficient credits", "insufficient balance or quota", "INSUFFICIENT_CREDITS", "Insufficient quota for key"],
)
def test_no_money_in_any_wording_is_an_account_problem(text: str) -> None:
    with pytest.raises(AccountProblem):
        ENVELOPE.read_id(envelope(400, text))


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (400, "Missing required parameter", FailureKind.INPUT),
        (400, "Something else", FailureKind.INPUT),
        (400, "ImageNotAccess", FailureKind.INPUT),
        (400, "SensitiveContentDetected: prompt", FailureKind.CONTENT),
        (403, "NSFW", FailureKind.CONTENT),
        (403, "Key or route cannot access the model", FailureKind.ACCESS),
        (422, "PromptInvalid", FailureKind.CONTENT),
    ],
)
def test_a_refusal_is_sorted_for_people(code: int, text: str, kind: FailureKind) -> None:
    with pytest.raises(Rejected) as caught:
        ENVELOPE.read_id(envelope(code, text))
    assert (caught.value.kind, caught.value.message) == (kind, text)


def test_the_detail_of_a_refusal_is_kept() -> None:
    with pytest.raises(Rejected, match="Invalid request: Missing required field: input.prompt"):
        ENVELOPE.read_id(envelope(400, "Invalid request", {"error": "Missing required field: input.prompt"}))


def envelope(code: int, message: str, data: Any = None) -> Answer:
    return read_answer(200, json.dumps({"code": code, "message": message, "data": data}).encode())


# -- failures --


# Both generations of names, from APIXO's pages of errors.
KINDS = {
    FailureKind.CONTENT: [
        "CONTENT_VIOLATION",
        "NSFW_DETECTED",
        "SensitiveContent",
        "SensitiveContentDetected",
        "InputImageSensitiveContentDetected",
        "InputOutputSensitiveContentDetected",
        "NSFW",
        "ProhibitedContentDetected",
        "PromptInvalid",
    ],
    FailureKind.INPUT: [
        *["PROMPT_TOO_LONG", "INVALID_PROMPT", "INVALID_IMAGE_URL", "IMAGE_TOO_LARGE", "UNSUPPORTED_FORMAT"],
        *["IMAGE_DOWNLOAD_FAILED", "PromptLengthExceeded", "ImageNotAccess", "ImageFormatIncorrect"],
        *("Upload error", "Missing required parameter", "Invalid parameter type"),
        *("Invalid parameter value", "Param length exceeded"),
    ],
    FailureKind.PROVIDER: [
        *["PROCESSING_TIMEOUT", "MODEL_UNAVAILABLE", "GENERATION_FAILED", "RateLimited", "Timeout"],
        "Unknown error",
    ],
    FailureKind.ACCOUNT: ["INSUFFICIENT_CREDITS"],
    FailureKind.UNKNOWN: ["SomethingNew", "", "sensitivecontent "],
}


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in KINDS.items() for code in codes])
def test_a_failure_code_has_its_kind(kind: FailureKind, code: str) -> None:
    report = ENVELOPE.read_report({"state": "failed", "failCode": code, "failMsg": "why"})
    assert (report.error_kind, report.error_code, report.error_message) == (kind, code, "why")


def test_no_failure_code_is_left_out() -> None:
    assert set(FAIL_CODES) == {
        code for kind, codes in KINDS.items() if kind is not FailureKind.UNKNOWN for code in codes
    }


def test_every_failure_code_has_its_advice_but_the_one_that_no_page_has() -> None:
    assert FAIL_CODES.keys() - ADVICE.keys() == {"GENERATION_FAILED"}
    assert ADVICE.keys() - FAIL_CODES.keys() == {"400"}


def test_a_long_reason_is_cut() -> None:
    report = ENVELOPE.read_report({"state": "failed", "failCode": "c" * 999, "failMsg": "m" * 9999})
    assert (len(report.error_code), len(report.error_message)) == (100, 2000)

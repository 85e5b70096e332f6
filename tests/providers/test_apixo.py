"""APIXO's words: its documented answers word for word, and what it may say besides."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from generations.providers.apixo import (
    FAIL_CODES,
    Apixo,
    read_balance,
    read_id,
    read_report,
    read_status,
    request_body,
    result_urls,
)
from generations.providers.base import Order, Provider, RemoteState, Report
from generations.providers.errors import AccountProblem, Kind, Rejected
from generations.providers.http import Answer, read_answer

from .contract import GOOD_ID, KEY, AdapterContract

SAMPLES = Path(__file__).parents[1] / "samples" / "apixo"
CLIP = "https://file.apixo.ai/xxx.mp4"

T2V_26 = Order(
    provider="apixo",
    model="kling-2-6",
    mode="text-to-video",
    prompt="a serene waterfall in the forest with birds chirping",
    duration_seconds=10,
    sound=True,
    aspect_ratio="16:9",
    route="value",
)
DRONE = Order(
    provider="apixo",
    model="kling-2-5-turbo-pro",
    mode="text-to-video",
    prompt="a cinematic drone shot over snowy mountains at sunrise",
    duration_seconds=10,
    aspect_ratio="16:9",
)
STILL_LIFE = Order(
    provider="apixo",
    model="kling-2-1",
    mode="standard-image-to-video",
    prompt="animate this still life scene with subtle camera movement",
    duration_seconds=5,
    start_image="https://example.com/source.jpg",
)
NEON = Order(
    provider="apixo",
    model="kling-2-1",
    mode="master-text-to-video",
    prompt="a futuristic drone flying through neon-lit streets at night",
    duration_seconds=5,
)


def but(order: Order, **changes: Any) -> Order:
    return replace(order, **changes)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


# Every example of an order in APIXO's pages, but for the two that list all fields with "..." in them.
DOCUMENTED: dict[str, Order] = {
    "kling-2-6.order-text-to-video": T2V_26,
    "kling-2-6.order-image-to-video-callback": Order(
        provider="apixo",
        model="kling-2-6",
        mode="image-to-video",
        prompt="animate this mountain view with moving clouds and wind sounds",
        duration_seconds=5,
        sound=True,
        start_image="https://example.com/ref.jpg",
        route="official",
        callback_url="https://your-server.com/callback",
    ),
    "kling-2-5-turbo-pro.order-text-to-video-quickstart": but(DRONE, duration_seconds=5),
    "kling-2-5-turbo-pro.order-text-to-video": but(
        DRONE, negative_prompt="low quality, jitter, blur", cfg_scale=Decimal("0.6")
    ),
    "kling-2-5-turbo-pro.order-image-to-video": Order(
        provider="apixo",
        model="kling-2-5-turbo-pro",
        mode="image-to-video",
        prompt="smooth camera transition from the first frame to the final frame",
        duration_seconds=5,
        start_image="https://example.com/start.jpg",
        end_image="https://example.com/end.jpg",
        negative_prompt="distortion, low quality",
        cfg_scale=Decimal("0.4"),
    ),
    "kling-2-5-turbo-pro.order-image-to-video-callback": Order(
        provider="apixo",
        model="kling-2-5-turbo-pro",
        mode="image-to-video",
        prompt="make the subject turn toward camera with smooth natural motion",
        duration_seconds=5,
        start_image="https://example.com/start.jpg",
        cfg_scale=Decimal("0.5"),
        callback_url="https://your-server.com/webhooks/apixo",
    ),
    "kling-2-5-turbo-pro-es.order-text-to-video": but(
        DRONE, negative_prompt="low quality, jitter", cfg_scale=Decimal("0.6")
    ),
    "kling-2-5-turbo-pro-es.order-image-to-video-callback": Order(
        provider="apixo",
        model="kling-2-5-turbo-pro",
        mode="image-to-video",
        prompt="smooth camera transition from first to last frame",
        duration_seconds=5,
        start_image="https://example.com/head.jpg",
        end_image="https://example.com/tail.jpg",
        cfg_scale=Decimal("0.4"),
        route="official",
        callback_url="https://your-server.com/callback",
    ),
    "kling-2-1.order-standard-image-to-video-quickstart": STILL_LIFE,
    "kling-2-1.order-standard-image-to-video": but(
        STILL_LIFE, negative_prompt="blur, low quality", cfg_scale=Decimal("0.6")
    ),
    "kling-2-1.order-pro-image-to-video": Order(
        provider="apixo",
        model="kling-2-1",
        mode="pro-image-to-video",
        prompt="city skyline timelapse from day to night",
        duration_seconds=10,
        start_image="https://example.com/start.jpg",
        end_image="https://example.com/end.jpg",
        cfg_scale=Decimal("0.4"),
    ),
    "kling-2-1.order-master-text-to-video": but(
        NEON, aspect_ratio="9:16", negative_prompt="grainy, noisy, static", cfg_scale=Decimal("0.3")
    ),
    "kling-2-1.order-master-image-to-video": Order(
        provider="apixo",
        model="kling-2-1",
        mode="master-image-to-video",
        prompt="turn this product photo into a premium cinematic reveal",
        duration_seconds=5,
        start_image="https://example.com/product.jpg",
    ),
    "kling-2-1.order-master-text-to-video-callback": but(
        NEON, aspect_ratio="16:9", callback_url="https://your-server.com/webhooks/apixo"
    ),
}
NOT_AN_ORDER = {"kling-2-6.order-all-fields", "kling-2-5-turbo-pro-es.order-all-fields"}


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
        return [read_id, partial(read_status, remote_id=GOOD_ID), read_balance]


# -- what is sent --


@pytest.mark.parametrize("name", DOCUMENTED)
def test_an_order_is_written_as_in_the_documents(name: str) -> None:
    assert request_body(DOCUMENTED[name]) == sample(name)


def test_no_documented_order_is_left_out() -> None:
    assert DOCUMENTED.keys() | NOT_AN_ORDER == {path.stem for path in SAMPLES.glob("*.order-*.json")}


def test_what_was_not_chosen_is_not_sent() -> None:
    bare = Order(provider="apixo", model="kling-2-1", mode="m", prompt="p", duration_seconds=5)
    assert request_body(bare) == {"request_type": "async", "input": {"mode": "m", "prompt": "p", "duration": 5}}


def test_silence_is_a_choice_that_is_sent() -> None:
    assert request_body(but(T2V_26, sound=False))["input"]["sound"] is False


def test_no_guidance_is_a_choice_that_is_sent() -> None:
    assert request_body(but(DRONE, cfg_scale=Decimal(0)))["input"]["cfg_scale"] == 0


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
    assert Apixo(httpserver.url_for(""), KEY).submit(but(T2V_26, model="../apikeys?x=")) == "task_12345678"


def test_the_balance_is_asked_for_at_its_path(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/apikeys/current-balance", method="GET").respond_with_data(
        (SAMPLES / "balance.json").read_bytes()
    )
    assert str(Apixo(httpserver.url_for(""), KEY).balance()) == "74.87"


# -- recorded answers --


def recorded(name: str, status: int = 200) -> Answer:
    return read_answer(status, (SAMPLES / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.accepted.json")))
def test_a_documented_yes_is_accepted(name: str) -> None:
    assert read_id(recorded(name)) == "task_12345678"


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.refused.json")))
@pytest.mark.parametrize("status", [200, 400])
def test_insufficient_credits_are_an_account_problem_though_the_code_is_400(name: str, status: int) -> None:
    with pytest.raises(AccountProblem) as caught:
        read_id(recorded(name, status))
    assert (caught.value.message, caught.value.code) == ("Insufficient credits", "400")


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.processing.json")))
def test_a_documented_processing_is_working(name: str) -> None:
    report = read_status(recorded(name), remote_id="task_12345678")
    assert report == Report(state=RemoteState.WORKING, raw_state="processing")


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.success.json")))
def test_a_documented_success_brings_its_url(name: str) -> None:
    report = read_status(recorded(name), remote_id="task_12345678")
    assert report.state is RemoteState.DONE
    assert report.result_urls in ((CLIP,), ("https://r2.apixo.ai/video.mp4",))


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.failed.json")))
def test_a_documented_failure_says_why(name: str) -> None:
    report = read_status(recorded(name), remote_id="task_12345678")
    assert (report.state, report.error_kind) == (RemoteState.FAILED, Kind.CONTENT)
    assert report.error_code in ("SensitiveContent", "CONTENT_VIOLATION") and report.error_message.startswith("Content")


def test_a_bad_key_is_an_account_problem() -> None:
    with pytest.raises(AccountProblem, match="Invalid or missing API key"):
        read_id(recorded("bad-key", 401))


# -- refusals --


@pytest.mark.parametrize(
    "text",
    ["Insufficient credits", "insufficient balance or quota", "INSUFFICIENT_CREDITS", "Insufficient quota for key"],
)
def test_no_money_in_any_wording_is_an_account_problem(text: str) -> None:
    with pytest.raises(AccountProblem):
        read_id(envelope(400, text))


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (400, "Missing required parameter", Kind.INPUT),
        (400, "Something else", Kind.INPUT),
        (400, "ImageNotAccess", Kind.INPUT),
        (400, "SensitiveContentDetected: prompt", Kind.CONTENT),
        (403, "NSFW", Kind.CONTENT),
        (403, "The key cannot access the model", Kind.ACCOUNT),
        (422, "PromptInvalid", Kind.INPUT),
    ],
)
def test_a_refusal_is_sorted_for_people(code: int, text: str, kind: Kind) -> None:
    with pytest.raises(Rejected) as caught:
        read_id(envelope(code, text))
    assert (caught.value.kind, caught.value.message) == (kind, text)


def test_the_detail_of_a_refusal_is_kept() -> None:
    with pytest.raises(Rejected, match="Invalid request: Missing required field: input.prompt"):
        read_id(envelope(400, "Invalid request", {"error": "Missing required field: input.prompt"}))


def envelope(code: int, message: str, data: Any = None) -> Answer:
    return read_answer(200, json.dumps({"code": code, "message": message, "data": data}).encode())


# -- failures --

# Both generations of names, from the pages that are quoted in FACTS 1.4.
KINDS = {
    Kind.CONTENT: [
        "CONTENT_VIOLATION",
        "NSFW_DETECTED",
        "SensitiveContent",
        "SensitiveContentDetected",
        "InputImageSensitiveContentDetected",
        "InputOutputSensitiveContentDetected",
        "NSFW",
        "ProhibitedContentDetected",
    ],
    Kind.INPUT: [
        *["PROMPT_TOO_LONG", "INVALID_PROMPT", "INVALID_IMAGE_URL", "IMAGE_TOO_LARGE", "UNSUPPORTED_FORMAT"],
        *["IMAGE_DOWNLOAD_FAILED", "PromptInvalid", "PromptLengthExceeded", "ImageNotAccess", "ImageFormatIncorrect"],
        *("Upload error", "Missing required parameter", "Invalid parameter type"),
        *("Invalid parameter value", "Param length exceeded"),
    ],
    Kind.PROVIDER: [
        *["PROCESSING_TIMEOUT", "MODEL_UNAVAILABLE", "GENERATION_FAILED", "RateLimited", "Timeout"],
        "Unknown error",
    ],
    Kind.ACCOUNT: ["INSUFFICIENT_CREDITS"],
    Kind.UNKNOWN: ["SomethingNew", "", "sensitivecontent "],
}


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in KINDS.items() for code in codes])
def test_a_failure_code_has_its_kind(kind: Kind, code: str) -> None:
    report = read_report({"state": "failed", "failCode": code, "failMsg": "why"})
    assert (report.error_kind, report.error_code, report.error_message) == (kind, code, "why")


def test_no_failure_code_is_left_out() -> None:
    assert set(FAIL_CODES) == {code for kind, codes in KINDS.items() if kind is not Kind.UNKNOWN for code in codes}


def test_a_long_reason_is_cut() -> None:
    report = read_report({"state": "failed", "failCode": "c" * 999, "failMsg": "m" * 9999})
    assert (len(report.error_code), len(report.error_message)) == (100, 2000)


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
        {"resultUrls": [CLIP], "firstFrameUrl": "https://file.apixo.ai/first.png"},
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
    report = read_report({"state": "success", "resultJson": result})
    assert report == Report(state=RemoteState.WORKING, raw_state="success")


def test_a_success_without_a_result_is_not_finished() -> None:
    assert read_report({"state": "success"}).state is RemoteState.WORKING


def test_urls_keep_their_order() -> None:
    urls = [f"https://file.apixo.ai/{number}.mp4" for number in (3, 1, 2)]
    assert result_urls({"resultUrls": urls}) == tuple(urls)

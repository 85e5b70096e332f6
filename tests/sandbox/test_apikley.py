"""Apikley's paths, envelopes and states: whatever happens, the HTTP status is 200."""

import json
from pathlib import Path

import pytest
import requests

TEXT = {"prompt": "a lighthouse", "sound": False, "aspect_ratio": "16:9", "duration": "5"}
IMAGE = {
    "prompt": "a lighthouse",
    "sound": True,
    "duration": "10",
    "image_urls": ["https://example.com/ref.png"],
}
FROM_TEXT, FROM_IMAGE = "kling-2.6/text-to-video", "kling-2.6/image-to-video"
REFUSED = {
    "missing model": (None, TEXT),
    "unknown model": ("kling-3.0/text-to-video", TEXT),
    "missing input": (FROM_TEXT, None),
    "missing prompt": (FROM_TEXT, TEXT | {"prompt": None}),
    "blank prompt": (FROM_TEXT, TEXT | {"prompt": " "}),
    "long prompt": (FROM_TEXT, TEXT | {"prompt": "x" * 1001}),
    "missing sound": (FROM_TEXT, TEXT | {"sound": None}),
    "sound as a string": (FROM_TEXT, TEXT | {"sound": "false"}),
    "missing ratio": (FROM_TEXT, TEXT | {"aspect_ratio": None}),
    "unknown ratio": (FROM_TEXT, TEXT | {"aspect_ratio": "4:3"}),
    "missing duration": (FROM_TEXT, TEXT | {"duration": None}),
    "duration as a number": (FROM_TEXT, TEXT | {"duration": 5}),
    "unknown duration": (FROM_TEXT, TEXT | {"duration": "7"}),
    "image mode without an image": (FROM_IMAGE, IMAGE | {"image_urls": None}),
    "image mode with an empty list": (FROM_IMAGE, IMAGE | {"image_urls": []}),
    "image mode with two images": (FROM_IMAGE, IMAGE | {"image_urls": ["https://example.com/ref.png"] * 2}),
    "image as a string": (FROM_IMAGE, IMAGE | {"image_urls": "https://example.com/ref.png"}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_each_documented_rule_refuses_with_422_in_the_envelope(apikley, case):
    model, given = REFUSED[case]
    answer = apikley.post("/jobs/createTask", {"model": model, "input": given})
    assert answer.status_code == 200
    assert answer.json()["code"] == 422 and answer.json()["data"] is None
    assert answer.json()["msg"]
    assert apikley.sandbox.truth()["accepted"] == 0


def test_the_documented_request_is_accepted_verbatim(apikley):
    example = (Path(__file__).parents[1] / "samples/apikley/order.json").read_text()
    answer = apikley.post("/jobs/createTask", json.loads(example)).json()
    assert (answer["code"], answer["msg"]) == (200, "success")
    assert answer["data"]["taskId"].startswith("task_kling-2.6_1767965610500")


def test_image_to_video_is_accepted_without_a_ratio(apikley):
    assert apikley.post("/jobs/createTask", {"model": FROM_IMAGE, "input": IMAGE}).json()["code"] == 200


@pytest.mark.parametrize("path", ["/jobs/recordInfo?taskId=x", "/chat/credit"])
def test_no_key_is_code_401_with_status_200(sandbox, path):
    answer = requests.get(sandbox.apikley_url + path, timeout=5)
    assert answer.status_code == 200
    assert answer.json() == {"code": 401, "msg": "You do not have access permissions", "data": None}


def test_a_task_waits_queues_generates_and_succeeds(apikley, wait):
    task_id = apikley.accepted()
    seen = []
    for seconds in (0, 3, 10):
        apikley.clock.advance(seconds)
        seen.append(apikley.status(task_id).json()["data"]["state"])
    assert seen == ["waiting", "queuing", "generating"]
    assert apikley.finished(task_id)["state"] == "success"


def test_a_success_has_the_documented_fields(apikley):
    data = apikley.finished(task_id := apikley.accepted(sound=True))
    assert data["taskId"] == task_id and data["model"] == FROM_TEXT
    assert json.loads(data["param"])["input"]["sound"] is True
    assert len(json.loads(data["resultJson"])["resultUrls"]) == 1
    assert (data["failCode"], data["failMsg"]) == ("", "")
    assert data["creditsConsumed"] == 110
    assert data["completeTime"] == data["updateTime"] == data["createTime"] + data["costTime"]


def test_before_the_end_the_result_is_empty(apikley):
    data = apikley.status(apikley.accepted()).json()["data"]
    assert data["resultJson"] == "" and data["completeTime"] is None and data["costTime"] is None


def test_a_failure_is_called_fail(apikley):
    data = apikley.finished(apikley.accepted("[fail NSFW]"))
    assert (data["state"], data["failCode"]) == ("fail", "NSFW")


def test_an_unknown_task_is_code_422(apikley):
    answer = apikley.status("task_kling-2.6_1")
    assert answer.status_code == 200
    assert answer.json() == {"code": 422, "msg": "recordInfo is null", "data": None}


def test_credit_falls_when_a_video_is_made(apikley):
    assert apikley.get("/chat/credit").json() == {"code": 200, "msg": "success", "data": 200000.0}
    apikley.finished(apikley.accepted(duration="10"))
    assert apikley.get("/chat/credit").json()["data"] == 199890


def test_the_21st_order_in_ten_seconds_is_code_429(apikley, clock):
    codes = [apikley.order(f"[fail] {number}").json()["code"] for number in range(21)]
    assert codes == [200] * 20 + [429]
    clock.advance(10)
    assert apikley.order().json()["code"] == 200


def test_the_101st_task_in_flight_is_code_429(start, clients):
    _, apikley = clients(start(apikley_orders_per_10_seconds=1000, apikley_in_flight=3))
    codes = [apikley.order(f"[stuck] {number}").json()["code"] for number in range(4)]
    assert codes == [200, 200, 200, 429]


def test_no_credit_is_code_402_in_their_words(apikley):
    answer = apikley.order("[no credit]").json()
    assert answer["code"] == 402
    assert answer["msg"] == "The current credits are insufficient. Please top up."


def test_asking_does_not_count_towards_the_order_limit(apikley):
    task_id = apikley.accepted("[stuck]")
    assert {apikley.status(task_id).json()["code"] for _ in range(40)} == {200}

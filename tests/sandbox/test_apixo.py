"""APIXO's paths, envelopes and states."""

import json

import pytest
import requests

PATHS = ("/generateTask/kling-2-6", "/statusTask/kling-2-6", "/apikeys/current-balance")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", [None, "", "Bearer", "Bearer  ", "Basic abc"])
def test_no_key_is_answered_with_401(sandbox, path, key):
    headers = {} if key is None else {"Authorization": key}
    answer = requests.get(sandbox.apixo_url + path, headers=headers, timeout=5)
    assert answer.status_code == 401
    assert answer.json() == {"code": 401, "message": "Invalid or missing API key"}


def test_an_accepted_order_is_answered_with_an_opaque_id(apixo):
    answer = apixo.order()
    assert answer.headers["Content-Type"] == "application/json"
    task_id = answer.json()["data"]["taskId"]
    assert len(task_id) == 32 and int(task_id, 16)
    assert answer.json() == {"code": 200, "message": "success", "data": {"taskId": task_id}}


def test_a_task_is_pending_then_processing_then_successful(apixo, wait):
    task_id = apixo.accepted()
    assert apixo.status(task_id).json()["data"] == {
        "taskId": task_id,
        "state": "pending",
        "createTime": 1767965610500,
    }
    apixo.clock.advance(20)
    assert apixo.state(task_id) == "processing"
    apixo.clock.advance(29)
    assert apixo.state(task_id) == "processing"  # 49 s: earlier than the page's 50
    apixo.clock.advance(21.5)
    wait(lambda: apixo.state(task_id) == "success")  # 70.5 s: later than its 70


def test_a_success_has_the_documented_fields(apixo):
    data = apixo.finished(task_id := apixo.accepted())
    assert list(data) == ["taskId", "state", "resultJson", "createTime", "completeTime", "costTime"]
    assert data["taskId"] == task_id
    assert data["completeTime"] - data["createTime"] == data["costTime"]
    assert 50_000 <= data["costTime"] <= 70_000
    (url,) = json.loads(data["resultJson"])["resultUrls"]
    assert url.startswith(apixo.sandbox.url + "/files/" + task_id)


def test_a_failure_has_the_documented_fields(apixo):
    data = apixo.finished(apixo.accepted("[fail content_violation] a riot"))
    assert data["state"] == "failed"
    assert data["failCode"] == "CONTENT_VIOLATION"
    assert data["failMsg"] == "Content does not meet safety guidelines"
    assert "resultJson" not in data


def test_the_envelope_of_a_failed_task_says_success(apixo):
    apixo.finished(task_id := apixo.accepted("[fail]"))
    assert apixo.status(task_id).json()["code"] == 200


@pytest.mark.parametrize("model", ["kling-2-1", "kling-9"])
def test_a_task_is_known_only_under_its_own_model(apixo, model):
    task_id = apixo.accepted()
    answer = apixo.status(task_id, model)
    assert answer.status_code == answer.json()["code"] == 404


def test_an_unknown_model_is_answered_with_404(apixo):
    assert apixo.order(model="kling-3-0").json()["code"] == 404


def test_an_unknown_task_is_answered_with_404(apixo):
    assert apixo.status("0" * 32).json()["message"] == "Task ID or route not found"


def test_a_status_without_an_id_is_answered_with_400(apixo):
    assert apixo.get("/statusTask/kling-2-6").status_code == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"nothing"])
def test_a_body_that_is_no_json_is_answered_with_400(apixo, body):
    answer = apixo.session.post(
        apixo.sandbox.apixo_url + "/generateTask/kling-2-5-turbo-pro",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=5,
    )
    assert answer.status_code == 400
    assert answer.json()["data"] == {"error": "The body is not valid JSON"}


def test_a_form_is_answered_with_400(apixo):
    answer = apixo.session.post(apixo.sandbox.apixo_url + "/generateTask/kling-2-6", data={"a": 1}, timeout=5)
    assert answer.status_code == 400


def test_a_wrong_method_is_answered_with_405(apixo):
    assert apixo.get("/generateTask/kling-2-6").status_code == 405


def test_the_balance_is_a_bare_number_that_falls_when_a_video_is_made(apixo):
    assert apixo.get("/apikeys/current-balance").text == '{"code":200,"message":"success","data":1000.0}'
    task_id = apixo.accepted(sound=True)
    assert apixo.balance() == 1000
    apixo.finished(task_id)
    assert apixo.balance() == 999.45


def test_a_failed_task_costs_nothing(apixo):
    apixo.finished(apixo.accepted("[fail NSFW]"))
    assert apixo.balance() == 1000


def test_the_request_limit_answers_429_and_says_when_to_come_back(start, clients, clock):
    apixo, _ = clients(start(apixo_requests_per_minute=3))
    for _ in range(3):
        assert apixo.balance() == 1000
    clock.advance(20)
    answer = apixo.get("/apikeys/current-balance")
    assert (answer.status_code, answer.json()["code"]) == (429, 429)
    assert answer.headers["Retry-After"] == "40"
    clock.advance(40)
    assert apixo.balance() == 1000


def test_more_tasks_than_may_be_in_flight_are_answered_with_429(start, clients, clock):
    apixo, _ = clients(start(apixo_in_flight=2))
    first = apixo.accepted("[fail] one")
    apixo.accepted("two")
    answer = apixo.order("three")
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    clock.advance(60)
    assert apixo.state(first) == "failed"
    assert apixo.order("three").status_code == 200


def test_an_empty_account_is_answered_as_the_page_of_kling_2_6_says(start, clients):
    from decimal import Decimal

    apixo, _ = clients(start(apixo_balance=Decimal("0.5")))
    assert apixo.order("one").status_code == 200
    answer = apixo.order("two")  # the first one is still to be paid
    assert (answer.status_code, answer.json()["message"]) == (400, "Insufficient credits")

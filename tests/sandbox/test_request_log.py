"""The record for tests."""

import requests

from generations.sandbox.request_log import RequestLog
from generations.sandbox.wire import Answer, Request


def test_the_truth_lists_requests_and_tasks(apixo):
    task_id = apixo.accepted("a lighthouse", request_type="callback", callback_url="https://studio.example/hook")
    apixo.order("[reject]")
    apixo.status(task_id)
    truth = requests.get(apixo.sandbox.url + "/_truth", timeout=5).json()
    assert truth["accepted"] == 1
    seen = [(entry["method"], entry["status"], entry["accepted"], entry["task_id"]) for entry in truth["requests"]]
    assert seen == [("POST", 200, True, task_id), ("POST", 400, False, ""), ("GET", 200, False, task_id)]
    (task,) = truth["tasks"]
    assert task["callback_url"] == "https://studio.example/hook"
    assert (task["provider"], task["model"], task["state"]) == ("apixo", "kling-2-6", "pending")
    assert (task["price"], task["bytes_served"]) == (0.275, 0)


def test_the_record_is_bounded(monkeypatch):
    monkeypatch.setattr("generations.sandbox.request_log.MOST_REQUESTS", 3)
    log = RequestLog()
    for number in range(5):
        log.note(number, Request("GET", "/", {}, {}), Answer(200))
    assert [entry["at"] for entry in log.to_json()] == [2, 3, 4]

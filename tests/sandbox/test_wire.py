"""Answers."""

import json

from generations.sandbox.wire import as_json, as_text, for_task


def test_json_keeps_letters_as_they_are():
    answer = as_json(200, {"msg": "ж"})
    assert json.loads(answer.body) == {"msg": "ж"} and "ж".encode() in answer.body


def test_an_answer_can_be_marked_with_its_task():
    answer = for_task(as_text(502, "x"), "id", accepted=True)
    assert (answer.status, answer.task_id, answer.accepted) == (502, "id", True)

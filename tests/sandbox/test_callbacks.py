"""Callbacks: when they come, what they say, and how often."""

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response


@pytest.fixture
def inbox(httpserver: HTTPServer):
    """A place for callbacks; `bodies` is what came, `statuses` what is answered, 200 when it has run out."""

    class Inbox:
        url = httpserver.url_for("/hook")

        def __init__(self) -> None:
            self.bodies: list[dict[str, Any]] = []
            self.statuses: list[int] = []

        def answer(self, request) -> Response:
            self.bodies.append(json.loads(request.data))
            return Response(status=self.statuses.pop(0) if self.statuses else 200)

    made = Inbox()
    httpserver.expect_request("/hook", method="POST").respond_with_handler(made.answer)
    return made


def order(apixo, inbox, prompt="a lighthouse"):
    return apixo.accepted(prompt, request_type="callback", callback_url=inbox.url)


def test_apixo_posts_its_status_envelope(apixo, inbox, wait):
    task_id = order(apixo, inbox)
    assert not inbox.bodies
    data = apixo.finished(task_id)
    wait(lambda: inbox.bodies)
    assert inbox.bodies == [{"code": 200, "message": "success", "data": data}]


def test_apixo_says_200_of_a_failed_task(apixo, inbox, wait):
    order(apixo, inbox, "[fail NSFW]")
    apixo.clock.advance(100)
    body = wait(lambda: inbox.bodies)[0]
    assert (body["code"], body["data"]["state"], body["data"]["failCode"]) == (200, "failed", "NSFW")


def test_apikley_posts_its_own_words_and_seconds(apikley, inbox, wait):
    task_id = apikley.accepted(callBackUrl=inbox.url)
    apikley.finished(task_id)
    body = wait(lambda: inbox.bodies)[0]
    assert (body["code"], body["msg"]) == (200, "Playground task completed successfully.")
    assert body["data"]["failCode"] is None and 50 <= body["data"]["costTime"] <= 70


def test_apikley_says_501_of_a_failed_task(apikley, inbox, wait):
    apikley.accepted("[fail]", callBackUrl=inbox.url)
    apikley.clock.advance(100)
    body = wait(lambda: inbox.bodies)[0]
    assert (body["code"], body["data"]["state"], body["data"]["resultJson"]) == (501, "fail", None)


def test_it_is_tried_again_three_times_after_30_60_and_120_seconds(apixo, inbox, wait):
    inbox.statuses = [500, 302, 404, 500, 500]
    order(apixo, inbox, "[fail]")
    apixo.clock.advance(100)
    for count, seconds in ((1, 30), (2, 60), (3, 120), (4, 10_000)):
        wait(lambda count=count: len(inbox.bodies) == count)
        retries = apixo.sandbox._callbacks._retries
        if count < 4:
            wait(lambda retries=retries: retries)
            assert retries[0].at - apixo.clock() == seconds
        apixo.clock.advance(seconds)
    apixo.sandbox._callbacks.tick()
    assert len(inbox.bodies) == 4 and not apixo.sandbox._callbacks._retries


def test_polling_orders_get_no_callback(apixo, inbox, wait):
    apixo.order("[fail]", callback_url=inbox.url)
    order(apixo, inbox, "[fail OTHER]")
    apixo.clock.advance(100)
    body = wait(lambda: inbox.bodies)[0]
    assert body["data"]["failCode"] == "OTHER" and len(inbox.bodies) == 1


def test_callback_twice_comes_twice(apixo, inbox, wait):
    order(apixo, inbox, "[fail][callback twice]")
    apixo.clock.advance(100)
    wait(lambda: len(inbox.bodies) == 2)


def test_callback_never_does_not_come(apixo, inbox, wait):
    order(apixo, inbox, "[fail][callback never]")
    order(apixo, inbox, "[fail OTHER]")
    apixo.clock.advance(100)
    assert wait(lambda: inbox.bodies)[0]["data"]["failCode"] == "OTHER"
    assert len(inbox.bodies) == 1


def test_callback_early_comes_before_the_answer(apixo, inbox):
    task_id = order(apixo, inbox, "[callback early]")
    assert [body["data"]["taskId"] for body in inbox.bodies] == [task_id]
    assert inbox.bodies[0]["data"]["state"] == "success"
    assert apixo.state(task_id) == "success"


def test_an_address_where_nobody_listens_harms_nothing(apixo, wait):
    apixo.accepted("[fail]", request_type="callback", callback_url="http://127.0.0.1:9/hook")
    apixo.clock.advance(100)
    wait(lambda: apixo.sandbox._callbacks._retries)
    assert apixo.balance() == 1000

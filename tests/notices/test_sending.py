"""Webhooks on their way: signed, the same id at each try, tried for a day, logged, and switched off in the end."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response

from generations.models import Endpoint, Lease, Notice, NoticeKind, WebhookMessage, WebhookTry
from generations.notices import posting, sending
from generations.notices.deriving import derive
from generations.notices.posting import Answer
from tests.factories import NOW
from tests.notices.telling import an_endpoint, fail, someone

pytestmark = pytest.mark.django_db(transaction=True)
FAILED = Answer(http_status=500, error="the answer was 500", seconds=0.1)
WELL = Answer(http_status=200, error="", seconds=0.1)


def send() -> int:
    return sending.send_due(goes_on=lambda: True)


def a_message(endpoint: Endpoint) -> WebhookMessage:
    fail(None)
    derive(at=NOW)
    return WebhookMessage.objects.filter(endpoint=endpoint).latest("pk")


def try_until_given_up(message: WebhookMessage, answer: Answer = FAILED) -> list[timedelta]:
    """Record failures as they would come; return the waits between the tries."""
    waits = []
    while message.due_at:
        at = message.due_at
        WebhookMessage.objects.filter(pk=message.pk).update(tries=message.tries + 1)
        message.refresh_from_db()
        sending.record(message, answer, at=at)
        message.refresh_from_db()
        waits += [message.due_at - at] if message.due_at else []
    return waits


def test_the_reference_library_verifies_what_is_sent(httpserver: HTTPServer) -> None:
    received: list[Request] = []

    def answer(request: Request) -> Response:
        received.append(request)
        return Response()

    httpserver.expect_request("/hook").respond_with_handler(answer)
    endpoint = an_endpoint(httpserver.url_for("/hook"))
    message = a_message(endpoint)
    assert send() == 1
    headers = {name.lower(): value for name, value in received[0].headers.items()}
    body = Webhook(endpoint.secret()).verify(received[0].data, headers)
    assert (body["type"], headers["webhook-id"]) == ("order.failed", message.message_id)
    message.refresh_from_db()
    assert message.due_at is None and message.delivered_at
    assert send() == 0


def test_another_secret_verifies_nothing(httpserver: HTTPServer) -> None:
    endpoint = an_endpoint("https://hooks.example.com/")
    message, at = a_message(endpoint), timezone.now()
    headers = sending.headers(message, at=at)
    endpoint.rotate()
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(endpoint.secret()).verify(message.body, headers)


def test_a_failure_is_tried_again_with_the_same_id_and_body(httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/hook").respond_with_data("", status=503)
    httpserver.expect_ordered_request("/hook").respond_with_data("")
    message = a_message(an_endpoint(httpserver.url_for("/hook")))
    assert (send(), send()) == (1, 0)
    WebhookMessage.objects.update(due_at=timezone.now())
    assert send() == 1
    (first, __), (second, __) = httpserver.log
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == message.message_id
    assert first.data == second.data
    assert list(WebhookTry.objects.order_by("pk").values_list("http_status", "error")) == [
        (None, posting.NOT_TAKEN), (200, ""),
    ]  # fmt: skip


def test_five_tries_go_over_a_day() -> None:
    waits = try_until_given_up(a_message(an_endpoint("https://hooks.example.com/")))
    assert [wait.total_seconds() / 60 for wait in waits] == [5, 60, 360, 1020]
    assert timedelta(days=1) <= sum(waits, timedelta()) <= timedelta(days=1, hours=1)


def test_an_endpoint_that_failed_for_a_day_is_switched_off_and_those_who_may_are_told() -> None:
    olga = someone("olga", "Operator")
    endpoint = an_endpoint("https://hooks.example.com/")
    message, other = a_message(endpoint), a_message(endpoint)
    try_until_given_up(message)
    endpoint.refresh_from_db()
    other.refresh_from_db()
    assert (endpoint.active, endpoint.off_because, other.due_at) == (False, "the answer was 500", None)
    assert Notice.objects.get(person=olga).happening.kind == NoticeKind.ENDPOINT


def test_one_message_that_is_never_taken_does_not_switch_off_what_takes_others() -> None:
    endpoint = an_endpoint("https://hooks.example.com/")
    refused, taken = a_message(endpoint), a_message(endpoint)
    WebhookMessage.objects.filter(pk=taken.pk).update(tries=1)
    sending.record(taken, WELL, at=NOW)
    try_until_given_up(refused)
    endpoint.refresh_from_db()
    assert endpoint.active


def test_a_receiver_that_says_gone_is_switched_off_at_once() -> None:
    endpoint = an_endpoint("https://hooks.example.com/")
    gone = Answer(http_status=410, error="the answer was 410", seconds=0.1)
    assert try_until_given_up(a_message(endpoint), gone) == []
    endpoint.refresh_from_db()
    assert not endpoint.active


def test_a_slow_endpoint_has_one_try_in_a_run_and_the_others_are_served(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/bad").respond_with_data("", status=500)
    httpserver.expect_request("/good").respond_with_data("")
    bad, good = (an_endpoint(httpserver.url_for(f"/{name}")) for name in ("bad", "good"))
    for _ in range(3):
        a_message(bad)
    assert send() == 4
    assert WebhookMessage.objects.filter(endpoint=good, delivered_at__isnull=False).count() == 3


def test_a_worker_that_died_in_a_try_is_followed_by_another_one() -> None:
    message = a_message(an_endpoint("https://hooks.example.com/"))
    sending._claim(set(), at=NOW)
    assert not sending.due(at=NOW).exists()
    assert sending.due(at=NOW + sending.CLAIM).get() == message


def test_only_one_process_sends_at_a_time() -> None:
    a_message(an_endpoint("https://hooks.example.com/"))
    Lease.objects.take(sending.LEASE, seconds=60)
    assert send() == 0


def test_a_test_is_sent_once_also_to_an_endpoint_that_is_off(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("", status=500)
    endpoint = an_endpoint(httpserver.url_for("/hook"), active=False)
    sending.enqueue_test(endpoint, at=NOW)
    assert (send(), send()) == (1, 0)
    assert WebhookMessage.objects.get().due_at is None
    assert httpserver.log[0][0].json["type"] == "test"


def test_neither_log_nor_rows_hold_the_secret_or_the_query(
    httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = an_endpoint(httpserver.url_for("/hook?key=of-theirs"))
    message = a_message(endpoint)
    with caplog.at_level(logging.INFO):
        send()
    secret = endpoint.secret().removeprefix("whsec_")
    rows = [*Endpoint.objects.values_list(), *WebhookMessage.objects.values_list(), *WebhookTry.objects.values_list()]
    log = " ".join(record.getMessage() for record in caplog.records if record.name != "werkzeug")  # the receiver's
    assert message.message_id in log
    assert secret not in f"{rows}{log}"
    assert "of-theirs" not in log

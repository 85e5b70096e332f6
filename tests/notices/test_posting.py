"""The POST of a webhook: where it may go, and what is made of every kind of answer."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from generations.media.origins import NotAllowed, any_origin, session_for
from generations.notices import posting
from generations.notices.posting import check_address, post

BODY = b'{"type": "test"}'


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example.com/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.7/x", "https://localhost/",
        "https://printer.local/", "https://127.1/", "https://169.254.169.254/latest", "ftp://hooks.example.com/",
        "https://anna:secret@hooks.example.com/", "no address", "https://[/", "https://[::.]/",
    ],
)  # fmt: skip
def test_only_https_at_a_public_address_will_do(address: str, settings: Settings) -> None:
    settings.PRACTICE = False
    with pytest.raises(NotAllowed):
        check_address(address)
    assert post(address, BODY, {}).http_status is None


@pytest.mark.parametrize("address", ["http://10.0.0.7/x", "http://169.254.169.254/latest", "https://printer.local/"])
def test_a_practice_site_sends_to_no_other_machine_of_its_network(address: str) -> None:
    with pytest.raises(NotAllowed):
        check_address(address)


def test_a_public_address_will_do(settings: Settings) -> None:
    settings.PRACTICE = False
    assert check_address("https://hooks.example.com/kling?key=1").host == "hooks.example.com"


def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer
) -> None:
    """Its name is public when it is checked, and is resolved when it is sent."""
    settings.PRACTICE = False
    answer = [(2, 1, 6, "", ("127.0.0.1", httpserver.port))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **kwargs: answer)
    found = post(f"https://hooks.example.com:{httpserver.port}/", BODY, {})
    assert (found.http_status, found.error) == (None, "no connection, or no answer within 10 s")
    assert not httpserver.log


def test_a_practice_site_may_send_to_its_own_machine(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook", method="POST", headers={"webhook-id": "msg_1"}, data=BODY).respond_with_data(
        "ok"
    )
    found = post(httpserver.url_for("/hook"), BODY, {"webhook-id": "msg_1"})
    assert (found.http_status, found.error) == (200, "")


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receivers of these tests count as public ones, though they run here."""
    monkeypatch.setattr(posting, "check_address", any_origin)
    monkeypatch.setattr(posting, "session_for", lambda origin, until: session_for(replace(origin, private=True), until))


@pytest.mark.usefixtures("far")
def test_a_redirect_is_a_failure_and_is_not_followed(httpserver: HTTPServer) -> None:
    target = httpserver.url_for("/secret")
    httpserver.expect_request("/hook").respond_with_response(Response(status=307, headers={"Location": target}))
    found = post(httpserver.url_for("/hook"), BODY, {})
    assert (found.http_status, found.error) == (307, "the answer was 307")
    assert [request.path for request, __ in httpserver.log] == ["/hook"]


@pytest.mark.usefixtures("far")
def test_an_error_of_the_receiver_is_a_failure(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("oh", status=500)
    assert post(httpserver.url_for("/hook"), BODY, {}).error == "the answer was 500"


def slow(request: Request) -> Response:
    time.sleep(1)
    return Response()


@pytest.mark.usefixtures("far")
def test_no_answer_in_time_is_a_failure_that_names_no_address(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "POST_SECONDS", 0.3)
    httpserver.expect_request("/hook").respond_with_handler(slow)
    found = post(httpserver.url_for("/hook?key=secret"), BODY, {})
    assert (found.http_status, found.error) == (None, "no connection, or no answer within 0.3 s")
    assert found.seconds < 1


@pytest.mark.parametrize("port", ["9", "{port}"])
def test_the_log_names_no_more_of_an_address_than_its_host(
    port: str, httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request("/services/secret").respond_with_data("no", status=500)
    with caplog.at_level("INFO"):
        post(f"http://127.0.0.1:{port.format(port=httpserver.port)}/services/secret?key=secret", BODY, {})
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("generations")]
    assert lines and all("127.0.0.1" in line and "secret" not in line for line in lines)

"""What an exchange of HTTP sends, and how its answer is read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from generations.providers import http as module
from generations.providers.errors import AccountProblem, Rejected
from generations.providers.http import read_answer
from tests.servers import Line

from .exchanges import KEY, Raw, a_client, post

# -- what is sent --


def test_a_post_is_one_request_with_the_json_of_its_body(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/order", method="POST", json={"prompt": "é"}).respond_with_json({"code": 200})
    answer = a_client(httpserver.url_for("")).post("/order", {"prompt": "é"})
    assert (answer.status, answer.body, len(httpserver.log)) == (200, {"code": 200}, 1)


def test_a_request_says_who_asks_and_carries_the_key_in_one_header_only(raw: Raw) -> None:
    server = raw(lambda line: line.request() and line.answer())
    a_client(server.url).get("/status", taskId="a b")
    (request,) = server.requests
    assert request.startswith(b"GET /status?taskId=a+b HTTP/1.1\r\n")
    assert b"User-Agent: kling-studio/" in request
    assert request.count(KEY.encode()) == 1 and f"Authorization: Bearer {KEY}\r\n".encode() in request


def test_no_compressed_answer_is_asked_for(raw: Raw) -> None:
    server = raw(lambda line: line.request() and line.answer())
    a_client(server.url).get("/status")
    assert b"Accept-Encoding: identity\r\n" in server.requests[0]


def test_proxies_and_passwords_of_the_environment_are_ignored(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, closed_port: int, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password other\nmachine localhost login eve password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    httpserver.expect_request("/status", headers={"Authorization": f"Bearer {KEY}"}).respond_with_json({})
    assert a_client(httpserver.url_for("")).get("/status").status == 200


def test_blanks_around_the_key_are_no_part_of_it(raw: Raw) -> None:
    server = raw(lambda line: line.request() and line.answer())
    a_client(server.url, f" {KEY}\n").get("/status")
    assert f"Authorization: Bearer {KEY}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize("key", ["", "  ", "clé-secrète-123", "ключ-секрет", "sk-SECRET\r\nX-Evil: 1", "sk SECRET 123"])
def test_a_key_that_no_header_can_carry_is_an_account_problem_and_nothing_is_sent(raw: Raw, key: str) -> None:
    server = raw(lambda line: line.request() and line.answer())
    with pytest.raises(AccountProblem) as caught:
        a_client(server.url, key).post("/order", {})
    assert server.connections == 0
    assert "SECRET" not in repr(caught.value) and not key.strip() or key not in repr(caught.value)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_an_order_that_is_no_json_is_refused_here_for_good(raw: Raw, number: float) -> None:
    server = raw(lambda line: line.request() and line.answer())
    with pytest.raises(Rejected):
        a_client(server.url).post("/order", {"cfg_scale": number})
    assert server.connections == 0


# -- reading an answer --


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("-5", 0.0),
        ("999999", 3600.0),
        ("inf", 3600.0),
        ("1e400", 3600.0),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("5, 10", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_within_an_hour(header: str, seconds: float | None) -> None:
    assert read_answer(429, b"", header).retry_after_seconds == seconds


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"7",
        b'"a"',
        b'{"a":',
        b"\xff\xfe",
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"code":' + b"1" * 5000 + b"}",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_json_object_has_no_body(text: bytes) -> None:
    answer = read_answer(200, text)
    assert answer.body is None and len(answer.excerpt) <= module.EXCERPT


def test_json_is_read_as_utf_8_with_or_without_its_mark() -> None:
    assert read_answer(200, b'\xef\xbb\xbf{"a": 1}').body == read_answer(200, b'{"a": 1}').body == {"a": 1}
    assert read_answer(200, '{"a": 1}'.encode("utf-16")).body is None


def test_the_excerpt_is_text_that_a_database_takes() -> None:
    assert read_answer(200, b"id\x00 \xed\xa0\x80 \xff").excerpt.encode().count(b"\x00") == 0


def test_a_key_that_the_server_repeats_is_masked(raw: Raw) -> None:
    def echo(line: Line) -> None:
        request = line.request()
        line.answer(b'{"message": "bad ' + request.split(b"Bearer ")[1].split(b"\r\n")[0] + b'"}', status="401 No")

    answer = post(raw(echo).url)
    assert answer.body == {"message": "bad [key]"} and KEY not in answer.excerpt


@pytest.mark.parametrize(
    "written", [r"sk-SECRET\/0123+456789", r"sk-SECRET/0123\u002B456789", r"\u0073k-SECRET/0123+456789"]
)
def test_a_key_is_masked_however_json_writes_it(raw: Raw, written: str) -> None:
    server = raw(lambda line: line.request() and line.answer(f'{{"message": "bad {written}"}}'.encode()))
    answer = a_client(server.url, "sk-SECRET/0123+456789").post("/order", {})
    assert answer.body == {"message": "bad [key]"} and "SECRET" not in answer.excerpt


def test_the_word_practice_is_not_masked(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/status").respond_with_json({"url": "/practice/clip.mp4"})
    assert a_client(httpserver.url_for(""), "practice").get("/status").body == {"url": "/practice/clip.mp4"}


@given(status=st.integers(100, 599), raw_body=st.binary(max_size=300), header=st.text(max_size=20))
def test_any_bytes_make_an_answer(status: int, raw_body: bytes, header: str) -> None:
    read_answer(status, raw_body, header).excerpt.encode()

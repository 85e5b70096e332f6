"""A reference video at an address: how long it is, before money is reserved for its seconds."""

from __future__ import annotations

import pytest
from pytest_httpserver import HTTPServer

from generations.media import remote_videos
from generations.media.remote_videos import UnusableVideo, probe_seconds
from tests.clips import clip

NONE = "no complete MP4, MOV or M4V of at most"


def origin(httpserver: HTTPServer) -> str:
    return httpserver.url_for("").rstrip("/")


def serve(httpserver: HTTPServer, body: bytes, *, status: int = 200) -> str:
    httpserver.expect_request("/a.mp4").respond_with_data(body, status=status)
    return httpserver.url_for("/a.mp4")


def test_begun_seconds_count(httpserver: HTTPServer) -> None:
    assert probe_seconds(serve(httpserver, clip(seconds=1.4)), near=[origin(httpserver)]) == 2


@pytest.mark.parametrize(
    ("body", "status", "logged"),
    [(b"no video", 200, "NotAVideo"), (b"", 404, "its server answers 404"), (b"x" * 2000, 200, "more than")],
)
def test_what_has_no_length_is_told_in_one_sentence_and_why_is_logged(
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    status: int,
    logged: str,
) -> None:
    monkeypatch.setattr(remote_videos, "MAX_VIDEO_BYTES", 1000)
    with caplog.at_level("INFO"), pytest.raises(UnusableVideo, match=NONE):
        probe_seconds(serve(httpserver, body, status=status), near=[origin(httpserver)])
    assert logged in caplog.text


def test_a_private_address_is_not_read_for_a_provider_elsewhere(httpserver: HTTPServer) -> None:
    with pytest.raises(UnusableVideo, match=NONE):
        probe_seconds(serve(httpserver, clip(seconds=1)), near=[])
    assert httpserver.log == []


def test_a_closed_port_gives_no_length() -> None:
    with pytest.raises(UnusableVideo, match=NONE):
        probe_seconds("http://127.0.0.1:1/a.mp4", near=["http://127.0.0.1:1"])

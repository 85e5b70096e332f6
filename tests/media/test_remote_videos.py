"""A reference video at an address: how long it is, before money is reserved for its seconds."""

from __future__ import annotations

import pytest
from pytest_httpserver import HTTPServer

from generations.media import remote_videos
from generations.media.remote_videos import UnusableVideo, probe_seconds
from tests.clips import clip


def origin(httpserver: HTTPServer) -> str:
    return httpserver.url_for("").rstrip("/")


def serve(httpserver: HTTPServer, body: bytes, *, status: int = 200) -> str:
    httpserver.expect_request("/a.mp4").respond_with_data(body, status=status)
    return httpserver.url_for("/a.mp4")


def test_begun_seconds_count(httpserver: HTTPServer) -> None:
    assert probe_seconds(serve(httpserver, clip(seconds=1.4)), near=[origin(httpserver)]) == 2


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [(b"no video", 200, "no complete MP4"), (b"", 404, "its server answers 404"), (b"x" * 2000, 200, "more than")],
)
def test_what_has_no_length_is_told_in_words(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, body: bytes, status: int, words: str
) -> None:
    monkeypatch.setattr(remote_videos, "MAX_VIDEO_BYTES", 1000)
    with pytest.raises(UnusableVideo, match=words):
        probe_seconds(serve(httpserver, body, status=status), near=[origin(httpserver)])


def test_a_private_address_is_not_read_for_a_provider_elsewhere(httpserver: HTTPServer) -> None:
    with pytest.raises(UnusableVideo, match="no public http or https address"):
        probe_seconds(serve(httpserver, clip(seconds=1)), near=[])


def test_a_closed_port_gives_no_length() -> None:
    with pytest.raises(UnusableVideo, match="no answer from here"):
        probe_seconds("http://127.0.0.1:1/a.mp4", near=["http://127.0.0.1:1"])

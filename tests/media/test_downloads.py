"""A result is fetched whole or not at all, and only what is a file."""

import pytest

from generations.media.downloads import Gone, NotAFile, TryAgain
from tests.fetching import CLIP, chunked, is_clip, said
from tests.fetching import canary as canary
from tests.fetching import get as get
from tests.fetching import server as server


def test_whole_body_is_stored_and_hashed(get):
    download = get(said(CLIP, Content_Type="Video/MP4; x=y"))
    assert is_clip(download)
    assert download.size_bytes == len(CLIP)
    assert download.content_type == "video/mp4"
    assert download.path.suffix == ".part"


def test_body_without_length_is_taken_as_it_comes(get):
    assert is_clip(get(said(CLIP, Content_Length=None)))


def test_chunked_body_is_put_together(get):
    assert is_clip(get(chunked(CLIP)))


def test_request_carries_no_more_than_it_must(get, server):
    get(said(CLIP), path="/clip.mp4?key=secret")
    assert server.header("User-Agent").startswith("kling-studio/")
    assert server.header("Accept-Encoding") == "identity"
    for name in ("Authorization", "Cookie", "Referer", "Range"):
        assert server.header(name) is None


def test_environment_adds_neither_proxy_nor_password(get, server, canary, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", canary.url)
    get(said(CLIP))
    assert server.header("Authorization") is None
    assert canary.connections == 0


def test_type_from_a_stranger_is_cleaned(get):
    assert get(said(CLIP, Content_Type="<script>")).content_type == ""


# What is no file


@pytest.mark.parametrize(
    "answer",
    [
        said(b"<html>" + bytes(99), Content_Type="text/html; charset=utf-8"),
        said(b'{"code": 404, "msg": "gone"}', Content_Type="application/json"),
        said(CLIP, Content_Type="application/problem+json"),
        said(CLIP, Content_Type="image/png"),
        said(b"<html>" + bytes(99)),
        said(b"\x89PNG\r\n\x1a\n" + bytes(99)),
        said(b""),
        said(b"", Content_Length=None),
        said(b"\0\0\0\x08ftyp"),
        chunked(b""),
    ],
)
def test_pages_and_empty_bodies_are_no_file(answer, get):
    with pytest.raises(NotAFile):
        get(answer)


@pytest.mark.parametrize("kind", ["", "application/octet-stream", "binary/octet-stream", "text/plain"])
def test_a_careless_type_does_not_matter(kind, get):
    assert is_clip(get(said(CLIP, Content_Type=kind)))


def test_a_page_is_refused_before_it_has_come(get):
    endless = said(b"<!DOCTYPE html>", Content_Length=10**6)
    with pytest.raises(NotAFile):
        get(lambda line: (line.sock.sendall(endless), line.server.stopping.wait(20)), deadline_seconds=5)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, identity"])
def test_compressed_body_is_refused(encoding, get):
    with pytest.raises(TryAgain, match="compressed"):
        get(said(CLIP, Content_Encoding=encoding))


# Statuses


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_dead_address_is_gone(status, get):
    with pytest.raises(Gone, match=str(status)):
        get(said(b"", f"{status} No"), path="/clip.mp4?key=secret")


@pytest.mark.parametrize("status", [204, 206, 304, 300, 408, 425, 429, 500, 502, 503, 504, 599])
def test_trouble_of_the_server_is_tried_again_later(status, get, server):
    with pytest.raises(TryAgain, match=str(status)):
        get(said(b"", f"{status} Later"))
    assert server.connections == 1


def test_nobody_listening_is_tried_again(get, server):
    server.stop()
    with pytest.raises(TryAgain, match="no connection"):
        get()


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n"])
def test_an_answer_that_is_no_http_is_tried_again(answer, get):
    with pytest.raises(TryAgain):
        get(answer)

"""A picture at an address that a person gave, looked at before money is spent."""

from __future__ import annotations

import io
import threading

import pytest
from PIL import Image
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from generations.media import remote_images
from generations.media.images import MAX_IMAGE_BYTES
from generations.media.remote_images import NotSeen, WrongPicture, probe

ALL = ("jpg", "png", "webp")


def picture(kind: str = "JPEG", size: tuple[int, int] = (400, 300)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


def origin(httpserver: HTTPServer) -> str:
    return httpserver.url_for("").rstrip("/")


def serve(httpserver: HTTPServer, body: bytes, *, status: int = 200, path: str = "/frame") -> str:
    httpserver.expect_request(path).respond_with_data(body, status=status)
    return httpserver.url_for(path)


@pytest.mark.parametrize(("form", "kind"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_a_picture_is_known_by_its_content(httpserver: HTTPServer, form: str, kind: str) -> None:
    assert probe(serve(httpserver, picture(form)), kinds=ALL, near=[origin(httpserver)]) == kind


def test_a_kind_that_the_model_does_not_take_is_named(httpserver: HTTPServer) -> None:
    with pytest.raises(WrongPicture, match="no picture that can be used: jpg or png of at most 10 MB"):
        probe(serve(httpserver, picture("WEBP")), kinds=("jpg", "png"), near=[origin(httpserver)])


@pytest.mark.parametrize(
    ("body", "status", "logged"),
    [
        (b"<html>not here</html>", 200, "21 bytes that are no complete picture"),
        (b"", 200, "0 bytes that are no complete picture"),
        (picture()[:200], 200, "200 bytes that are no complete picture"),
        (b"gone", 404, "its server answers 404"),
        (b"no", 403, "its server answers 403"),
        (b"x" * (MAX_IMAGE_BYTES + 1), 200, "more than 10000000 bytes"),
    ],
    ids=["html", "empty", "cut", "404", "403", "too large"],
)
def test_what_the_provider_would_refuse_is_refused_here_and_why_is_logged(
    httpserver: HTTPServer, caplog: pytest.LogCaptureFixture, body: bytes, status: int, logged: str
) -> None:
    with (
        caplog.at_level("INFO", logger="generations"),
        pytest.raises(WrongPicture, match="no picture that can be used: jpg or png or webp"),
    ):
        probe(serve(httpserver, body, status=status) + "?key=secret", kinds=ALL, near=[origin(httpserver)])
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("generations")]
    assert logged in line
    assert "secret" not in line


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_in_trouble_proves_nothing(httpserver: HTTPServer, status: int) -> None:
    with pytest.raises(NotSeen):
        probe(serve(httpserver, b"", status=status), kinds=ALL, near=[origin(httpserver)])


def test_nobody_there_proves_nothing() -> None:
    with pytest.raises(NotSeen):
        probe("http://127.0.0.1:9/frame.jpg", kinds=ALL, near=["http://127.0.0.1:9"])


def test_redirects_are_followed_and_each_address_is_checked(httpserver: HTTPServer) -> None:
    target = serve(httpserver, picture(), path="/there")
    httpserver.expect_request("/here").respond_with_data("", status=302, headers={"Location": target})
    assert probe(httpserver.url_for("/here"), kinds=ALL, near=[origin(httpserver)]) == "jpg"
    httpserver.expect_request("/odd").respond_with_data("", status=302, headers={"Location": "file:///etc/passwd"})
    with pytest.raises(WrongPicture):
        probe(httpserver.url_for("/odd"), kinds=ALL, near=[origin(httpserver)])


def test_a_loop_of_redirects_ends(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/loop").respond_with_data("", status=302, headers={"Location": "/loop"})
    with pytest.raises(WrongPicture, match="no picture that can be used"):
        probe(httpserver.url_for("/loop"), kinds=ALL, near=[origin(httpserver)])


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/frame", "http://localhost:{port}/frame"])
def test_a_private_address_is_never_connected_to(httpserver: HTTPServer, url: str) -> None:
    serve(httpserver, picture())
    with pytest.raises(NotSeen, match="no answer from here"):
        probe(url.format(port=httpserver.port), kinds=ALL, near=[])
    assert httpserver.log == []


def test_a_redirect_to_another_private_address_is_not_followed(httpserver: HTTPServer) -> None:
    elsewhere = f"http://127.0.0.1:{httpserver.port}/frame"
    httpserver.expect_request("/here").respond_with_data("", status=302, headers={"Location": elsewhere})
    with pytest.raises(NotSeen, match="no answer from here"):
        probe(httpserver.url_for("/here"), kinds=ALL, near=[origin(httpserver)])
    assert [request.path for request, _ in httpserver.log] == ["/here"]


def test_a_server_that_dribbles_is_left_in_time(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_images, "PROBE_SECONDS", 0.3)

    def dribble(request: Request) -> Response:
        def bytes_one_by_one() -> object:
            for byte in picture():
                pause.wait(0.05)
                yield bytes([byte])

        return Response(bytes_one_by_one(), mimetype="image/jpeg")  # type: ignore[arg-type]

    pause = threading.Event()
    httpserver.expect_request("/slow").respond_with_handler(dribble)
    with pytest.raises((NotSeen, WrongPicture)):
        probe(httpserver.url_for("/slow"), kinds=ALL, near=[origin(httpserver)])
    pause.set()

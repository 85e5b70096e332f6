"""Fetching from a server that answers what a test says: for the tests of downloads."""

import hashlib
import itertools

import pytest

from generations.media import downloads
from generations.media.downloads import Download, DownloadError, Origins, fetch
from tests.clips import clip
from tests.servers import PreparedServer

CLIP = clip()
HALF = len(CLIP) // 2


def said(body: bytes = b"", status: str = "200 OK", **headers: object) -> bytes:
    """Return an answer; headers are written with _ for -, and None leaves one out."""
    fields = {"Content_Length": len(body), "Content_Type": "video/mp4", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def chunked(body: bytes, *, end: bool = True) -> bytes:
    head = said(Content_Length=None, Transfer_Encoding="chunked")
    parts = [body[at : at + 7000] for at in range(0, len(body), 7000)]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + (b"0\r\n\r\n" if end else b"")


def is_clip(download: Download) -> bool:
    return download.path.read_bytes() == CLIP and download.sha256 == hashlib.sha256(CLIP).hexdigest()


# The test files import these fixtures; who imports `get` imports `server` too, as pytest looks for it beside the test.


@pytest.fixture
def server():
    one = PreparedServer()
    yield one
    one.stop()


@pytest.fixture
def canary():
    """Another server, which must not be asked."""
    one = PreparedServer()
    one.answers = itertools.repeat(said(CLIP))
    yield one
    one.stop()


@pytest.fixture
def get(server, tmp_path, monkeypatch):
    """Fetch from the server with these answers, into a file of its own each time."""
    monkeypatch.setattr(downloads, "PAUSES_SECONDS", (0.0, 0.01, 0.01, 0.01))
    numbers = itertools.count()

    def get(*answers, path="/clip.mp4", **options) -> Download:
        server.answers = iter(answers)
        options = {"max_bytes": 10**6, "deadline_seconds": 10, "min_bytes_per_second": 1} | options
        options.setdefault("origins", Origins.parse([server.url]))
        try:
            return fetch(server.url + path, tmp_path / f"{next(numbers)}.part", **options)
        except DownloadError as error:
            assert "secret" not in str(error)
            raise

    return get


FORBIDDEN = [
    "https://evil.example",
    "http://cdn.example.com/clip.mp4",
    "https://cdn.example.com:444/clip.mp4",
    "https://cdn.example.com:80/clip.mp4",
    "https://cdn.example.com:0443444/x",
    "https://cdn.example.com.evil.example/",
    "https://evilcdn.example.com/",
    "https://sub.cdn.example.com/",
    "https://cdn.example.com./",
    "https://cdn.example.com@evil.example/",
    "https://user@cdn.example.com/",
    "https://user:password@cdn.example.com/",
    "https://evil.example#@cdn.example.com/",
    "https://evil.example?@cdn.example.com/",
    "https://evil.example\\@cdn.example.com/",
    "https://cdn.example.com\\@evil.example/",
    "https://cdn.example.com\\.evil.example/",
    "https://cdn.example.com%2eevil.example/",
    "https://cdn.example.com%40evil.example/",
    "https://cdn.example.com%00.evil.example/",
    "https:cdn.example.com/",
    "https:/cdn.example.com/",
    "https:///cdn.example.com/",
    "https:\\\\cdn.example.com/",
    "//cdn.example.com/",
    "cdn.example.com/clip.mp4",
    "/clip.mp4",
    "https://",
    "https://:443/",
    "https://cdn.example.com:/clip.mp4:",
    "https://cdn.example.com:443:443/",
    "https://cdn.example.com:port/",
    "https://cdn.example.com:-443/",
    "https://cdn.example.com:+443/",
    "ftp://cdn.example.com/",
    "file:///etc/passwd",
    "file://cdn.example.com/etc/passwd",
    "gopher://127.0.0.1:8900/",
    "dict://127.0.0.1:8900/",
    "data:video/mp4;base64,AAAA",
    "javascript:alert(1)",
    "jar:https://cdn.example.com/!/",
    "https+unix://cdn.example.com/",
    "http://127.0.0.1/",
    "http://127.0.0.1:8901/",
    "https://127.0.0.1:8900/",
    "http://127.1:8900/",
    "http://127.0.1:8900/",
    "http://2130706433:8900/",
    "http://0x7f000001:8900/",
    "http://0x7f.0.0.1:8900/",
    "http://0177.0.0.1:8900/",
    "http://127.0.0.01:8900/",
    "http://0:8900/",
    "http://0.0.0.0:8900/",
    "http://localhost:8900/",
    "http://[::]:8900/",
    "http://[::1]:8900/",
    "http://[::ffff:127.0.0.1]:8900/",
    "http://[::ffff:7f00:1]:8900/",
    "http://[0:0:0:0:0:0:0:1]:8443/",
    "http://[fe80::1%25eth0]:8900/",
    "http://[::127.0.0.1]:8900/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/",
    "http://100.64.0.1:8900/",
    "http://10.0.0.1:8900/",
    "http://127.0.0.1:8900@evil.example/",
    "http://127.0.0.1:8900\\@evil.example/",
    "http://127.0.0.1%3a8900/",
    "http://127.0.0.1:8900.evil.example/",
    "",
    " https://cdn.example.com/",
    "https://cdn.example.com /",
    "https://cdn.example.com\t/",
    "https://cdn.example.com\n/",
    "https://cdn.example.com/\r\nHost: evil.example",
    "https://cdn.example.com/\x00",
    "https://cdn.example.com/a\\b",
    "ht\ttps://cdn.example.com/",
    "https://cdn.example。com/",
    "https://ⓒdn.example.com/",
    "https://cdn.e\u212aample.com/",
    "https://①27.0.0.1:8443/",
    "https://cdn.example.com/" + "a" * 10_000,
]

"""A result is fetched whole or not at all, from where it may come, within its bounds."""

import errno
import fcntl
import hashlib
import http.client
import io
import itertools
import os
import resource
import signal
import socket
import ssl
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from generations import downloads
from generations.downloads import (
    Download,
    DownloadError,
    Gone,
    NoRoom,
    NotAFile,
    NotAllowed,
    Origins,
    TooLarge,
    TryAgain,
    fetch,
)
from tests.clips import clip
from tests.test_origins import FORBIDDEN

CLIP = clip()
HALF = len(CLIP) // 2


class Server:
    """A server on a port of its own that says exactly what a test wants, byte by byte; one answer a connection."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[bytes] = []
        self.answers: Iterator[bytes | Callable[[socket.socket], None]] = iter(())
        self.stopped = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        if context:
            self.listener = context.wrap_socket(self.listener, server_side=True)
        self.origin = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        with connection:
            request = b""
            while b"\r\n\r\n" not in request and (more := connection.recv(65536)):
                request += more
            self.asked.append(request)
            answer = next(self.answers, b"HTTP/1.1 500 Nothing Left\r\nContent-Length: 0\r\n\r\n")
            with suppress(OSError):  # the client has had enough: that is what some tests are about
                answer(connection) if callable(answer) else connection.sendall(answer)

    def header(self, name: str, number: int = -1) -> str | None:
        lines = self.asked[number].split(b"\r\n", 1)[1]
        return http.client.parse_headers(io.BytesIO(lines)).get(name)

    def close(self) -> None:
        self.stopped.set()
        with suppress(OSError):  # it was closed before
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def said(body: bytes = b"", status: str = "200 OK", **headers: object) -> bytes:
    """Return an answer; headers are written with _ for -, and None leaves one out."""
    fields = {"Content_Length": len(body), "Content_Type": "video/mp4", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


@pytest.fixture
def server():
    one = Server()
    yield one
    one.close()


@pytest.fixture
def canary():
    one = Server()
    one.answers = itertools.repeat(said(CLIP))
    yield one
    one.close()


@pytest.fixture
def get(server, tmp_path, monkeypatch):
    """Fetch from the server with these answers, into a folder that must be clean after a failure."""
    monkeypatch.setattr(downloads, "PAUSES_SECONDS", (0.0, 0.01, 0.01, 0.01))

    def get(*answers, path="/clip.mp4", **options) -> Download:
        server.answers = iter(answers)
        options = {"max_bytes": 10**6, "deadline_seconds": 10, "min_bytes_per_second": 1} | options
        options.setdefault("origins", Origins.parse([server.origin]))
        folder = tmp_path / "parts"
        try:
            return fetch(server.origin + path, folder, **options)
        except DownloadError as error:
            assert not folder.exists() or not list(folder.iterdir())
            assert "secret" not in str(error)
            raise

    return get


def is_clip(download: Download) -> bool:
    return download.path.read_bytes() == CLIP and download.sha256 == hashlib.sha256(CLIP).hexdigest()


def test_whole_body_is_stored_and_hashed(get):
    download = get(said(CLIP, Content_Type="Video/MP4; x=y"))
    assert is_clip(download)
    assert download.size_bytes == len(CLIP)
    assert download.content_type == "video/mp4"
    assert download.path.suffix == ".part"


def test_body_without_length_is_taken_as_it_comes(get):
    assert is_clip(get(said(CLIP, Content_Length=None)))


def chunked(body: bytes, *, end: bool = True) -> bytes:
    head = said(Content_Length=None, Transfer_Encoding="chunked")
    parts = [body[at : at + 7000] for at in range(0, len(body), 7000)]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + (b"0\r\n\r\n" if end else b"")


def test_chunked_body_is_put_together(get):
    assert is_clip(get(chunked(CLIP)))


def test_request_carries_no_more_than_it_must(get, server):
    get(said(CLIP), path="/clip.mp4?key=secret", user_agent="studio")
    assert server.header("User-Agent") == "studio"
    assert server.header("Accept-Encoding") == "identity"
    for name in ("Authorization", "Cookie", "Referer", "Range"):
        assert server.header(name) is None


def test_user_agent_is_never_pythons(get, server):
    get(said(CLIP))
    assert "python" not in server.header("User-Agent").lower()


def test_environment_adds_neither_proxy_nor_password(get, server, canary, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", canary.origin)
    get(said(CLIP))
    assert server.header("Authorization") is None
    assert canary.asked == []


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


def test_a_page_is_refused_before_it_has_come(get, server):
    endless = said(b"<!DOCTYPE html>", Content_Length=10**6)
    with pytest.raises(NotAFile):
        get(lambda connection: (connection.sendall(endless), server.stopped.wait(20)), deadline_seconds=5)


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
    assert len(server.asked) == 1


def test_nobody_listening_is_tried_again(get, server):
    server.close()
    with pytest.raises(TryAgain, match="no connection"):
        get()


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n"])
def test_an_answer_that_is_no_http_is_tried_again(answer, get):
    with pytest.raises(TryAgain):
        get(answer)


# Sizes


def test_announced_size_over_the_cap_is_refused_unread(get, server):
    announced = said(b"", Content_Length=10**9)
    with pytest.raises(TooLarge):
        get(lambda connection: (connection.sendall(announced), server.stopped.wait(20)), deadline_seconds=5)


def test_endless_body_ends_at_the_cap(get):
    def endless(connection):
        connection.sendall(said(CLIP, Content_Length=None))
        while True:
            connection.sendall(bytes(65536))

    with pytest.raises(TooLarge):
        get(endless)


def test_body_of_exactly_the_cap_is_taken(get):
    assert is_clip(get(said(CLIP), max_bytes=len(CLIP)))


def test_compressed_bomb_never_unfolds(get):
    with pytest.raises(TryAgain):
        get(said(b"\x1f\x8b" + bytes(1000), Content_Encoding="gzip"))


# Broken off, and gone on

STRONG = {"ETag": '"v1"', "Accept_Ranges": "bytes"}


def rest(**changed: object) -> bytes:
    fields = {"Content_Range": f"bytes {HALF}-{len(CLIP) - 1}/{len(CLIP)}", "ETag": '"v1"', **changed}
    return said(CLIP[HALF:], "206 Partial Content", **fields)


def reset(connection: socket.socket) -> None:
    """Send half, wait until it has arrived, and hang up with a RST."""
    connection.sendall(said(CLIP[:HALF], Content_Length=len(CLIP), **STRONG))
    while struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]:
        time.sleep(0.001)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


BROKEN = {
    "length too big": said(CLIP[:HALF], Content_Length=len(CLIP)),
    "chunks cut": chunked(CLIP[:HALF], end=False),
    "cut within a chunk": chunked(CLIP)[:-3000],
    "reset": reset,
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_cut_body_is_refused_when_it_stays_cut(broken, get, server):
    with pytest.raises(TryAgain, match="broke off 4 times"):
        get(*[broken] * 9)
    assert len(server.asked) == 4


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_cut_body_is_fetched_whole_in_the_end(broken, get):
    assert is_clip(get(broken, broken, said(CLIP)))


def test_cut_body_is_continued(get, server):
    assert is_clip(get(said(CLIP[:HALF], Content_Length=len(CLIP), **STRONG), rest()))
    assert (server.header("Range"), server.header("If-Range")) == (f"bytes={HALF}-", '"v1"')


def test_reset_connection_is_continued_or_started_over(get):
    assert is_clip(get(reset, said(CLIP)))


def test_body_is_continued_by_its_date(get, server):
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    dated = {"Last_Modified": date, "Date": "Wed, 21 Oct 2026 09:28:00 GMT", "Accept_Ranges": "bytes"}
    assert is_clip(get(said(CLIP[:HALF], Content_Length=len(CLIP), **dated), rest(ETag=None, Last_Modified=date)))
    assert server.header("If-Range") == date


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": 'W/"v1"', "Accept_Ranges": "bytes"},
        {"ETag": '"v1"'},
        {"ETag": '"v1"', "Accept_Ranges": "none"},
        {"Accept_Ranges": "bytes"},
        {
            "Last_Modified": "Wed, 21 Oct 2026 07:28:00 GMT",
            "Date": "Wed, 21 Oct 2026 07:28:30 GMT",
            "Accept_Ranges": "bytes",
        },
        {"Last_Modified": "yesterday", "Date": "today", "Accept_Ranges": "bytes"},
    ],
    ids=["weak tag", "no ranges", "ranges refused", "nothing to compare", "too fresh", "no date"],
)
def test_nothing_is_continued_without_proof(headers, get, server):
    assert is_clip(get(said(CLIP[:HALF], Content_Length=len(CLIP), **headers), said(CLIP)))
    assert server.header("Range") is None


def test_changed_file_starts_over(get):
    other = CLIP[:-8] + b"otherend"
    download = get(said(other[:HALF], Content_Length=len(CLIP), **STRONG), said(CLIP, ETag='"v2"'))
    assert is_clip(download)


@pytest.mark.parametrize(
    "wrong",
    [
        rest(Content_Range=f"bytes 0-{len(CLIP) - 1}/{len(CLIP)}"),
        rest(Content_Range=f"bytes {HALF + 1}-{len(CLIP) - 1}/{len(CLIP)}"),
        rest(Content_Range=f"bytes {HALF}-{len(CLIP) - 1}/{len(CLIP) + 1}"),
        rest(Content_Range=f"bytes {HALF}-{len(CLIP) - 1}/*"),
        rest(Content_Range=None),
        rest(ETag='"v2"'),
        said(b"", "416 Range Not Satisfiable"),
    ],
)
def test_wrong_continuation_starts_over(wrong, get, server):
    assert is_clip(get(said(CLIP[:HALF], Content_Length=len(CLIP), **STRONG), wrong, said(CLIP)))
    assert server.header("Range") is None


def test_address_that_dies_between_two_tries_is_gone(get):
    with pytest.raises(Gone):
        get(said(CLIP[:HALF], Content_Length=len(CLIP), **STRONG), said(b"", "403 Expired"))


# Time


def drip(data: bytes, server: Server) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        for byte in data:
            connection.sendall(bytes([byte]))
            if server.stopped.wait(0.05):
                return

    return send


@pytest.mark.parametrize(
    "slow",
    [said(CLIP), said(CLIP, Content_Length=None), chunked(CLIP), b"HTTP/1.1 200 OK\r\nX: " + bytes(range(65, 91)) * 99],
    ids=["length", "no length", "chunked", "headers"],
)
def test_deadline_holds_at_a_drip(slow, get, server):
    began = time.monotonic()
    with pytest.raises(TryAgain, match="not finished within"):
        get(drip(slow, server), deadline_seconds=0.5)
    assert time.monotonic() - began < 2


def test_deadline_holds_against_silence(get, server):
    began = time.monotonic()
    with pytest.raises(TryAgain, match="not finished within"):
        get(lambda connection: server.stopped.wait(20), deadline_seconds=0.5)
    assert time.monotonic() - began < 2


def test_deadline_ends_the_waits_between_tries(get, monkeypatch):
    monkeypatch.setattr(downloads, "PAUSES_SECONDS", (0, 30))
    began = time.monotonic()
    with pytest.raises(TryAgain, match="not finished within"):
        get(said(CLIP[:HALF], Content_Length=len(CLIP)), deadline_seconds=0.5)
    assert time.monotonic() - began < 2


def test_slow_body_is_given_up_before_the_deadline(get, server):
    start = said(CLIP[:100], Content_Length=len(CLIP))
    with pytest.raises(TryAgain, match="slower than 1000 bytes"):
        get(
            lambda connection: (connection.sendall(start), drip(CLIP[100:], server)(connection)),
            deadline_seconds=4,
            min_bytes_per_second=1000,
        )


# Redirects


def to(target: str) -> bytes:
    return said(b"", "302 Found", Location=target)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_within_the_origin_is_followed(status, get, server):
    assert is_clip(get(said(b"", f"{status} Elsewhere", Location="/new.mp4", Set_Cookie="a=b"), said(CLIP)))
    assert server.asked[1].startswith(b"GET /new.mp4 ")
    assert server.header("Cookie") is None


def test_redirect_to_another_listed_origin_is_followed(get, server, canary):
    listed = Origins.parse([server.origin, canary.origin])
    assert is_clip(get(to(canary.origin + "/clip.mp4"), origins=listed))


def test_three_redirects_are_followed(get):
    assert is_clip(get(to("/1"), to("/2"), to("/3"), said(CLIP)))


def test_four_redirects_are_too_many(get, server):
    with pytest.raises(TryAgain, match="more than 3 times"):
        get(*[to("/again")] * 9)
    assert len(server.asked) == 4


@pytest.mark.parametrize("hops", [0, 2])
def test_redirect_to_another_port_is_not_followed(hops, get, canary):
    with pytest.raises(NotAllowed):
        get(*[to("/next")] * hops, to(canary.origin + "/clip.mp4?key=secret"))
    assert canary.asked == []


@pytest.mark.parametrize(
    "spelling", ["localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "a@127.0.0.1"]
)
def test_redirect_to_another_spelling_is_not_followed(spelling, get, canary):
    with pytest.raises(NotAllowed):
        get(to(canary.origin.replace("127.0.0.1", spelling)))
    assert canary.asked == []


def reaches_elsewhere(url: str) -> bool:
    """Leave out what a Location cannot carry, and what means a path on the same server."""
    return url.isascii() and url.isprintable() and "://" in url and url == url.strip() and len(url) < 5000


@pytest.mark.parametrize("url", [url for url in FORBIDDEN if reaches_elsewhere(url)])
def test_redirect_to_a_forbidden_address_is_not_followed(url, get, server):
    with pytest.raises(NotAllowed):
        get(to(url))
    assert len(server.asked) == 1


@pytest.mark.parametrize("url", FORBIDDEN)
def test_forbidden_address_is_not_asked(url, tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", None)
    monkeypatch.setattr(socket, "getaddrinfo", None)
    origins = Origins.parse(["cdn.example.com", "http://127.0.0.1:8900", "https://[::1]:8443"])
    with pytest.raises(NotAllowed):
        fetch(url, tmp_path / "parts", origins=origins, max_bytes=10**6, deadline_seconds=5)


# Names that resolve to private addresses


@pytest.fixture
def resolver(monkeypatch):
    """Answer every look-up with these addresses, one a look-up, and count them."""
    asked: list[str] = []

    def use(*addresses: str) -> list[str]:
        answers = iter(addresses)

        def look_up(host, port, *args, **kwargs):
            asked.append(host)
            address = next(answers)
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            return [(family, socket.SOCK_STREAM, 6, "", (address, port or 443))]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return use


PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "fe80::1",
    "fc00::1",
    "fd00::1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_host_with_a_private_address_is_not_allowed(address, resolver, tmp_path, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", None)
    resolver(address)
    with pytest.raises(NotAllowed, match="not public"):
        fetch(
            "https://cdn.example.com/clip.mp4?key=secret",
            tmp_path,
            origins=Origins.parse(["cdn.example.com"]),
            max_bytes=10**6,
            deadline_seconds=5,
        )
    assert list(tmp_path.iterdir()) == []


def test_rebinding_name_is_looked_up_once_and_pinned(resolver, tmp_path, monkeypatch):
    """The second look-up would give a private address; the connection goes to the first."""
    went: list[object] = []

    def connect(self, address):
        went.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    asked = resolver("93.184.215.14", "93.184.215.14", "127.0.0.1")
    with pytest.raises(TryAgain):
        fetch(
            "https://cdn.example.com/clip.mp4",
            tmp_path,
            origins=Origins.parse(["cdn.example.com"]),
            max_bytes=10**6,
            deadline_seconds=5,
        )
    assert went == [("93.184.215.14", 443)]
    assert asked == ["cdn.example.com", "93.184.215.14"]


@pytest.fixture
def secure(tmp_path):
    """A server with a certificate that nobody vouches for."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    make = ["openssl", "req", "-x509", *curve, *names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    one = Server(context)
    yield one
    one.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(secure, tmp_path):
    origin = secure.origin.replace("http://127.0.0.1", "https://localhost")
    with pytest.raises(TryAgain, match="certificate"):
        fetch(
            origin + "/clip.mp4",
            tmp_path / "parts",
            origins=Origins.parse([origin]),
            max_bytes=10**6,
            deadline_seconds=5,
        )
    assert not any(secure.asked)


# Our own disk


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_failing_fsync_is_no_room(number, get, monkeypatch):
    def fail(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(NoRoom):
        get(said(CLIP))


def test_full_disk_is_no_room(get):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, before[1]))
    try:
        with pytest.raises(NoRoom, match="File too large"):
            get(said(CLIP))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_file_where_the_folder_should_be_is_no_room(get, tmp_path, server):
    (tmp_path / "file").write_text("x")
    with pytest.raises(NoRoom):
        fetch(
            server.origin,
            tmp_path / "file" / "parts",
            origins=Origins.parse([server.origin]),
            max_bytes=9,
            deadline_seconds=5,
        )
    assert server.asked == []


def test_an_interruption_leaves_nothing_behind(get, tmp_path, monkeypatch):
    """django-q2 ends a job with a SystemExit."""

    def stop(*_):
        raise SystemExit

    monkeypatch.setattr(downloads._Transfer, "_next", stop)
    with pytest.raises(SystemExit):
        get(said(CLIP))
    assert list((tmp_path / "parts").iterdir()) == []


def test_nothing_is_left_open(get):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        get(said(CLIP)).path.unlink()
        with pytest.raises(Gone):
            get(said(b"", "404 No"))
    assert len(os.listdir("/proc/self/fd")) <= before + 2

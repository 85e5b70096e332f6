"""A download ends at its size and at its deadline, whatever the server sends."""

import time

import pytest

from generations.media import downloads
from generations.media.downloads import TooLarge, TryAgain
from tests.fetching import CLIP, HALF, chunked, is_clip, said
from tests.fetching import get as get
from tests.fetching import server as server

# Sizes


def test_announced_size_over_the_cap_is_refused_unread(get):
    announced = said(b"", Content_Length=10**9)
    with pytest.raises(TooLarge):
        get(lambda line: (line.sock.sendall(announced), line.server.stopping.wait(20)), deadline_seconds=5)


def test_endless_body_ends_at_the_cap(get):
    def endless(line):
        line.sock.sendall(said(CLIP, Content_Length=None))
        line.pour(bytes(65536))

    with pytest.raises(TooLarge):
        get(endless)


def test_body_of_exactly_the_cap_is_taken(get):
    assert is_clip(get(said(CLIP), max_bytes=len(CLIP)))


def test_compressed_bomb_never_unfolds(get):
    with pytest.raises(TryAgain):
        get(said(b"\x1f\x8b" + bytes(1000), Content_Encoding="gzip"))


# Time


@pytest.mark.parametrize(
    "slow",
    [said(CLIP), said(CLIP, Content_Length=None), chunked(CLIP), b"HTTP/1.1 200 OK\r\nX: " + bytes(range(65, 91)) * 99],
    ids=["length", "no length", "chunked", "headers"],
)
def test_deadline_holds_at_a_drip(slow, get):
    began = time.monotonic()
    with pytest.raises(TryAgain, match="not finished within"):
        get(lambda line: line.drip(slow, every=0.05), deadline_seconds=0.5)
    assert time.monotonic() - began < 2


def test_deadline_holds_against_silence(get):
    began = time.monotonic()
    with pytest.raises(TryAgain, match="not finished within"):
        get(lambda line: line.server.stopping.wait(20), deadline_seconds=0.5)
    assert time.monotonic() - began < 2


def test_deadline_ends_the_waits_between_tries(get, monkeypatch):
    monkeypatch.setattr(downloads, "PAUSES_SECONDS", (0, 30))
    began = time.monotonic()
    with pytest.raises(TryAgain, match="not finished within"):
        get(said(CLIP[:HALF], Content_Length=len(CLIP)), deadline_seconds=0.5)
    assert time.monotonic() - began < 2


def test_slow_body_is_given_up_before_the_deadline(get):
    start = said(CLIP[:100], Content_Length=len(CLIP))
    with pytest.raises(TryAgain, match="slower than 1000 bytes"):
        get(
            lambda line: (line.sock.sendall(start), line.drip(CLIP[100:], every=0.05)),
            deadline_seconds=4,
            min_bytes_per_second=1000,
        )

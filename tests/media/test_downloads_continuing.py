"""A body that broke off is continued where that is proven right, and fetched anew where it is not."""

import fcntl
import struct
import termios
import time

import pytest

from generations.media.downloads import Gone, TryAgain
from tests.fetching import CLIP, HALF, chunked, is_clip, said
from tests.fetching import get as get
from tests.fetching import server as server
from tests.servers import Line

STRONG = {"ETag": '"v1"', "Accept_Ranges": "bytes"}


def rest(**changed: object) -> bytes:
    fields = {"Content_Range": f"bytes {HALF}-{len(CLIP) - 1}/{len(CLIP)}", "ETag": '"v1"', **changed}
    return said(CLIP[HALF:], "206 Partial Content", **fields)


def reset(line: Line) -> None:
    """Send half, wait until it has arrived, and hang up with a RST."""
    line.sock.sendall(said(CLIP[:HALF], Content_Length=len(CLIP), **STRONG))
    while struct.unpack("i", fcntl.ioctl(line.sock, termios.TIOCOUTQ, bytes(4)))[0]:
        time.sleep(0.001)
    line.reset()


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
    assert server.connections == 4


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

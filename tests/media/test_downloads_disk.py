"""A disk that is full or fails says so, and nothing is left open."""

import errno
import os
import resource
import signal

import pytest

from generations.media.downloads import Gone, NoRoom, Origins, fetch
from tests.fetching import CLIP, HALF, said
from tests.fetching import get as get
from tests.fetching import server as server


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
            server.url,
            tmp_path / "file" / "part",
            origins=Origins.parse([server.url]),
            max_bytes=9,
            deadline_seconds=5,
        )
    assert server.connections == 0


def test_nothing_is_left_open(get):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        get(said(CLIP))
        with pytest.raises(Gone):
            get(said(b"", "404 No"))
    assert len(os.listdir("/proc/self/fd")) <= before + 2

"""The tree of stored files: nothing is followed, nothing is overwritten, and no name is too odd."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import socket
from pathlib import Path

import pytest

from generations.media import filetree
from generations.media.filetree import Damaged, Found, Unreadable

CLIP = b"\0\0\0\x18ftypisom clip"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "videos/2026").mkdir(parents=True)
    return tmp_path


def put(root: Path, name: str, content: bytes = CLIP) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def found(root: Path, name: str) -> Found:
    (one,) = (one for one in filetree.walk(root, "videos") if one.name == name)
    return one


# --- Listing


def test_every_file_is_listed_however_deep_it_lies(root: Path) -> None:
    for name in ("videos/a.mp4", "videos/2026/b.mp4", "videos/2026/x/y/c.mp4"):
        put(root, name)
    listed = list(filetree.walk(root, "videos"))
    assert {one.name for one in listed} == {"videos/a.mp4", "videos/2026/b.mp4", "videos/2026/x/y/c.mp4"}
    assert [one.strange for one in listed] == ["", "", ""]


def test_a_folder_that_is_not_there_has_nothing_in_it(root: Path) -> None:
    assert list(filetree.walk(root, "posters")) == []


def test_links_are_told_and_never_followed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    put(elsewhere, "secret.mp4")
    (root / "videos/folder").symlink_to(elsewhere)
    (root / "videos/file.mp4").symlink_to(elsewhere / "secret.mp4")
    (root / "videos/loop").symlink_to(root / "videos")
    (root / "videos/nowhere.mp4").symlink_to("/does/not/exist")
    listed = {one.name: one.strange for one in filetree.walk(root, "videos")}
    assert listed == dict.fromkeys(
        ("videos/folder", "videos/file.mp4", "videos/loop", "videos/nowhere.mp4"), "a link"
    )  # fmt: skip


def test_pipes_and_sockets_and_folders_named_like_files_are_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "videos/pipe.mp4")
    monkeypatch.chdir(root / "videos")  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.mp4")
    (root / "videos/folder.mp4").mkdir()
    assert {one.name: one.strange for one in filetree.walk(root, "videos")} == {
        "videos/pipe.mp4": "neither a file nor a folder",
        "videos/socket.mp4": "neither a file nor a folder",
        "videos/folder.mp4": "a folder where a file belongs",
    }


def test_a_folder_that_cannot_be_listed_is_told_and_the_rest_is_listed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, "videos/2025/a.mp4")
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if str(path).endswith("2026"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert sorted((one.name, one.strange) for one in filetree.walk(root, "videos")) == [
        ("videos/2025/a.mp4", ""), ("videos/2026", "cannot be listed: Permission denied"),
    ]  # fmt: skip


def test_names_that_are_no_text_are_listed_and_can_be_shown(root: Path) -> None:
    with open(os.fsencode(root / "videos") + b"/caf\xe9\n.mp4", "wb"):
        pass
    (one,) = filetree.walk(root, "videos")
    assert not filetree.is_text(one.name)
    assert filetree.shown(one.name) == "videos/caf\\udce9\\n.mp4"
    assert filetree.is_text("videos/прибой 🌊.mp4")
    assert filetree.shown("videos/прибой 🌊.mp4") == "videos/прибой 🌊.mp4"


# --- Reading


def test_the_digest_is_that_of_the_bytes(root: Path) -> None:
    put(root, "videos/a.mp4", CLIP * 100_000)
    assert filetree.digest(root, "videos/a.mp4") == hashlib.sha256(CLIP * 100_000).hexdigest()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("videos/gone.mp4", "its file is missing"),
        ("videos/file/below.mp4", "its file is missing"),
        ("videos/link.mp4", "a link stands in the place of its file"),
        ("videos/pipe.mp4", "its file is no plain file"),
        ("videos/folder.mp4", "a folder stands in the place of its file"),
        ("videos/cut.mp4", "its file has 3 bytes instead of 16"),
        ("videos/../secret.mp4", "its name leads out of the store"),
        ("../secret.mp4", "its name leads out of the store"),
        ("/etc/passwd", "its name leads out of the store"),
        ("tmp/half.part", "its name leads out of the store"),
        ("videos/\0.mp4", "its name leads out of the store"),
        ("", "its name leads out of the store"),
    ],
)
def test_what_is_not_the_file_is_damaged_in_plain_words(root: Path, name: str, words: str) -> None:
    put(root, "secret.mp4")
    put(root, "videos/file")
    put(root, "videos/cut.mp4", b"cut")
    (root / "videos/link.mp4").symlink_to(root / "secret.mp4")
    (root / "videos/folder.mp4").mkdir()
    os.mkfifo(root / "videos/pipe.mp4")  # opened without a reader's patience, it would keep us for ever
    for look in (filetree.digest, filetree.check):
        with pytest.raises(Damaged) as error:
            look(root, name, size=16)
        assert str(error.value) == words


@pytest.mark.parametrize(("number", "certain"), [(errno.EIO, True), (errno.EACCES, False), (errno.EMFILE, False)])
def test_a_disk_that_lost_it_is_told_from_one_that_does_not_let_us_look(
    root: Path, number: int, certain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refusing)
    with pytest.raises(Damaged if certain else Unreadable):
        filetree.digest(root, "videos/a.mp4")


def test_looking_leaves_nothing_open(root: Path) -> None:
    put(root, "videos/a.mp4")
    before = len(os.listdir("/proc/self/fd"))
    for size in (None, 16, 17):
        for look in (filetree.digest, filetree.check):
            with contextlib.suppress(Damaged):
                look(root, "videos/a.mp4", size=size)
    filetree.is_whole_jpeg(root, "videos/a.mp4")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("content", "whole"),
    [(b"\xff\xd8 jpeg \xff\xd9", True), (b"\xff\xd8 cut", False), (b"", False), (b"\xff", False), (b"<html>", False)],
)
def test_a_picture_is_whole_from_its_first_mark_to_its_last(root: Path, content: bytes, whole: bool) -> None:
    put(root, "posters/a.jpg", content)
    assert filetree.is_whole_jpeg(root, "posters/a.jpg") is whole
    assert not filetree.is_whole_jpeg(root, "posters/b.jpg")


# --- Moving


def test_what_is_put_aside_can_be_put_back(root: Path) -> None:
    put(root, "videos/2026/a.mp4")
    aside = filetree.put_aside(root, found(root, "videos/2026/a.mp4"), day="2026-11-20")
    assert aside == "quarantine/2026-11-20/videos/2026/a.mp4"
    assert not (root / "videos/2026/a.mp4").exists()
    filetree.put_back(root, aside, "videos/2026/a.mp4")
    assert (root / "videos/2026/a.mp4").read_bytes() == CLIP
    assert not (root / aside).exists()


def test_nothing_in_quarantine_is_ever_overwritten(root: Path) -> None:
    for content in (b"first", b"second", b"third"):
        put(root, "videos/a.mp4", content)
        filetree.put_aside(root, found(root, "videos/a.mp4"), day="2026-11-20")
    kept = {str(path.parent.parent.name): path.read_bytes() for path in root.rglob("a.mp4")}
    assert kept == {"2026-11-20": b"first", "2026-11-20.2": b"second", "2026-11-20.3": b"third"}
    days = [day.name for day in filetree.in_quarantine(root, "videos/a.mp4")]
    assert days == ["2026-11-20.3", "2026-11-20.2", "2026-11-20"]


def test_nothing_is_put_back_onto_what_stands_there(root: Path) -> None:
    put(root, "videos/a.mp4", b"old")
    aside = filetree.put_aside(root, found(root, "videos/a.mp4"), day="2026-11-20")
    put(root, "videos/a.mp4", b"new")
    with pytest.raises(FileExistsError):
        filetree.put_back(root, aside, "videos/a.mp4")
    assert ((root / "videos/a.mp4").read_bytes(), (root / aside).read_bytes()) == (b"new", b"old")


def test_a_move_that_fails_leaves_nothing_behind(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        filetree.put_aside(root, Found("videos/gone.mp4"), day="2026-11-20")
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_names_of_any_bytes_are_put_aside(root: Path) -> None:
    with open(os.fsencode(root / "videos") + b"/caf\xe9\n.mp4", "wb") as file:
        file.write(CLIP)
    (one,) = filetree.walk(root, "videos")
    filetree.put_aside(root, one, day="2026-11-20")
    assert os.listdir(os.fsencode(root / "quarantine/2026-11-20/videos")) == [b"caf\xe9\n.mp4"]


def test_a_file_that_was_written_anew_is_not_the_one_that_was_found(root: Path) -> None:
    put(root, "videos/a.mp4")
    before = found(root, "videos/a.mp4")
    assert filetree.is_same(root, "videos/a.mp4", before)
    put(root, "videos/part", b"new").replace(root / "videos/a.mp4")
    assert not filetree.is_same(root, "videos/a.mp4", before)
    (root / "videos/a.mp4").unlink()
    assert not filetree.is_same(root, "videos/a.mp4", before)

"""The store: what it writes is complete and durable, nothing is followed or overwritten, and no name is too odd."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import socket
import stat
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from generations.media.store import CHANGED, FOLDERS, Damaged, Found, Unreadable, is_text, shown, store

CLIP = b"\0\0\0\x18ftypisom clip"
SHA256 = hashlib.sha256(CLIP).hexdigest()


@pytest.fixture
def root(media_root: Path) -> Path:
    (media_root / "videos/2026").mkdir(parents=True)
    return media_root


def put(root: Path, name: str, content: bytes = CLIP) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def found(name: str) -> Found:
    (one,) = (one for one in store.walk("videos") if one.name == name)
    return one


# --- Writing


def test_what_is_saved_can_be_opened_under_its_name(root: Path) -> None:
    for __ in range(2):
        assert store.save("images/a.png", ContentFile(CLIP)) == "images/a.png"
    with store.open("images/a.png") as file:
        assert file.read() == CLIP
    assert store.size("images/a.png") == len(CLIP)
    assert [one.name for one in store.walk(*FOLDERS, "tmp")] == ["images/a.png"]
    store.delete("images/a.png")
    store.delete("images/a.png")
    assert not store.exists("images/a.png")


def test_bytes_and_folder_are_synced_around_the_rename(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, fsync, replace = [], os.fsync, os.replace

    def syncing(descriptor: int) -> None:
        done.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).parts[len(root.parts)])
        fsync(descriptor)

    def renaming(part: Path, name: Path) -> None:
        done.append("rename")
        replace(part, name)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", renaming)
    store.save("images/a.png", ContentFile(CLIP))
    assert done == ["tmp", "rename", "images"]


@pytest.mark.parametrize("name", ["../a.mp4", "/etc/a.mp4", "tmp/a.mp4", "videos/.a.mp4", ""])
def test_nothing_is_published_under_a_name_that_is_not_ours(root: Path, name: str) -> None:
    with store.part() as part:
        part.write_bytes(CLIP)
        with pytest.raises(Damaged, match="leads out of the store"):
            store.publish(part, name)
        assert part.exists()


def test_an_interruption_leaves_no_part_file(root: Path) -> None:
    """django-q2 ends a job with a SystemExit."""
    with pytest.raises(SystemExit), store.part() as part:
        part.write_bytes(CLIP)
        raise SystemExit
    assert not part.exists()


# --- Listing


def test_every_file_is_listed_however_deep_it_lies(root: Path) -> None:
    for name in ("videos/a.mp4", "videos/2026/b.mp4", "videos/2026/x/y/c.mp4"):
        put(root, name)
    listed = list(store.walk("videos"))
    assert {one.name for one in listed} == {"videos/a.mp4", "videos/2026/b.mp4", "videos/2026/x/y/c.mp4"}
    assert [one.strange for one in listed] == ["", "", ""]


def test_a_folder_that_is_not_there_has_nothing_in_it(root: Path) -> None:
    assert list(store.walk("posters")) == []
    assert store.is_mounted()
    (root / "videos").rename(root / "elsewhere")
    assert not store.is_mounted()


def test_links_are_told_and_never_followed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    put(elsewhere, "secret.mp4")
    (root / "videos/folder").symlink_to(elsewhere)
    (root / "videos/file.mp4").symlink_to(elsewhere / "secret.mp4")
    (root / "videos/loop").symlink_to(root / "videos")
    (root / "videos/nowhere.mp4").symlink_to("/does/not/exist")
    listed = {one.name: one.strange for one in store.walk("videos")}
    assert listed == dict.fromkeys(
        ("videos/folder", "videos/file.mp4", "videos/loop", "videos/nowhere.mp4"), "a link"
    )  # fmt: skip


def test_pipes_and_sockets_and_folders_named_like_files_are_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "videos/pipe.mp4")
    monkeypatch.chdir(root / "videos")  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.mp4")
    (root / "videos/folder.mp4").mkdir()
    assert {one.name: one.strange for one in store.walk("videos")} == {
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
    assert sorted((one.name, one.strange) for one in store.walk("videos")) == [
        ("videos/2025/a.mp4", ""), ("videos/2026", "cannot be listed: Permission denied"),
    ]  # fmt: skip


def test_names_that_are_no_text_are_listed_and_can_be_shown(root: Path) -> None:
    with open(os.fsencode(root / "videos") + b"/caf\xe9\n.mp4", "wb"):
        pass
    (one,) = store.walk("videos")
    assert not is_text(one.name)
    assert shown(one.name) == "videos/caf\\udce9\\n.mp4"
    assert is_text("videos/прибой 🌊.mp4")
    assert shown("videos/прибой 🌊.mp4") == "videos/прибой 🌊.mp4"


# --- Reading


def test_bytes_are_compared_where_a_sha256_is_given(root: Path) -> None:
    put(root, "videos/a.mp4", CLIP * 100_000)
    store.check("videos/a.mp4", sha256=hashlib.sha256(CLIP * 100_000).hexdigest())
    with pytest.raises(Damaged, match=CHANGED):
        store.check("videos/a.mp4", sha256=SHA256)
    store.check("videos/a.mp4")


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
    for sha256 in ("", SHA256):
        with pytest.raises(Damaged) as error:
            store.check(name, size=16, sha256=sha256)
        assert str(error.value) == words


def test_what_a_linked_folder_leads_to_is_not_opened_and_a_linked_disk_is(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    (elsewhere / "a.mp4").write_bytes(b"secret")
    (root / "videos").mkdir(exist_ok=True)
    (root / "videos/linked").symlink_to(elsewhere)
    (root / "previews").symlink_to(elsewhere)
    for look in (store.open, store.check):
        with pytest.raises(Damaged, match="a link stands in the place of its folder"):
            look("videos/linked/a.mp4")
        look("previews/a.mp4")


def test_neither_a_pipe_nor_a_device_is_opened(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "videos/a.mp4")
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))
    for kind in (stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK):
        monkeypatch.setattr(os, "lstat", lambda path, kind=kind: os.stat_result((kind, *[0] * 9)))
        with pytest.raises(Damaged, match="no plain file"):
            store.open("videos/a.mp4")


@pytest.mark.parametrize(("number", "certain"), [(errno.EIO, True), (errno.EACCES, False), (errno.EMFILE, False)])
def test_a_disk_that_lost_it_is_told_from_one_that_does_not_let_us_look(
    root: Path, number: int, certain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refusing)
    with pytest.raises(Damaged if certain else Unreadable):
        store.check("videos/a.mp4", sha256=SHA256)


def test_looking_leaves_nothing_open(root: Path) -> None:
    put(root, "videos/a.mp4")
    before = len(os.listdir("/proc/self/fd"))
    for size in (None, 16, 17):
        for sha256 in ("", SHA256):
            with contextlib.suppress(Damaged):
                store.check("videos/a.mp4", size=size, sha256=sha256)
    store.is_complete_jpeg("videos/a.mp4")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("content", "complete"),
    [(b"\xff\xd8 jpeg \xff\xd9", True), (b"\xff\xd8 cut", False), (b"", False), (b"\xff", False), (b"<html>", False)],
)
def test_a_picture_is_complete_from_its_first_mark_to_its_last(root: Path, content: bytes, complete: bool) -> None:
    put(root, "posters/a.jpg", content)
    assert store.is_complete_jpeg("posters/a.jpg") is complete
    assert not store.is_complete_jpeg("posters/b.jpg")


# --- Moving


def test_what_is_put_aside_can_be_put_back(root: Path) -> None:
    put(root, "videos/2026/a.mp4")
    aside = store.set_aside(found("videos/2026/a.mp4"), day="2026-11-20")
    assert aside == "quarantine/2026-11-20/videos/2026/a.mp4"
    assert not (root / "videos/2026/a.mp4").exists()
    store.put_back(aside, "videos/2026/a.mp4")
    assert (root / "videos/2026/a.mp4").read_bytes() == CLIP
    assert not (root / aside).exists()


def test_nothing_in_quarantine_is_ever_overwritten(root: Path) -> None:
    for content in (b"first", b"second", b"third"):
        put(root, "videos/a.mp4", content)
        store.set_aside(found("videos/a.mp4"), day="2026-11-20")
    files = {str(path.parent.parent.name): path.read_bytes() for path in root.rglob("a.mp4")}
    assert files == {"2026-11-20": b"first", "2026-11-20.2": b"second", "2026-11-20.3": b"third"}


def test_nothing_is_put_back_onto_what_stands_there(root: Path) -> None:
    put(root, "videos/a.mp4", b"old")
    aside = store.set_aside(found("videos/a.mp4"), day="2026-11-20")
    put(root, "videos/a.mp4", b"new")
    with pytest.raises(FileExistsError):
        store.put_back(aside, "videos/a.mp4")
    assert ((root / "videos/a.mp4").read_bytes(), (root / aside).read_bytes()) == (b"new", b"old")


def test_a_move_that_fails_leaves_nothing_behind(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.set_aside(Found("videos/gone.mp4"), day="2026-11-20")
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_a_file_that_was_written_anew_is_not_the_one_that_was_found(root: Path) -> None:
    put(root, "videos/a.mp4")
    before = found("videos/a.mp4")
    assert store.is_same("videos/a.mp4", before)
    put(root, "videos/part", b"new").replace(root / "videos/a.mp4")
    assert not store.is_same("videos/a.mp4", before)
    (root / "videos/a.mp4").unlink()
    assert not store.is_same("videos/a.mp4", before)

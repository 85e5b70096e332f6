"""Files without a row: put aside, never deleted, and never when a row comes meanwhile."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generations.integrity import compare, quarantine
from generations.integrity.quarantine import Quarantined, quarantine_orphans
from generations.media.store import LocalStore, store
from generations.models import Video
from tests.factories import NOW, a_video, an_image
from tests.trees import OLD, a_file, aged, tree

pytestmark = pytest.mark.django_db


def run(folder: str = "videos") -> Quarantined:
    return quarantine_orphans(list(store.walk(folder)), at=NOW)


def before_moving(monkeypatch: pytest.MonkeyPatch, what: Callable[[], object]) -> None:
    """Let something happen between the question for rows and the first move."""
    move = LocalStore.set_aside

    def meanwhile(*args: Any, **named: Any) -> Any:
        what()
        return move(*args, **named)

    monkeypatch.setattr(LocalStore, "set_aside", meanwhile)


def test_a_file_without_a_row_is_put_aside_with_its_bytes() -> None:
    a_file("videos/2026/stray.mp4", b"bytes")
    done = run()
    assert done.moved == [{"from": "videos/2026/stray.mp4", "to": "quarantine/2026-11-20/videos/2026/stray.mp4"}]
    assert tree() == {"quarantine/2026-11-20/videos/2026/stray.mp4": b"bytes"}
    assert (run().moved, run().left) == ([], [])


def test_a_row_that_comes_before_the_move_keeps_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    a_file("videos/2026/late.mp4", b"late")
    before_moving(monkeypatch, lambda: a_row("videos/2026/late.mp4"))
    assert (run().moved, run().left) == ([], [])
    assert tree() == {"videos/2026/late.mp4": b"late"}


def a_row(name: str) -> None:
    """The row alone; its file stays as it is."""
    Video.objects.filter(pk=a_video(file="videos/other.mp4").pk).update(file=name)
    (store.root / "videos/other.mp4").unlink()


def test_a_file_that_is_written_anew_while_we_look_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start image of an earlier day is given again: the same content, so the same name."""
    image = an_image(b"a picture")
    name = str(image.file.name)
    aged(store.root / name)
    image.delete()

    def given_again() -> None:
        if not (store.root / "quarantine").exists():
            an_image(b"a picture").delete()  # the file is new, its row is not committed yet

    before_moving(monkeypatch, given_again)
    assert run("images").moved == []
    assert tree() == {name: b"a picture"}


def test_a_file_that_is_young_by_the_time_of_the_move_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    a_file("videos/stray.mp4")
    listed = list(store.walk("videos"))
    (a_file("videos/new.part", b"new")).replace(store.root / "videos/stray.mp4")
    before_moving(monkeypatch, lambda: pytest.fail("not even for a moment"))
    assert quarantine_orphans(listed, at=NOW).moved == []
    assert tree() == {"videos/stray.mp4": b"new"}


def test_what_stands_there_again_is_not_replaced_when_a_file_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    a_file("videos/late.mp4", b"old")
    ask = compare.names_of_rows

    def meanwhile(names: list[str]) -> set[str]:
        a_row("videos/late.mp4")
        a_file("videos/late.mp4", b"new")
        return ask(names)

    monkeypatch.setattr(quarantine, "names_of_rows", meanwhile)
    assert run().moved == []
    assert tree() == {"videos/late.mp4": b"new", "quarantine/2026-11-20/videos/late.mp4": b"old"}


def test_a_file_that_vanishes_meanwhile_is_nobodys_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    path = a_file("videos/stray.mp4")
    before_moving(monkeypatch, path.unlink)
    done = run()
    assert (done.moved, done.left, tree()) == ([], [], {})


def test_a_disk_that_refuses_leaves_the_file_and_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    a_file("videos/stray.mp4")
    monkeypatch.setattr(os, "rename", refusing)
    done = run()
    assert done.left == [("videos/stray.mp4", "no row names it, and it cannot be moved: Read-only file system")]
    assert list(tree()) == ["videos/stray.mp4"]


def test_strange_things_are_told_and_left_where_they_are(media_root: Path) -> None:
    a_file("secret.txt", b"secret")
    (media_root / "videos").mkdir()
    (media_root / "videos/link.mp4").symlink_to(media_root / "secret.txt")
    (media_root / "videos/folder.mp4").mkdir()
    done = run()
    assert sorted(done.left) == [("videos/folder.mp4", "a folder where a file belongs"), ("videos/link.mp4", "a link")]
    assert done.moved == []
    assert (media_root / "videos/link.mp4").is_symlink()


@pytest.mark.parametrize("name", [b"caf\xe9.mp4", b"new\nline", b"-rf", b"quo'te\"", b".hidden", b"%2e%2e", b"x" * 255])
def test_no_name_is_too_odd(name: bytes, media_root: Path) -> None:
    (media_root / "videos").mkdir(parents=True)
    path = Path(os.fsdecode(os.fsencode(media_root / "videos") + b"/" + name))
    path.write_bytes(b"odd")
    aged(path, OLD)
    (move,) = run().moved
    move["from"].encode()
    assert os.listdir(os.fsencode(media_root / "quarantine/2026-11-20/videos")) == [name]

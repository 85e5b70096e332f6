"""The tree of stored files: listed, read and moved without following a link and without overwriting anything.

Names are relative to the tree's root, with slashes, as the disk has them: they may hold bytes that are no text.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("videos", "posters", "images")
# What this program calls its files: no other name is opened, whatever a row says.
STORED_NAME = re.compile(r"(videos|posters|images)(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+")
FILE_SUFFIXES = (".mp4", ".jpg", ".png", ".webp", ".part")
QUARANTINE = "quarantine"
JPEG_MARKS = (b"\xff\xd8", b"\xff\xd9")  # its first and last two bytes

# What an error of the disk says for certain about a file. Any other (no permission, no handles, a network file
# system that is away) says nothing of it.
CERTAIN = {
    errno.ENOENT: "its file is missing",
    errno.ENOTDIR: "its file is missing",
    errno.ELOOP: "a link stands in the place of its file",
    errno.ENXIO: "a socket stands in the place of its file",
    errno.EISDIR: "a folder stands in the place of its file",
    errno.EIO: "the disk can no longer read its file",
}


class Damaged(Exception):
    """What stands under a name is certainly not the file that belongs there; the text says what it is."""


class Unreadable(Exception):
    """The disk does not let us look, which says nothing of the file."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a listing met: a plain file, or something else, and then in words what is strange about it."""

    name: str
    modified_at: float = 0.0
    inode: int = 0
    strange: str = ""


def walk(root: Path, folder: str) -> Iterator[Found]:
    """List all below a folder. Links are told and not followed; what vanishes meanwhile is left out."""
    todo = [folder]
    while todo:
        here = todo.pop()
        try:
            with os.scandir(root / here) as entries:
                for entry in entries:
                    name = f"{here}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(name)
                    if found := _look(name, entry):
                        yield found
        except FileNotFoundError:
            continue
        except OSError as error:
            yield Found(here, strange=f"cannot be listed: {error.strerror}")


def _look(name: str, entry: os.DirEntry[str]) -> Found | None:
    """What is worth telling of an entry: all but what vanished, and folders that look like folders."""
    try:
        facts = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Found(name, strange=f"cannot be looked at: {error.strerror}")
    if stat.S_ISREG(facts.st_mode):
        return Found(name, facts.st_mtime, facts.st_ino)
    if stat.S_ISDIR(facts.st_mode):
        return Found(name, strange="a folder where a file belongs") if name.endswith(FILE_SUFFIXES) else None
    return Found(name, strange="a link" if stat.S_ISLNK(facts.st_mode) else "neither a file nor a folder")


def digest(root: Path, name: str, *, size: int | None = None) -> str:
    """The SHA-256 of a file, read only when it has the size; raises Damaged and Unreadable."""
    with _opened(root, name, size=size) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise _judged(error) from error


def check(root: Path, name: str, *, size: int | None = None) -> None:
    """Raise Damaged or Unreadable as `digest` does, without reading."""
    _opened(root, name, size=size).close()


def is_whole_jpeg(root: Path, name: str) -> bool:
    """Whether a picture is there from its first mark to its last: one that was cut has lost the last."""
    try:
        with _opened(root, name) as file:
            start = file.read(2)
            file.seek(-2, os.SEEK_END)
            return (start, file.read(2)) == JPEG_MARKS
    except (Damaged, OSError):
        return False


def _opened(root: Path, name: str, *, size: int | None = None) -> io.FileIO:
    """Open a plain file of ours; neither a link nor a pipe can lead elsewhere or keep us waiting."""
    if not STORED_NAME.fullmatch(name):
        raise Damaged("its name leads out of the store")
    try:
        descriptor = os.open(root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _judged(error) from error
    facts = os.fstat(descriptor)
    try:
        if not stat.S_ISREG(facts.st_mode):
            raise Damaged(CERTAIN[errno.EISDIR] if stat.S_ISDIR(facts.st_mode) else "its file is no plain file")
        if size is not None and facts.st_size != size:
            raise Damaged(f"its file has {facts.st_size} bytes instead of {size}")
        return io.FileIO(descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def _judged(error: OSError) -> Damaged | Unreadable:
    if error.errno in CERTAIN:
        return Damaged(CERTAIN[error.errno])
    return Unreadable(f"its file cannot be read: {error.strerror}")


def put_aside(root: Path, found: Found, *, day: str) -> str:
    """Move a file into the day's quarantine, onto nothing; its new name. Raises OSError, and then nothing moved."""
    for number in range(1, 1000):
        aside = f"{QUARANTINE}/{day}{f'.{number}' if number > 1 else ''}/{found.name}"
        try:
            _move(root / found.name, root / aside)
        except FileExistsError:
            continue
        return aside
    raise FileExistsError(errno.EEXIST, "too many files of this name are there already")


def put_back(root: Path, aside: str, name: str) -> None:
    """Undo `put_aside`, unless something stands there by now; raises OSError."""
    _move(root / aside, root / name)


def _move(source: Path, target: Path) -> None:
    """Rename onto a place that we reserved, as rename alone would replace what stands there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640))
    try:
        os.rename(source, target)
    except BaseException:
        target.unlink()
        raise


def is_same(root: Path, name: str, found: Found) -> bool:
    """Whether what stands under a name is the very file that was found: not another one, and not written since."""
    try:
        facts = os.lstat(root / name)
    except OSError:
        return False
    return (facts.st_ino, facts.st_mtime) == (found.inode, found.modified_at)


def in_quarantine(root: Path, name: str) -> Iterator[Path]:
    """The days of quarantine, as roots, that hold a file of this name; the last one first."""
    try:
        days = sorted(os.listdir(root / QUARANTINE), reverse=True)
    except OSError:
        return
    for day in days:
        if os.path.lexists(root / QUARANTINE / day / name):
            yield root / QUARANTINE / day


def is_text(name: str) -> bool:
    """Whether a name can be written as text: a file's name may hold any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(name: str) -> str:
    """A name for people and logs: what is no printable text is written as escapes."""
    text = name.encode("utf-8", "backslashreplace").decode()
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)

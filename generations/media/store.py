"""The store of clips, posters, previews and start images: the only code that touches stored files.

A file appears under its final name complete and durable, or not at all. No link or pipe is followed. Quarantine
overwrites nothing. Names are relative to the root, with slashes, as the disk has them: with any bytes, text or not.
"""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

logger = logging.getLogger(__name__)

FOLDERS = ("videos", "posters", "previews", "images")
# The names of our files: no other is opened, whatever a row says.
STORED_NAME = re.compile(r"(videos|posters|previews|images)(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+")
FILE_SUFFIXES = (".mp4", ".jpg", ".png", ".webp", ".part")
TMP, QUARANTINE = "tmp", "quarantine"
JPEG_MARKS = (b"\xff\xd8", b"\xff\xd9")  # its first and last two bytes
STRANGE = "its file is no plain file"
CHANGED = "its file has other bytes than were stored"

# What disk errors prove about a file. Any other (no permission, no handles, a network file
# system that is away) proves nothing.
CERTAIN = {
    errno.ENOENT: "its file is missing",
    errno.ENOTDIR: "its file is missing",
    errno.ELOOP: "a link stands in the place of its file",
    errno.ENXIO: "a socket stands in the place of its file",
    errno.EISDIR: "a folder stands in the place of its file",
    errno.EIO: "the disk can no longer read its file",
}


class Damaged(OSError):
    """What a name refers to is certainly not the file that belongs there; the text says what it is."""


class Unreadable(OSError):
    """The disk refuses to open or read a file, which says nothing about its bytes."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of a listing: a plain file, or something else, described by `strange`."""

    name: str
    modified_at: float = 0.0
    inode: int = 0
    strange: str = ""


class LocalStore(FileSystemStorage):
    """Files below MEDIA_ROOT. Part files are on the same file system, so that a rename publishes them at once."""

    @property
    def location(self) -> str:
        return os.path.abspath(settings.MEDIA_ROOT)

    @property
    def root(self) -> Path:
        return Path(self.location)

    def path(self, name: str) -> str:
        """Return the path of a stored file. Raises: Damaged when our files have no such names."""
        if not STORED_NAME.fullmatch(name):
            raise Damaged("its name leads out of the store")
        return f"{self.location}/{name}"

    def is_mounted(self) -> bool:
        """Return whether the folder of clips exists: an unmounted disk must not look like lost files."""
        return (self.root / "videos").is_dir()

    def free_bytes(self) -> int:
        """Return the free space on the disk. Raises: OSError when it cannot be used."""
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    # --- Writing

    @contextmanager
    def part(self) -> Iterator[Path]:
        """Yield a path for writing a file; remove it at the end if it was not published. Raises: OSError."""
        part = self.root / TMP / f"{uuid.uuid4().hex}.part"
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)

    def publish(self, part: Path, name: str) -> None:
        """Rename a synced part file to its final name, and sync the folder. Raises: OSError."""
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(part, path)
        _sync(path.parent)

    def _save(self, name: str, content: File[Any]) -> str:
        with self.part() as part:
            part.write_bytes(content.read())
            _sync(part)
            self.publish(part, name)
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name  # names are unique to a content, so it is the same file

    def delete(self, name: str) -> None:
        """Delete a stored file, if it exists. Raises: OSError."""
        Path(self.path(name)).unlink(missing_ok=True)

    def delete_old(self, name: str, *, before: float) -> None:
        """Delete a stored file, but one written since a time, in seconds since 1970. Raises: OSError."""
        with suppress(FileNotFoundError):
            if os.lstat(self.path(name)).st_mtime < before:
                self.delete(name)

    def remove_parts(self, *, before: float, dry_run: bool = False) -> list[str]:
        """Remove part files last written before a time, in seconds since 1970; return their names."""
        removed = []
        for found in sorted(self.walk(TMP), key=lambda found: found.name):
            if found.strange or not found.name.endswith(".part") or found.modified_at >= before:
                continue
            try:
                if not dry_run:
                    (self.root / found.name).unlink(missing_ok=True)
                removed.append(shown(found.name))
            except OSError as error:
                logger.warning("a left-over part file stays: %s", error)
        return removed

    # --- Reading

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        return File(_opened(self._own(name)), name)

    def check(self, name: str, *, size: int | None = None, sha256: str = "") -> None:
        """Compare a file with what its row says; its bytes are read only for a SHA-256. Raises: Damaged, Unreadable."""
        _check(self._own(name), size=size, sha256=sha256)

    def _own(self, name: str) -> str:
        """Return the path of a file that no linked folder leads to. Raises: Damaged."""
        path = self.path(name)
        _top, *folders = name.split("/")[:-1]  # the first may be a link to another disk
        for depth in range(len(folders)):
            if os.path.islink(path.rsplit("/", 1 + depth)[0]):
                raise Damaged("a link stands in the place of its folder")
        return path

    def is_complete_jpeg(self, name: str) -> bool:
        """Return whether an image has its first and last marks: a cut one has lost the last."""
        try:
            with self.open(name) as file:
                start = file.read(2)
                file.seek(-2, os.SEEK_END)
                return (start, file.read(2)) == JPEG_MARKS
        except OSError:
            return False

    def walk(self, *folders: str) -> Iterator[Found]:
        """Yield all entries below these folders; links are reported, not followed."""
        todo = list(folders)
        while todo:
            here = todo.pop()
            try:
                with os.scandir(self.root / here) as entries:
                    for entry in entries:
                        name = f"{here}/{entry.name}"
                        if entry.is_dir(follow_symlinks=False):
                            todo.append(name)
                        if found := _examine(name, entry):
                            yield found
            except FileNotFoundError:
                continue
            except OSError as error:
                yield Found(here, strange=f"cannot be listed: {error.strerror}")

    def is_same(self, name: str, found: Found) -> bool:
        """Return whether a name still refers to the file that was found, unwritten since."""
        try:
            facts = os.lstat(self.root / name)
        except OSError:
            return False
        return (facts.st_ino, facts.st_mtime) == (found.inode, found.modified_at)

    # --- Quarantine

    def set_aside(self, found: Found, *, day: str) -> str:
        """Move a file into the day's quarantine without overwriting; return its new name.

        Raises: OSError, with nothing moved; FileExistsError is one, when the day has 999 of that name.
        """
        for number in range(1, 1000):
            aside = f"{QUARANTINE}/{day}{f'.{number}' if number > 1 else ''}/{found.name}"
            try:
                _move(self.root / found.name, self.root / aside)
                return aside
            except FileExistsError:
                continue
        raise FileExistsError(errno.EEXIST, "too many files of this name are there already")

    def put_back(self, aside: str, name: str) -> None:
        """Undo `set_aside`. Raises: OSError, also when something has the name again."""
        _move(self.root / aside, self.root / name)

    def restore(self, name: str, *, sha256: str) -> bool:
        """Publish the last quarantined file of this name and content; return False when there is none."""
        if not STORED_NAME.fullmatch(name):
            return False
        for day in sorted((self.root / QUARANTINE).glob("*"), reverse=True):
            try:
                _check(f"{day}/{name}", sha256=sha256)
                self.publish(day / name, name)
                return True
            except OSError:
                continue
        return False


store = cast(LocalStore, default_storage)


def _sync(path: Path) -> None:
    """Write a file, or a folder's entries, through to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(path: str, *, size: int | None = None, sha256: str = "") -> None:
    with _opened(path, size=size) as file:
        try:
            digest = hashlib.file_digest(file, "sha256").hexdigest() if sha256 else ""
        except OSError as error:
            raise _judged(error) from error
    if digest != sha256:
        raise Damaged(CHANGED)


def _opened(path: str, *, size: int | None = None) -> io.FileIO:
    """Open a plain file; follow no link, and open no pipe or device. Raises: Damaged, Unreadable."""
    try:
        with suppress(FileNotFoundError):
            mode = os.lstat(path).st_mode
            if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
                raise Damaged(STRANGE)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except Damaged:
        raise
    except OSError as error:
        raise _judged(error) from error
    facts = os.fstat(descriptor)
    try:
        if not stat.S_ISREG(facts.st_mode):
            raise Damaged(CERTAIN[errno.EISDIR] if stat.S_ISDIR(facts.st_mode) else STRANGE)
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


def _examine(name: str, entry: os.DirEntry[str]) -> Found | None:
    """Describe an entry of a folder; None when it vanished or is an expected folder."""
    try:
        facts = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Found(name, strange=f"cannot be examined: {error.strerror}")
    if stat.S_ISREG(facts.st_mode):
        return Found(name, facts.st_mtime, facts.st_ino)
    if stat.S_ISDIR(facts.st_mode):
        return Found(name, strange="a folder where a file belongs") if name.endswith(FILE_SUFFIXES) else None
    return Found(name, strange="a link" if stat.S_ISLNK(facts.st_mode) else "neither a file nor a folder")


def _move(source: Path, target: Path) -> None:
    """Rename onto a name that we reserved, as a plain rename would overwrite a file there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640))
    try:
        os.rename(source, target)
    except BaseException:
        target.unlink()
        raise


def is_text(name: str) -> bool:
    """Return whether a file's name, which may have any bytes, is valid text."""
    return name == name.encode("utf-8", "ignore").decode()


def shown(name: str) -> str:
    """Return a name for people and logs; unprintable bytes become escapes."""
    text = name.encode("utf-8", "backslashreplace").decode()
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)

"""Counts what a process does to the world outside, and kills the process with SIGKILL at the N-th of these effects.

The wrappers are put in by the child that is to die, at the lowest level that Python reaches: Django's COMMIT, the
methods of socket.socket, files opened for writing, and os.fsync, os.replace, os.rename and os.unlink. An effect can be
killed before it happens; a write and a send also after half of their bytes; a commit also just after it.
Everything that has happened is written to a trace, by plain writes that the kill cannot take back.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

WRITES = re.compile(r'\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM) "(\w+)"')
PROMPT = re.compile(rb'"prompt": ?"((?:[^"\\]|\\.)*)"')

_write, _open, _readlink, _kill = os.write, io.open, os.readlink, os.kill


class Effects:
    """One process's count.

    `kill_at` is the point that it does not survive: its number, or the first of a kind with this in its detail, such as
    `fsync:/videos/`; after a ^ the detail begins so.
    """

    def __init__(self, trace: Path, *, kill_at: str = "0") -> None:
        self.kill_at = kill_at
        self.count = 0
        self.muted = False
        self._lock = threading.RLock()
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, kind: str, detail: str = "") -> None:
        """A line of the trace: this has happened."""
        _write(self._trace, (json.dumps([os.getpid(), self.count, kind, detail]) + "\n").encode())

    def point(self, kind: str, detail: str = "", *, last: Callable[[], Any] | None = None) -> None:
        """One more point; if it is the one, do the last thing and die."""
        if self.muted:
            return
        with self._lock:
            self.count += 1
            if not self._is_the_one(kind, detail):
                return
            if last:
                last()
            self.note("died at", f"{kind} {detail}")
            _kill(os.getpid(), signal.SIGKILL)

    def _is_the_one(self, kind: str, detail: str) -> bool:
        if self.kill_at.isdecimal():
            return self.count == int(self.kill_at)
        wanted, __, part = self.kill_at.partition(":")
        return kind == wanted and (detail.startswith(part[1:]) if part.startswith("^") else part in detail)

    def around(self, kind: str, detail: str, act: Callable[[], Any], *, half: Callable[[], Any] | None = None) -> Any:
        """One effect: die before it or after half of it, or do it and trace it."""
        self.point(kind, detail)
        if half:
            self.point(f"half {kind}", detail, last=half)
        result = act()
        if not self.muted:
            self.note(kind, detail)
        return result

    @contextmanager
    def mute(self) -> Iterator[None]:
        """What the harness itself does is neither counted nor traced."""
        before, self.muted = self.muted, True
        try:
            yield
        finally:
            self.muted = before


def install(effects: Effects) -> None:
    """Wrap, for the rest of this process's life."""
    _wrap_database(effects)
    _wrap_sockets(effects)
    _wrap_files(effects)


def _wrap_database(effects: Effects) -> None:
    commit, execute = BaseDatabaseWrapper._commit, CursorWrapper._execute  # type: ignore[attr-defined]
    rollback = BaseDatabaseWrapper._rollback  # type: ignore[attr-defined]

    def told(tables: str, act: Callable[..., Any], *args: Any) -> Any:
        result = effects.around("commit", tables, lambda: act(*args))
        effects.point("committed", tables)
        return result

    def committing(self: Any) -> Any:
        written, self.crash_written = getattr(self, "crash_written", []), []
        if not written:  # nothing that could be lost
            return commit(self)
        return told(" ".join(dict.fromkeys(written)), commit, self)

    def executing(self: Any, sql: str, params: Any, *ignored: Any) -> Any:
        found = WRITES.match(sql) if isinstance(sql, str) else None
        if not found:
            return execute(self, sql, params, *ignored)
        inserts = sql.lstrip().startswith("INSERT")
        table = f"+{found[1]}" if inserts else found[1]
        if self.db.in_atomic_block:
            self.db.crash_written = [*getattr(self.db, "crash_written", []), table]
            return execute(self, sql, params, *ignored)
        return told(table, execute, self, sql, params, *ignored)  # a statement by itself commits itself

    def rolling_back(self: Any) -> Any:
        self.crash_written = []
        return rollback(self)

    BaseDatabaseWrapper._commit = committing  # type: ignore[attr-defined]
    BaseDatabaseWrapper._rollback = rolling_back  # type: ignore[attr-defined]
    CursorWrapper._execute = executing  # type: ignore[attr-defined]


def _wrap(effects: Effects, owner: Any, name: str, kind: str, detail: Callable[..., str]) -> None:
    """Count each call of a function or method, and trace it when it has returned."""
    real = getattr(owner, name)

    def wrapped(*args: Any, **more: Any) -> Any:
        return effects.around(kind, detail(*args), lambda: real(*args, **more))

    setattr(owner, name, wrapped)


def _wrap_sockets(effects: Effects) -> None:
    sendall = socket.socket.sendall

    def wrapped_sendall(self: Any, data: Any, *flags: Any) -> Any:
        half = partial(sendall, self, memoryview(data)[: len(data) // 2])
        return effects.around("send", _request(self, data), lambda: sendall(self, data, *flags), half=half)

    socket.socket.sendall = wrapped_sendall  # type: ignore[method-assign]
    _wrap(effects, socket.socket, "send", "send", _request)
    for name in ("recv", "recv_into"):
        _wrap(effects, socket.socket, name, "receive", lambda *args: "")


def _request(self: Any, data: Any, *flags: Any) -> str:
    """The request's line, or the prompt that a body holds: what an order is known by."""
    raw = bytes(data)
    if raw.startswith((b"POST ", b"GET ")):
        return raw.split(b" HTTP/", 1)[0].decode("latin-1")
    found = PROMPT.search(raw)
    return "prompt " + json.loads(b'"' + found[1] + b'"') if found else ""


class Written:
    """A file that was opened for writing; whatever is not a write goes on to the real one."""

    def __init__(self, file: Any, path: str, effects: Effects) -> None:
        self._file, self._path, self._effects = file, path, effects

    def write(self, data: Any) -> Any:
        return self._effects.around("write", self._path, lambda: self._file.write(data), half=lambda: self._half(data))

    def _half(self, data: Any) -> None:
        self._file.write(data[: len(data) // 2])
        self._file.flush()

    def fileno(self) -> int:
        if isinstance(self._file, io.BufferedIOBase):
            raise io.UnsupportedOperation("Pillow would write past us")
        return int(self._file.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Written:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _wrap_files(effects: Effects) -> None:
    def opening(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        opened = _open(file, mode, *args, **kwargs)
        wanted = isinstance(file, str | os.PathLike) and "b" in mode and set(mode) & set("wxa+")
        return Written(opened, str(file), effects) if wanted else opened

    io.open = builtins.open = opening
    _wrap(effects, os, "fsync", "fsync", lambda descriptor: _readlink(f"/proc/self/fd/{descriptor}"))
    _wrap(effects, os, "unlink", "unlink", str)
    for name in ("replace", "rename"):
        _wrap(effects, os, name, "rename", lambda source, target: f"{source} {target}")

"""The file that keeps tasks and balances of the practice provider over a restart."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from .wire import Json


def open_private(path: Path, mode: str) -> TextIO:
    """Open a file for its owner alone: the tasks hold the addresses of their callbacks."""
    return open(path, mode, encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600))  # type: ignore[return-value]


class Journal:
    """One JSON object a line, appended and flushed; reading skips a line that a crash has cut."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        self._closed = False

    def read(self) -> Iterator[dict[str, Json]]:
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict):
                    yield entry

    def rewrite(self, entries: list[dict[str, Json]]) -> None:
        """Replace all entries."""
        fresh = self.path.with_suffix(".part")
        with open_private(fresh, "w") as lines:
            lines.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        os.replace(fresh, self.path)

    def append(self, entry: dict[str, Json]) -> None:
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        with self._lock:
            if self._closed:
                return  # a clip finished after close(): the next start finds its task due
            if self._file is None:
                self._file = open_private(self.path, "a")
            self._file.write(line)
            self._file.flush()

    def close(self) -> None:
        """Close the file; later entries are dropped."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()

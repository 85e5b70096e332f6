"""The file that keeps tasks and balances of the practice provider over a restart."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from .wire import Json


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
        with fresh.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        os.replace(fresh, self.path)

    def append(self, entry: dict[str, Json]) -> None:
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        with self._lock:
            if self._closed:
                return  # a clip finished after close(): the next start finds its task due
            if self._file is None:
                self._file = self.path.open("a", encoding="utf-8")
            self._file.write(line)
            self._file.flush()

    def close(self) -> None:
        """Close the file; later entries are dropped."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()

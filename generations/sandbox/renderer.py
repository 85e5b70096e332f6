"""Render the clips of accepted orders in two threads, each file once."""

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from .clips import Cancelled, render
from .images import Images
from .tasks import Clip
from .workers import Workers

logger = logging.getLogger("generations.sandbox")

THREADS = 2  # PyAV releases the interpreter's lock while it encodes, so two threads are faster


class Renderer:
    """Render clips in a few threads, and call back when a file is ready."""

    def __init__(self, directory: Path, images: Images) -> None:
        self.directory = directory
        self._images = images
        self._workers = Workers("sandbox-render", THREADS)
        self._lock = threading.Lock()
        self._stopping = False
        self._waiting: dict[str, list[Callable[[Clip], None]]] = {}

    def start(self) -> None:
        self._workers.start()

    def stop(self) -> None:
        """Drop waiting clips and cancel running ones."""
        self._stopping = True
        self._workers.stop()

    def join(self, seconds: float) -> None:
        self._workers.join(seconds)

    def path(self, clip: Clip) -> Path:
        return self.directory / clip.name

    def render(self, clip: Clip, done: Callable[[Clip], None]) -> None:
        """Render a clip unless its file exists, and call `done` when it does."""
        with self._lock:
            if clip.name in self._waiting:
                self._waiting[clip.name].append(done)
                return
            if not self.path(clip).exists():
                self._waiting[clip.name] = [done]
                self._workers.add(lambda: self._render(clip))
                return
        done(clip)

    def wait(self, clips: Iterable[Clip], seconds: float) -> bool:
        """Wait until all clips are rendered, for this many seconds at most; return whether they are."""
        ready = threading.Semaphore(0)
        wanted = 0
        for clip in clips:
            wanted += 1
            self.render(clip, lambda _: ready.release())
        return all(ready.acquire(timeout=seconds) for _ in range(wanted))

    def _render(self, clip: Clip) -> None:
        try:
            background = self._images.load(clip.background) if clip.background else None
            render(self.path(clip), clip, background, lambda: self._stopping)
        except Cancelled:
            return
        finally:
            # Also after a failure, so that the next order of this clip renders it again.
            with self._lock:
                waiting = self._waiting.pop(clip.name, [])
        for done in waiting:
            done(clip)

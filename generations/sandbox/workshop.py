"""Renders the clips of accepted orders, two at a time, each file once."""

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from .clips import Cancelled, render
from .images import Images
from .tasks import Clip
from .workers import Workers

logger = logging.getLogger("generations.sandbox")

THREADS = 2  # PyAV gives up the interpreter's lock while it encodes, so a second one is worth having


class Workshop:
    """Hands clips to a few threads and calls back when a file is there."""

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
        """Drops what waits and breaks off what is being rendered."""
        self._stopping = True
        self._workers.stop()

    def join(self, seconds: float) -> None:
        self._workers.join(seconds)

    def path(self, clip: Clip) -> Path:
        return self.directory / clip.name

    def make(self, clip: Clip, done: Callable[[Clip], None]) -> None:
        """Renders a clip unless it exists, and calls `done` when it does; at once if it does already."""
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
        """Waits until all clips are rendered; says whether they are."""
        ready = threading.Semaphore(0)
        wanted = 0
        for clip in clips:
            wanted += 1
            self.make(clip, lambda _: ready.release())
        return all(ready.acquire(timeout=seconds) for _ in range(wanted))

    def _render(self, clip: Clip) -> None:
        try:
            render(
                self.path(clip),
                prompt=clip.prompt,
                width=clip.width,
                height=clip.height,
                seconds=clip.seconds,
                sound=clip.sound,
                background=self._images.load(clip.background) if clip.background else None,
                take=clip.take,
                cancelled=lambda: self._stopping,
            )
        except Cancelled:
            return
        finally:
            # Also after a failure, so that the next order of this clip tries again.
            with self._lock:
                waiting = self._waiting.pop(clip.name, [])
        for done in waiting:
            done(clip)

"""A pool of daemon threads, which never keep the process from exiting."""

import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

logger = logging.getLogger("generations.sandbox")

Job = Callable[[], None]


class Workers:
    """Run jobs in `count` daemon threads; unlike an executor's, they do not block the exit of the process."""

    def __init__(self, name: str, count: int) -> None:
        self.name = name
        self.count = count
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for number in range(self.count):
            thread = threading.Thread(target=self._run, name=f"{self.name}-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def add(self, job: Job) -> None:
        self._jobs.put(job)

    def stop(self) -> None:
        """Let running jobs finish, and drop waiting ones."""
        self._stopping = True
        for _ in range(self.count):
            self._jobs.put(None)

    def join(self, seconds: float) -> None:
        """Wait for all threads together, for this many seconds at most."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None and not self._stopping:
            try:
                job()
            except Exception:  # one bad job must not end the thread
                logger.exception("%s: a job failed", self.name)

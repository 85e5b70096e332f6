"""The accepted tasks of one provider, with its limits and its balance."""

import heapq
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from .journal import Journal
from .limits import RateLimit
from .tasks import Clip, Task
from .wire import Json

Clock = Callable[[], float]


@dataclass(frozen=True)
class Terms:
    """The limits and the first balance of a provider's practice account."""

    provider: str
    balance: Decimal
    in_flight: int
    result_life_seconds: float


@dataclass
class Orders:
    """All tasks of one provider. Thread-safe; no lock is held over slow work."""

    terms: Terms
    requests: RateLimit
    journal: Journal
    now: Clock
    on_finished: Callable[[Task], None] = lambda task: None  # called for each finished task, outside the lock
    tasks: dict[str, Task] = field(default_factory=dict)
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _due: list[tuple[float, str]] = field(default_factory=list)
    _awaiting_render: set[str] = field(default_factory=set)  # due, but not rendered yet
    _rendering: dict[str, set[str]] = field(default_factory=dict)  # clip name -> tasks that wait for it
    _in_flight: int = 0
    _busy: Counter[str] = field(default_factory=Counter)
    _takes: Counter[str] = field(default_factory=Counter)

    # -- ordering --

    def balance(self) -> Decimal:
        self.finish_due()
        return self.terms.balance - self.spent

    def is_still_busy(self, prompt: str, times: int) -> bool:
        """Return whether a prompt with `[busy N]` must be refused once more, and count the refusal."""
        with self._lock:
            if self._busy[prompt] >= times:
                return False
            self._busy[prompt] += 1
            return True

    def next_take(self, prompt: str) -> int:
        """Return how often the prompt was ordered before, so that each take looks different."""
        with self._lock:
            self._takes[prompt] += 1
            return self._takes[prompt] - 1

    def accept(self, task: Task) -> str:
        """Add a task and write it to the journal, or return why not: `full` or `no money`."""
        self.finish_due()
        with self._lock:
            if self._in_flight >= self.terms.in_flight:
                return "full"
            if self.terms.balance - self.spent - self.reserved < task.price:
                return "no money"  # tasks in flight are charged when they succeed
            self._add(task)
        self.journal.append({"kind": "order", **task.to_json()})
        return ""

    def _add(self, task: Task) -> None:
        self.tasks[task.id] = task
        self._in_flight += 1
        self.reserved += task.price
        task.unrendered = {clip.name for clip in task.clips}
        for name in task.unrendered:
            self._rendering.setdefault(name, set()).add(task.id)
        heapq.heappush(self._due, (task.due_at, task.id))

    # -- finishing --

    def clip_rendered(self, clip: Clip) -> None:
        """Note that a clip is rendered, and finish the tasks that waited for it."""
        now = self.now()
        done: list[Task] = []
        with self._lock:
            for task_id in self._rendering.pop(clip.name, ()):
                task = self.tasks[task_id]
                task.unrendered.discard(clip.name)
                if not task.unrendered and task_id in self._awaiting_render and self._finish(task, now):
                    done.append(task)
        self._report_finished(done)

    def finish_due(self) -> None:
        """Finish the tasks whose time has come."""
        now = self.now()
        done: list[Task] = []
        with self._lock:
            while self._due and self._due[0][0] <= now:
                due_at, task_id = heapq.heappop(self._due)
                task = self.tasks[task_id]
                if task.unrendered:
                    self._awaiting_render.add(task_id)
                elif self._finish(task, due_at):
                    done.append(task)
        self._report_finished(done)

    def finish_now(self, task: Task) -> None:
        """Finish a task before its time."""
        with self._lock:
            task.takes_seconds = 0.0
            heapq.heappush(self._due, (task.created_at, task.id))
        self.finish_due()

    def _finish(self, task: Task, at: float) -> bool:
        self._awaiting_render.discard(task.id)
        if task.finished_at is not None:
            return False  # finished early or restored: the heap contains it twice
        task.finished_at = at
        self._close(task)
        return True

    def _close(self, task: Task) -> None:
        self._in_flight -= 1
        self.reserved -= task.price
        if not task.fails:
            self.spent += task.price

    def _report_finished(self, done: list[Task]) -> None:
        for task in done:
            self.journal.append({"kind": "done", "id": task.id, "at": task.finished_at})
            self.on_finished(task)

    # -- restart and counters --

    def restore(self, task: Task, finished_at: float | None) -> None:
        """Add a task from the journal."""
        with self._lock:
            self._takes[task.prompt] += 1
            self._add(task)
            if finished_at is not None:
                task.finished_at = finished_at
                self._close(task)

    def is_expired(self, task: Task) -> bool:
        return task.finished_at is not None and self.now() > task.finished_at + self.terms.result_life_seconds

    def count_status_request(self, task: Task) -> int:
        """Count a status request, and return how many came before."""
        with self._lock:
            task.status_asks += 1
            return task.status_asks - 1

    def count_result(self, task: Task) -> int:
        """Count an answer with a result, and return how many came before."""
        with self._lock:
            task.result_asks += 1
            return task.result_asks - 1

    def count_download(self, task: Task) -> int:
        """Count a download, and return how many came before."""
        with self._lock:
            task.downloads += 1
            return task.downloads - 1

    def count_bytes(self, task: Task, count: int) -> None:
        with self._lock:
            task.bytes_served += count

    def truth(self) -> list[dict[str, Json]]:
        self.finish_due()
        now = self.now()
        with self._lock:
            return [
                {
                    "id": task.id,
                    "provider": task.provider,
                    "model": task.model,
                    "state": task.phase(now),
                    "rendered": not task.unrendered,
                    "prompt": task.prompt,
                    "callback_url": task.callback_url,
                    "price": float(task.price),
                    "created_at": task.created_at,
                    "settled_at": task.finished_at,
                    "status_asks": task.status_asks,
                    "downloads": task.downloads,
                    "bytes_served": task.bytes_served,
                }
                for task in self.tasks.values()
            ]

"""Keeps the accepted tasks of one provider: its clock, its limits, its money and its memory."""

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
    """What a provider allows one account, and what the practice account starts with."""

    provider: str
    balance: Decimal
    in_flight: int
    result_life_seconds: float


@dataclass
class Orders:
    """All tasks of one provider. Any thread may call any method; no lock is held over slow work."""

    terms: Terms
    requests: RateLimit
    journal: Journal
    now: Clock
    settled: Callable[[Task], None] = lambda task: None  # called for each finished task, outside the lock
    tasks: dict[str, Task] = field(default_factory=dict)
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _due: list[tuple[float, str]] = field(default_factory=list)
    _late: set[str] = field(default_factory=set)  # due, but not rendered yet
    _rendering: dict[str, set[str]] = field(default_factory=dict)  # clip name -> tasks that wait for it
    _in_flight: int = 0
    _busy: Counter[str] = field(default_factory=Counter)
    _takes: Counter[str] = field(default_factory=Counter)

    # -- ordering --

    def balance(self) -> Decimal:
        self.settle()
        return self.terms.balance - self.spent

    def busy_still(self, prompt: str, times: int) -> bool:
        """Says whether a prompt with `[busy N]` is to be refused once more, and counts it."""
        with self._lock:
            if self._busy[prompt] >= times:
                return False
            self._busy[prompt] += 1
            return True

    def next_take(self, prompt: str) -> int:
        """Returns how often the prompt was ordered before: another take shall look different."""
        with self._lock:
            self._takes[prompt] += 1
            return self._takes[prompt] - 1

    def accept(self, task: Task) -> str:
        """Takes a task up and writes it down, or says why not: `full` or `poor`."""
        self.settle()
        with self._lock:
            if self._in_flight >= self.terms.in_flight:
                return "full"
            if self.terms.balance - self.spent - self.reserved < task.price:
                return "poor"  # everything in flight has still to be paid
            self._take_up(task)
        self.journal.append({"kind": "order", **task.to_json()})
        return ""

    def _take_up(self, task: Task) -> None:
        self.tasks[task.id] = task
        self._in_flight += 1
        self.reserved += task.price
        task.unrendered = {clip.name for clip in task.clips}
        for name in task.unrendered:
            self._rendering.setdefault(name, set()).add(task.id)
        heapq.heappush(self._due, (task.due_at, task.id))

    # -- finishing --

    def rendered(self, clip: Clip) -> None:
        """Hears that a clip's file is there."""
        now = self.now()
        done: list[Task] = []
        with self._lock:
            for task_id in self._rendering.pop(clip.name, ()):
                task = self.tasks[task_id]
                task.unrendered.discard(clip.name)
                if not task.unrendered and task_id in self._late and self._finish(task, now):
                    done.append(task)
        self._tell(done)

    def settle(self) -> None:
        """Finishes what the clock says is finished. Costs nothing while nothing is due."""
        now = self.now()
        done: list[Task] = []
        with self._lock:
            while self._due and self._due[0][0] <= now:
                due_at, task_id = heapq.heappop(self._due)
                task = self.tasks[task_id]
                if task.unrendered:
                    self._late.add(task_id)
                elif self._finish(task, due_at):
                    done.append(task)
        self._tell(done)

    def hurry(self, task: Task) -> None:
        """Makes a task due now, whatever its time would have been."""
        with self._lock:
            task.takes_seconds = 0.0
            heapq.heappush(self._due, (task.created_at, task.id))
        self.settle()

    def _finish(self, task: Task, at: float) -> bool:
        self._late.discard(task.id)
        if task.settled_at is not None:
            return False  # hurried, or remembered as done: the heap knows it once more
        task.settled_at = at
        self._close(task)
        return True

    def _close(self, task: Task) -> None:
        self._in_flight -= 1
        self.reserved -= task.price
        if not task.fails:
            self.spent += task.price

    def _tell(self, done: list[Task]) -> None:
        for task in done:
            self.journal.append({"kind": "done", "id": task.id, "at": task.settled_at})
            self.settled(task)

    # -- memory --

    def restore(self, task: Task, settled_at: float | None) -> None:
        """Takes up a task from the journal."""
        with self._lock:
            self._takes[task.prompt] += 1
            self._take_up(task)
            if settled_at is not None:
                task.settled_at = settled_at
                self._close(task)

    def is_expired(self, task: Task) -> bool:
        return task.settled_at is not None and self.now() > task.settled_at + self.terms.result_life_seconds

    def told(self, task: Task) -> int:
        """Counts a status request, and returns how many came before it."""
        with self._lock:
            task.status_asks += 1
            return task.status_asks - 1

    def told_result(self, task: Task) -> int:
        """Counts an answer with a result, and returns how many came before it."""
        with self._lock:
            task.result_asks += 1
            return task.result_asks - 1

    def downloading(self, task: Task) -> int:
        """Counts a download, and returns how many came before it."""
        with self._lock:
            task.downloads += 1
            return task.downloads - 1

    def served(self, task: Task, count: int) -> None:
        with self._lock:
            task.bytes_served += count

    def truth(self) -> list[dict[str, Json]]:
        self.settle()
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
                    "settled_at": task.settled_at,
                    "status_asks": task.status_asks,
                    "downloads": task.downloads,
                    "bytes_served": task.bytes_served,
                }
                for task in self.tasks.values()
            ]

"""Brings tasks, balances and files back from the journal at the start, and forgets the old ones."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from .journal import Journal
from .orders import Orders
from .tasks import Task
from .wire import Json


def recall(journal: Journal, files: Path, providers: Mapping[str, Orders]) -> list[Task]:
    """Restores what the journal holds and returns the tasks. Expired ones are folded into the balance."""
    tasks, settled = _read(journal, providers)
    kept: list[Task] = []
    for task in tasks:
        orders = providers[task.provider]
        settled_at = settled.get(task.id)
        last_use = settled_at if settled_at is not None else task.created_at
        if orders.now() > last_use + orders.terms.result_life_seconds:
            orders.spent += task.price if settled_at is not None and not task.fails else Decimal(0)
            continue
        kept.append(task)
    spent = [{"kind": "spent", "provider": name, "amount": str(orders.spent)} for name, orders in providers.items()]
    journal.rewrite(spent + [entry for task in kept for entry in _entries(task, settled)])
    for task in kept:
        providers[task.provider].restore(task, settled.get(task.id))
    _sweep(files, kept)
    return kept


def _read(journal: Journal, providers: Mapping[str, Orders]) -> tuple[list[Task], dict[str, float]]:
    tasks: list[Task] = []
    settled: dict[str, float] = {}
    for entry in journal.read():
        kind = entry.pop("kind", "")
        if kind == "spent":
            providers[entry["provider"]].spent += Decimal(entry["amount"])
        elif kind == "order":
            tasks.append(Task.from_json(entry))
        elif kind == "done":
            settled[entry["id"]] = entry["at"]
    return tasks, settled


def _entries(task: Task, settled: Mapping[str, float]) -> list[dict[str, Json]]:
    order = {"kind": "order", **task.to_json()}
    return [order, {"kind": "done", "id": task.id, "at": settled[task.id]}] if task.id in settled else [order]


def _sweep(files: Path, kept: list[Task]) -> None:
    """Deletes result files and start images that no remembered task needs, and what a crash left half done."""
    clips = [clip for task in kept for clip in task.clips]
    needed = {clip.name for clip in clips} | {clip.background for clip in clips}
    for path in files.iterdir():
        if path.name not in needed:
            path.unlink(missing_ok=True)
